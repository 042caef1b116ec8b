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
import { costNanoUsd } from './catalogue/index.ts';
import { showFigures } from './figures.ts';
import { createHttpUpstream, type HttpUpstream } from './http/http-upstream.ts';
import { createLateService } from './late-service.ts';
import { createLifecycleRegistry } from './lifecycle.ts';
import type { ModelDirectory } from './routing/directory.ts';
import type { KeyStatus } from './keys/keys.ts';
import type { FoundKey } from './providers.ts';
import { rehearsal } from './rehearsal/identity.ts';
import { createRehearsal } from './rehearsal/index.ts';
import { createResponseStore, type ResponseReader } from './responses/index.ts';
import { createPlan, type Plan } from './plan.ts';
import type { Router } from './routing/route.ts';
import { createSelection } from './routing/selection.ts';
import type { RequestReport } from './report.ts';
import type { ModelService, ModelServiceOptions } from './service.ts';
import type { Provider } from './target.ts';
import { createSightAdministration, type SightAdministration } from './sight/administration.ts';
import { createSight, type Sight } from './sight/index.ts';
import { createStoredTrails } from './sight/stored-trails.ts';
import { createTelemetry } from './telemetry.ts';
import { createTracing, type TraceTarget } from './tracing/index.ts';
import { createUsageLog, type UsageLog } from './usage/usage.ts';

export type { ModelSink, OperationName, Taken } from './call.ts';
export type { ClientDialectName } from './dialects/dialect.ts';
export { encodeErrorBody } from './dialects/error-bodies.ts';
export { knownProviders, providersFromEnvironment } from './known-providers.ts';

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

/** What may change while the model path runs. */
export interface ModelPathSettings {
  readonly settings: ModelsSettings;
  /** How deep the JSON of a request may be nested. */
  readonly nestingDepthLimit: number;
  readonly keysFromEnvironment: readonly FoundKey[];
  /** The value of an environment variable: where AWS's credentials and region are. @default none is set */
  readonly lookUp?: (name: string) => string | undefined;
  /** Where the secret of a setting lies, by its path: what lies there later is used from then on. @default nowhere */
  readonly secretFiles?: ReadonlyMap<string, SecretFile>;
}

/** Absent members stay as they are, but for keys and where they come from, which belong to the settings. */
export type ModelPathChange = Omit<ModelPathSettings, 'nestingDepthLimit'> & Partial<Pick<ModelPathSettings, 'nestingDepthLimit'>>;

export interface ModelPathOptions extends ModelPathSettings {
  /** Told of each key that was rotated, so that no log shows it. */
  readonly onSecret?: (secret: string) => void;
  /** How long a stored response is kept. Asked each time. @default 30 days */
  readonly keepResponsesMs?: () => number;
  /** Ask each provider after the start, and when it gets another key, whether its keys are good. @default true */
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
  /** Asked before a request is taken: why it is not, with a moment to wait for (`memory_pressure`). @default every one is taken */
  readonly admitWork?: () => OpenClawError | undefined;
  /** Connections to providers. @default pools of its own */
  readonly http?: HttpUpstream;
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
   * Looks for model servers on this machine, and loads the dialects and the catalogue where there is a provider to ask; both may take
   * longer than a start should. Requests that come earlier wait for the latter, which takes milliseconds.
   * @param ownPort the gateway's own, so that it does not take itself for a model server
   */
  prepare(ownPort: number, signal: AbortSignal): Promise<void>;
  /**
   * Requests that come after it follow these settings; those under way end with what held when they came. What was learnt of targets
   * stays as long as their provider is asked at the same address with the same key; requests that wait for a target that is gone go
   * where the new settings lead. Settings are taken as a whole or not at all.
   * @throws OpenClawError (rejects with) `config_invalid` for a provider that cannot be asked as it is configured: nothing has changed then;
   * once it is closed, the reason why
   */
  reconfigure(change: ModelPathChange): Promise<void>;
  /** Memory is short: lets go of kept answers, of trails that can be read from their rows, and of connections that nobody uses. */
  shedCaches(): void;
  /** Cancels what is under way, writes what is known of it, and closes every connection. */
  close(reason: OpenClawError): Promise<void>;
}

const unlimited: Allowances = { reserve: () => undefined, hasBudget: () => false };

