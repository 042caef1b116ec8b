/**
 * The model path, as the gateway and `compose/` see it. Built here from its pieces and from what others hand in.
 */
import type { ModelsSettings, SecretFile } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import { type OpenClawError, reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import { createRedactor, type Redactor } from '../core/redact.ts';
import type { Database } from '../storage/index.ts';
import type { Allowances } from './allowance.ts';
import { createAdmission } from './admission/index.ts';
import { createAnswerCache } from './cache.ts';
import type { ModelCall, ModelSink } from './call.ts';
import { costNanoUsd, vendors } from './catalogue/index.ts';
import { showFigures } from './figures.ts';
import { createHttpUpstream } from './http/http-upstream.ts';
import { createLifecycleRegistry } from './lifecycle.ts';
import type { ModelDirectory } from './routing/directory.ts';
import type { KeyStatus } from './keys/keys.ts';
import type { FoundKey } from './providers.ts';
import { createRehearsal, rehearsal } from './rehearsal/index.ts';
import type { Usage } from './dialects/events.ts';
import { createResponseStore, type ResponseReader } from './responses/index.ts';
import { createRetryBudget } from './retry-budget.ts';
import type { Router } from './routing/route.ts';
import { createSelection } from './routing/selection.ts';
import type { RequestReport } from './report.ts';
import type { ModelService, ModelServiceOptions } from './service.ts';
import type { Provider, Target } from './target.ts';
import { createSightAdministration, type SightAdministration } from './sight/administration.ts';
import { createSight, type Sight } from './sight/index.ts';
import { createStoredTrails } from './sight/stored-trails.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';
import { createTracing, type TraceTarget, type Tracing } from './tracing/index.ts';
import { createUsageLog, type UsageLog } from './usage/usage.ts';

export type { ModelSink, OperationName } from './call.ts';
export type { ClientDialectName } from './dialects/dialect.ts';
export { encodeErrorBody } from './dialects/error-bodies.ts';
export { providersFromEnvironment } from './catalogue/index.ts';

export type { FoundKey } from './providers.ts';
export type { ModelDirectory } from './routing/directory.ts';
export type { KeyStatus } from './keys/keys.ts';
export type { InputItemsPage, InputItemsQuestion, ResponseReader } from './responses/index.ts';
export type { OfferedModel, Router } from './routing/route.ts';
export { findStored as findStoredTrail } from './sight/administration.ts';
export { createStoredTrails, type StoredTrails } from './sight/stored-trails.ts';
export { describeConfigured } from './routing/selection.ts';
export type { ModelService } from './service.ts';
export type { Provider } from './target.ts';
export { traceTarget } from './tracing/index.ts';
export { createUsageReader, type UsageLog, type UsageReader } from './usage/usage.ts';

/** Names of providers that need no `baseUrl` in the configuration. */
export const knownProviders: readonly string[] = [...vendors.map(({ id }) => id), rehearsal.provider];

export interface ModelPathOptions {
  readonly settings: ModelsSettings;
  readonly nestingDepthLimit: number;
  readonly keysFromEnvironment: readonly FoundKey[];
  /** The value of an environment variable: where AWS's credentials and region are. @default none is set */
  readonly lookUp?: (name: string) => string | undefined;
  /** Where the secret of a setting lies, by its path: what lies there later is used from then on. @default nowhere */
  readonly secretFiles?: ReadonlyMap<string, SecretFile>;
  /** Told of each key that was rotated, so that no log shows it. */
  readonly onSecret?: (secret: string) => void;
  /** Ask each provider after the start whether its keys are good. @default true */
  readonly checkKeys?: boolean;
  readonly database: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** What callers may still use. @default any amount */
  readonly allowances?: Allowances;
  /** Takes secrets out of the trails of requests. @default one that knows no secret */
  readonly redactor?: Redactor;
  /** Where traces are sent. @default nowhere */
  readonly traces?: TraceTarget | undefined;
}

export interface ModelPath {
  readonly service: ModelService;
  readonly router: Router;
  readonly usage: UsageLog;
  /** Responses that were kept. */
  readonly responses: ResponseReader;
  readonly sight: Sight;
  /** What operators may ask of targets and requests. */
  readonly administration: SightAdministration;
  /** What can be asked for, for operators. */
  readonly directory: ModelDirectory;
  providers(): readonly Provider[];
  /** How each key of each provider stands. */
  keysStatus(): KeyStatus[];
  /**
   * Looks for model servers on this machine, loads the dialects and the catalogue; both may take longer than a start should.
   * Requests that come earlier wait for the latter, which takes milliseconds.
   * @param ownPort the gateway's own, so that it does not take itself for a model server
   */
  prepare(ownPort: number, signal: AbortSignal): Promise<void>;
  /** Cancels what is under way, writes what is known of it, and closes every connection. */
  close(reason: OpenClawError): Promise<void>;
}

const unlimited: Allowances = { reserve: () => undefined, hasBudget: () => false };

/** @throws OpenClawError `config_invalid` for a provider that cannot be asked as it is configured */
export function createModelPath(options: ModelPathOptions): ModelPath {
  const { clock, database, log, metrics, settings } = options;
  const http = createHttpUpstream({ clock });
  const builtIn = createRehearsal({ clock });
  const admission = createAdmission({ settings, clock });
  const selection = createSelection({ ...options, http, rehearsal: builtIn, underWayOf: (target) => admission.underWay(target) });
  const allowances = options.allowances ?? unlimited;
  const usage = createUsageLog({ database, clock, log, hasBudget: (callerId) => allowances.hasBudget(callerId) });
  const responses = createResponseStore({ database, clock, log });
  const telemetry = createTelemetry(metrics);
  const sight = createSight({ clock, log, metrics, redactor: options.redactor ?? createRedactor() });
  const tracing = options.traces && createTracing({ clock, log, ...options.traces });
  const costOf = (target: Target, used: Usage): number | undefined => costNanoUsd(target.known?.price, used);

  const requests = createLifecycleRegistry(clock);
  const serviceOptions: ModelServiceOptions = {
    requests,
    clock,
    random: options.random,
    retry: settings.retry,
    retryBudget: createRetryBudget({ percent: settings.retry.budgetPercent, clock }),
    admission,
    allowances,
    hedging: { enabled: settings.hedge.enabled, delayMs: (target) => sight.statistics.p95FirstOutputMs(target) },
    nestingDepthLimit: options.nestingDepthLimit,
    stored: responses,
    route: (operation, caller) => selection.route(operation, caller),
    cache: settings.cache.enabled ? { answers: createAnswerCache(settings.cache, clock), settings: settings.cache } : undefined,
    costOf,
    onAttempt: (report, stream) => selection.learn(report, stream),
    onFinished: (report) => take(report, { sight, tracing, usage, telemetry, log }),
  };
  observe(metrics, requests, usage);
  const { retryBudget, cache } = serviceOptions;
  showFigures(metrics, { admission, pools: () => http.figures(), retryBudget, cache: cache?.answers });

  const service = createLateService(serviceOptions, () => selection.loadCatalogue());

  return {
    service,
    router: selection.router,
    usage,
    responses,
    sight,
    administration: createSightAdministration({ sight, stored: createStoredTrails(database), settle: () => usage.flush(), admission }),
    directory: selection.directory,
    providers: () => selection.providers(),
    keysStatus: () => selection.keysStatus(),
    async prepare(ownPort, signal) {
      await Promise.all([service.load(), selection.prepare(ownPort, signal)]);
    },
    async close(reason) {
      requests.cancelAll(reason);
      admission.close(reason);
      await requests.idle();
      sight.close();
      await tracing?.close();
      await selection.close();
      await Promise.all([usage.close(), responses.close(), http.close(), builtIn.close()]);
    },
  };
}

interface LateService extends ModelService {
  load(): Promise<ModelService>;
}

/** Dialects and catalogue are half of the program, and nothing needs them before the first request. */
function createLateService(options: ModelServiceOptions, loadCatalogue: () => Promise<unknown>): LateService {
  let service: ModelService | undefined;
  let loading: Promise<ModelService> | undefined;
  const load = (): Promise<ModelService> =>
    (loading ??= Promise.all([import('./service.ts'), loadCatalogue()]).then(
      ([{ createModelService }]) => (service = createModelService(options)),
    ));
  return {
    requests: options.requests,
    load,
    serve: (call: ModelCall, sink: ModelSink) => (service ? service.serve(call, sink) : load().then((loaded) => loaded.serve(call, sink))),
  };
}

interface Takers {
  readonly sight: Sight;
  readonly tracing: Tracing | undefined;
  readonly usage: UsageLog;
  readonly telemetry: Telemetry;
  readonly log: Log;
}

/** What is known of a request when it is over goes to everybody who keeps a part of it. */
function take(report: RequestReport, { sight, tracing, usage, telemetry, log }: Takers): void {
  const trail = sight.finished(report);
  tracing?.finished(report);
  usage.record(trail === undefined ? report : { ...report, trail }, report.costNanoUsd);
  telemetry.finished(report);
  if (report.outcome.kind === 'failed') logFailure(log, report.call.requestId, report.outcome.error);
}

function observe(metrics: Metrics, requests: ModelService['requests'], usage: UsageLog): void {
  const gauge = (name: string, help: string, read: () => number): void => metrics.callback({ name, help, type: 'gauge', read });
  gauge('openclaw_model_requests_in_flight', 'Model requests under way.', () => requests.inFlight);
  gauge('openclaw_usage_rows_waiting', 'Usage rows not yet written.', () => usage.waiting);
  metrics.callback({
    name: 'openclaw_usage_rows_dropped_total',
    help: 'Usage rows given up because the database took none for too long.',
    type: 'counter',
    read: () => usage.dropped,
  });
}

function logFailure(log: Log, requestId: string, error: OpenClawError): void {
  const fields = { requestId, code: error.code, status: error.status, reason: reasonOf(error) };
  if (error.code === 'internal_error') log.error('model request failed', { ...fields, error });
  else log.debug('model request failed', fields);
}
