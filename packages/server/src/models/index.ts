/**
 * The model path, as the gateway and `compose.ts` see it. Built here from its pieces and from what others hand in.
 */
import { timeoutDefaults, type ModelsSettings, type SecretFile } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import { OpenClawError, reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import { createRedactor, type Redactor } from '../core/redact.ts';
import type { Database } from '../storage/index.ts';
import type { Allowances } from './allowance.ts';
import { createAdmission } from './admission/index.ts';
import { createAnswerCache } from './cache.ts';
import type { ModelCall, ModelSink } from './call.ts';
import { costNanoUsd, loadCatalogue, vendors, type Catalogue } from './catalogue/index.ts';
import { createModelDirectory, type ModelDirectory } from './directory.ts';
import { discoverLocalServers } from './discovery.ts';
import { showFigures } from './figures.ts';
import { createHttpUpstream } from './http-upstream.ts';
import { createLifecycleRegistry } from './lifecycle.ts';
import { createKeyCare } from './key-care.ts';
import type { Keys, KeyStatus } from './keys.ts';
import { createLatency, type Latency } from './latency.ts';
import type { Operation } from './operation.ts';
import { createOrdering, type Ordering } from './order.ts';
import { createProviders, type FoundKey } from './providers.ts';
import { createRehearsal, rehearsal } from './rehearsal/index.ts';
import type { Usage } from './dialects/events.ts';
import { createResponseStore, type ResponseReader } from './responses/index.ts';
import { createRetryBudget } from './retry-budget.ts';
import { createRouter, type Route, type Router } from './route.ts';
import type { AttemptReport, ModelService, ModelServiceOptions, Routed } from './service.ts';
import type { Provider, Target } from './target.ts';
import { createSightAdministration, type SightAdministration } from './sight/administration.ts';
import { createSight, type Sight } from './sight/index.ts';
import { createStoredTrails } from './sight/stored-trails.ts';
import { createTelemetry } from './telemetry.ts';
import { createTracing, type TraceTarget } from './tracing/index.ts';
import type { Upstream } from './upstream.ts';
import { createUsageLog, type UsageLog } from './usage.ts';

export type { ModelSink } from './call.ts';
export type { ClientDialectName } from './dialects/dialect.ts';
export { encodeErrorBody } from './dialects/error-bodies.ts';
export { providersFromEnvironment } from './catalogue/index.ts';

export type { FoundKey } from './providers.ts';
export type { ModelDirectory } from './directory.ts';
export type { KeyStatus } from './keys.ts';
export type { InputItemsPage, InputItemsQuestion, ResponseReader } from './responses/index.ts';
export type { OfferedModel, Router } from './route.ts';
export { findStored as findStoredTrail } from './sight/administration.ts';
export { createStoredTrails, type StoredTrails } from './sight/stored-trails.ts';
export type { ModelService } from './service.ts';
export type { Provider } from './target.ts';
export { traceTarget } from './tracing/index.ts';
export { createUsageReader, type UsageLog, type UsageReader } from './usage.ts';

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
  let catalogue: Catalogue | undefined;
  const http = createHttpUpstream({ clock });
  const builtIn = createRehearsal({ clock });
  const providers = createProviders({
    ...{ configured: settings.providers, fromEnvironment: options.keysFromEnvironment, timeouts: timeoutDefaults },
    secretFiles: options.secretFiles ?? new Map<string, SecretFile>(),
    ...{ http, rehearsal: builtIn, catalogue: () => catalogue },
    aws: { lookUp: options.lookUp ?? (() => undefined), clock },
  });
  const router = createRouter({ providers: () => providers.list(), routes: settings.routes });
  const keyCare = createKeyCare({ providers, clock, log, onSecret: options.onSecret ?? (() => {}) });
  const { keys } = keyCare;
  const latency = createLatency({ clock });
  const { random } = options;
  const admission = createAdmission({ settings, clock });
  const ordering = createOrdering({
    ...{ keys, random },
    latencyOf: (target) => latency.of(target),
    underWayOf: (target) => admission.underWay(target),
  });
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
    route: (operation, caller) => routeOf(operation, router.resolve(operation.model, caller), ordering),
    cache: settings.cache.enabled ? { answers: createAnswerCache(settings.cache, clock), settings: settings.cache } : undefined,
    costOf,
    onAttempt: (report) => learn(report, keys, latency),
    onFinished(report) {
      const trail = sight.finished(report);
      tracing?.finished(report);
      usage.record(trail === undefined ? report : { ...report, trail }, report.costNanoUsd);
      telemetry.finished(report);
      if (report.outcome.kind === 'failed') logFailure(log, report.call.requestId, report.outcome.error);
    },
  };
  observe(metrics, requests, usage);
  const { retryBudget, cache } = serviceOptions;
  showFigures(metrics, { admission, pools: () => http.figures(), retryBudget, cache: cache?.answers });

  let service: ModelService | undefined;
  let loading: Promise<ModelService> | undefined;
  // Dialects and catalogue are half of the program, and nothing needs them before the first request.
  const load = (): Promise<ModelService> =>
    (loading ??= Promise.all([import('./service.ts'), loadCatalogue()]).then(([{ createModelService }, loaded]) => {
      catalogue = loaded;
      return (service = createModelService(serviceOptions));
    }));

  return {
    service: {
      requests,
      serve: (call: ModelCall, sink: ModelSink) =>
        service ? service.serve(call, sink) : load().then((loaded) => loaded.serve(call, sink)),
    },
    router,
    usage,
    responses,
    sight,
    administration: createSightAdministration({ sight, stored: createStoredTrails(database), admission }),
    directory: createModelDirectory({
      ...{ router, providers: settings.providers, keysStatus: () => keyCare.status() },
      catalogue: () => load().then(() => loadCatalogue()),
    }),
    providers: () => providers.list(),
    keysStatus: () => keyCare.status(),
    async prepare(ownPort, signal) {
      const [, servers] = await Promise.all([load(), discoverLocalServers({ signal, ignorePorts: [ownPort] })]);
      for (const server of servers) {
        providers.addLocal(server);
        log.info('found a model server on this machine', { provider: server.id, baseUrl: server.baseUrl, models: server.models.length });
      }
      if (options.checkKeys ?? true) keyCare.beginChecks(signal);
    },
    async close(reason) {
      requests.cancelAll(reason);
      admission.close(reason);
      await requests.idle();
      sight.close();
      await tracing?.close();
      await keyCare.close();
      await Promise.all([usage.close(), responses.close(), http.close(), builtIn.close()]);
    },
  };
}