/** @throws OpenClawError `config_invalid` for a provider that cannot be asked as it is configured */
export function createModelPath(options: ModelPathOptions): ModelPath {
  const { clock, database, metrics } = options;
  const parts = createParts(options);
  const { admission, http, requests, responses, selection, sight, usage } = parts;
  let plan = createPlan(options);
  let closed: OpenClawError | undefined;
  const service = createLateService(serviceOptions(plan, options, parts), () => selection.loadCatalogue());
  observe(metrics, requests, usage);
  showFigures(metrics, {
    ...{ admission, pools: () => http.figures() },
    ...{ retryBudget: () => plan.retryBudget.figures, cache: () => plan.cache?.answers.figures },
  });

  /** A gateway that has nobody to ask yet, but for the rehearsal, does without: half of the program. */
  const load = async (): Promise<void> => {
    if (selection.providers().some(({ id }) => id !== rehearsal.provider)) await service.load();
  };

  function reconfigure(change: ModelPathChange): void {
    if (closed) throw closed;
    // The only one that may refuse. From here to the end nobody else has a turn, so no request sees half of it.
    selection.reconfigure(change);
    plan = createPlan({ nestingDepthLimit: plan.nestingDepthLimit, ...change, clock }, plan);
    const providers = selection.providers();
    admission.reconfigure(change.settings, providers);
    http.retain(providers);
    service.reconfigure(serviceOptions(plan, options, parts));
  }

  return {
    ...{ service, usage, responses, sight, router: selection.router, directory: selection.directory },
    administration: createSightAdministration({ sight, stored: createStoredTrails(database), settle: () => usage.flush(), admission }),
    providers: () => selection.providers(),
    keysStatus: () => selection.keysStatus(),
    async prepare(ownPort, signal) {
      await Promise.all([load(), selection.prepare(ownPort, signal)]);
      // Some may have been found.
      await load();
    },
    reconfigure: (change) => Promise.resolve(change).then(reconfigure).then(load),
    shedCaches() {
      plan.cache?.answers.clear();
      sight.shed();
      http.shed();
    },
    async close(reason) {
      closed = reason;
      requests.cancelAll(reason);
      admission.close(reason);
      await requests.idle();
      sight.close();
      await parts.tracing?.close();
      await selection.close();
      await Promise.all([usage.close(), responses.close(), http.close(), parts.rehearsal.close()]);
    },
  };
}

/** What lives as long as the model path, whatever its settings. */
type Parts = ReturnType<typeof createParts>;

function createParts(options: ModelPathOptions) {
  const { clock, database, log, metrics, allowances = unlimited, http = createHttpUpstream({ clock }) } = options;
  const builtIn = createRehearsal({ clock });
  const admission = createAdmission({ settings: options.settings, clock });
  return {
    ...{ http, admission, allowances, rehearsal: builtIn },
    selection: createSelection({ ...options, http, rehearsal: builtIn, underWayOf: (target) => admission.underWay(target) }),
    usage: createUsageLog({ database, clock, log, hasBudget: (callerId) => allowances.hasBudget(callerId) }),
    responses: createResponseStore({ database, clock, log, ...(options.keepResponsesMs && { keepMs: options.keepResponsesMs }) }),
    telemetry: createTelemetry(metrics),
    sight: createSight({ clock, log, metrics, redactor: options.redactor ?? createRedactor() }),
    tracing: options.traces && createTracing({ clock, log, ...options.traces }),
    requests: createLifecycleRegistry(clock),
  };
}

/** How requests are served from now on. */
function serviceOptions(plan: Plan, { clock, random, log, admitWork }: ModelPathOptions, parts: Parts): ModelServiceOptions {
  const { admission, allowances, requests, selection, sight } = parts;
  const { settings, nestingDepthLimit, retryBudget, cache } = plan;
  return {
    ...{ clock, random, requests, admission, allowances, stored: parts.responses, admitWork },
    ...{ nestingDepthLimit, retryBudget, cache, retry: settings.retry },
    hedging: { enabled: settings.hedge.enabled, delayMs: (target) => sight.statistics.p95FirstOutputMs(target) },
    route: (operation, caller) => selection.route(operation, caller),
    costOf: (target, used) => costNanoUsd(target.known?.price, used),
    onAttempt: (report, stream) => selection.learn(report, stream),
    onFinished: (report) => take(report, log, parts),
  };
}

/** What is known of a request when it is over goes to everybody who keeps a part of it. */
function take(report: RequestReport, log: Log, { sight, tracing, usage, telemetry }: Parts): void {
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