/** What can be asked for by the configuration alone, where no gateway runs. Nobody is asked, so no local servers are found. */
export function describeConfigured(options: Pick<ModelPathOptions, 'settings' | 'keysFromEnvironment'>): ModelDirectory {
  const { settings, keysFromEnvironment } = options;
  let catalogue: Catalogue | undefined;
  const nobody: Upstream = { send: () => Promise.reject(new OpenClawError('draining')), close: () => Promise.resolve() };
  const providers = createProviders({
    ...{ configured: settings.providers, fromEnvironment: keysFromEnvironment, timeouts: timeoutDefaults },
    ...{ secretFiles: new Map<string, SecretFile>(), http: nobody, rehearsal: nobody, catalogue: () => catalogue },
  });
  return createModelDirectory({
    router: createRouter({ providers: () => providers.list(), routes: settings.routes }),
    providers: settings.providers,
    keysStatus: undefined,
    catalogue: async () => (catalogue ??= await loadCatalogue()),
  });
}

/** What an attempt tells about its key and its target. */
function learn({ target, error, cancelled, firstOutputMs }: AttemptReport, keys: Keys, latency: Latency): void {
  if (firstOutputMs !== undefined) latency.observe(target, firstOutputMs);
  if (!error) keys.accepted(target);
  else if (!cancelled) keys.report(target, error);
}

function routeOf(operation: Operation, route: Route, ordering: Ordering): Routed {
  const { input, output } = operation.estimate;
  const session = route.strategy === 'sticky' ? operation.session() : undefined;
  const targets = ordering.order(route, { session, inputTokens: input, outputTokens: output });
  return { targets, goesOn: route.afterFirstToken === 'continue' };
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
