/**
 * The only file that knows every part: builds them in order, hands them to each other, and takes them down in reverse.
 *
 * It decides nothing about requests; what it does decide is when the gateway is ready and how it stops.
 */
import type { IncomingMessage } from 'node:http';
import { usageDimensions, type UsageDimension } from '@openclaw/protocol';
import { createAllowances, createAuthenticator, createVirtualKeys, type VirtualKeys } from './access/index.ts';
import { ensureGatewayToken, gatewayTokenFile, isLoopback, type Configuration } from './config/index.ts';
import { systemClock, type Clock } from './core/clock.ts';
import { OpenClawError } from './core/errors.ts';
import { createIds } from './core/ids.ts';
import type { Log, RootLog } from './core/log.ts';
import type { Metrics } from './core/metrics.ts';
import { createEventLoopDelay, registerProcessMetrics, type EventLoopDelay } from './core/process-metrics.ts';
import type { Redactor } from './core/redact.ts';
import { createGateway, createHealth, listen, startingHandler, type Health, type Listener, type RequestHandler } from './gateway/index.ts';
import {
  createModelPath,
  describeConfigured,
  createStoredTrails,
  createUsageReader,
  providersFromEnvironment,
  traceTarget,
  type FoundKey,
  type ModelDirectory,
  type ModelPath,
  type StoredTrails,
  type UsageReader,
} from './models/index.ts';
import { openState, readStateOwner, type State, type StorageThread } from './storage/index.ts';
import { version } from './version.ts';

export interface StartOptions {
  readonly configuration: Configuration;
  readonly log: RootLog;
  /** Learns of every secret that is found or made while starting. */
  readonly redactor: Redactor;
  readonly metrics: Metrics;
  readonly clock?: Clock;
  /** One that boots already. @default a new one */
  readonly storageThread?: StorageThread;
  /** Stops the start: a wait for the state lock ends with it. */
  readonly signal?: AbortSignal;
  /** Ask providers after the start whether their keys are good. @default true */
  readonly checkKeys?: boolean;
  /** How long to wait for a process that holds the state directory; alive and unready meanwhile. @default 60_000 */
  readonly lockWaitMs?: number;
}

export interface RunningGateway {
  readonly url: string;
  readonly models: ModelPath;
  /** Paths and their methods. */
  readonly endpoints: Readonly<Record<string, readonly string[]>>;
  readonly configuration: Configuration;
  /** File of the token that the first start, this one or an earlier one, made; `undefined` where the operator's own or none holds. */
  readonly tokenFile: string | undefined;
  /** Resolves once local model servers have been looked for. */
  readonly prepared: Promise<void>;
  /** Drains and takes everything down; safe to call twice. */
  stop(): Promise<void>;
}

/** Longer than a draining predecessor takes, shorter than an operator's patience. */
const lockWaitDefaultMs = 60_000;
const portsHost: Readonly<Record<string, string>> = { loopback: '127.0.0.1', lan: '0.0.0.0' };

/**
 * Starts the gateway. It listens before the state is open, so that it is alive while a predecessor still holds the state.
 * @throws OpenClawError for everything that keeps it from starting; nothing is left running then
 */
export async function startGateway(options: StartOptions): Promise<RunningGateway> {
  const { configuration, log, redactor, metrics } = options;
  const clock = options.clock ?? systemClock;
  const { gateway: settings } = configuration.settings;
  const host = settings.bind === 'custom' ? (settings.customBindHost ?? '') : (portsHost[settings.bind] ?? '');
  let handler: RequestHandler = startingHandler(() => 'the state directory is being opened');
  const listener = await listen({ host, port: settings.port }, settings.limits, (request, response) => handler(request, response)).catch(
    async (thrown: unknown) => {
      throw await namePortHolder(thrown, configuration.stateDirectory);
    },
  );
  const shutdown = new AbortController();
  let state: State | undefined;
  try {
    state = await openState(configuration.stateDirectory, {
      clock,
      log: log.child({ component: 'storage' }),
      waitMs: options.lockWaitMs ?? lockWaitDefaultMs,
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.storageThread ? { thread: options.storageThread } : {}),
    });
    const url = urlOf(host, listener.port);
    await state.lock.setAddress(url);
    const parts = await buildParts({
      ...{ configuration, log, redactor, metrics, clock, state },
      ...{ loopbackOnly: isLoopback(listener.host), checkKeys: options.checkKeys ?? true },
    });
    handler = parts.gateway.handler;
    const prepared = parts.models.prepare(listener.port, shutdown.signal);
    return {
      url,
      models: parts.models,
      endpoints: parts.gateway.endpoints,
      configuration,
      tokenFile: parts.tokenFile,
      prepared,
      stop: once(() => stop({ ...parts, listener, shutdown, prepared, drainTimeoutMs: settings.drainTimeoutMs, log, clock })),
    };
  } catch (thrown) {
    await listener.close();
    await state?.close();
    throw thrown;
  }
}

/** The most common holder of the port is the gateway that already runs on the same state. */
async function namePortHolder(thrown: unknown, stateDirectory: string): Promise<unknown> {
  if (!(thrown instanceof OpenClawError) || thrown.code !== 'port_in_use') return thrown;
  const owner = await readStateOwner(stateDirectory);
  const { port } = thrown.details;
  if (owner?.address === undefined || new URL(owner.address).port !== String(port)) return thrown;
  return new OpenClawError('port_in_use', {
    details: { ...thrown.details, holder: ` by the gateway that runs already (pid ${owner.pid})` },
    cause: thrown,
  });
}

interface PartsOptions {
  readonly configuration: Configuration;
  readonly log: RootLog;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly state: State;
  readonly loopbackOnly: boolean;
  readonly checkKeys: boolean;
}

interface Parts {
  readonly state: State;
  readonly keys: VirtualKeys;
  readonly eventLoopDelay: EventLoopDelay;
  readonly models: ModelPath;
  readonly gateway: ReturnType<typeof createGateway>;
  readonly tokenFile: string | undefined;
}

async function buildParts({ configuration, log, redactor, metrics, clock, state, loopbackOnly, checkKeys }: PartsOptions): Promise<Parts> {
  const { settings } = configuration;
  const { auth, limits } = settings.gateway;
  const ids = createIds({ clock });
  const allowances = createAllowances({ clock, spending: (question) => models.usage.spending(question) });
  const keys = await createVirtualKeys({ database: state.database, clock, ids, allowances, log: log.child({ component: 'access' }) });
  const token = auth.mode === 'token' && auth.token === undefined ? ensureGatewayToken(configuration.stateDirectory) : undefined;
  if (token) redactor.add(token.token);
  const authenticator = createAuthenticator({
    mode: auth.mode,
    secret: token?.token ?? (auth.mode === 'password' ? auth.password : auth.token),
    keys,
    clock,
  });
  const keysFromEnvironment = findProviderKeys(configuration);
  redactor.add(...keysFromEnvironment.map(({ key }) => key));
  const models = createModelPath({
    settings: settings.models,
    nestingDepthLimit: limits.nestingDepth,
    keysFromEnvironment,
    lookUp: (name) => configuration.environment.lookup(name)?.value,
    secretFiles: configuration.secretFiles,
    onSecret: (secret) => redactor.add(secret),
    checkKeys,
    database: state.database,
    allowances,
    clock,
    random: Math.random,
    log: log.child({ component: 'models' }),
    metrics,
    redactor,
    traces: traceTarget(settings.telemetry.traces, (name) => configuration.environment.lookup(name)?.value),
  });
  const eventLoopDelay = createEventLoopDelay(clock);
  registerProcessMetrics(metrics, { clock, eventLoopDelay });
  const gateway = createGateway({
    version,
    limits,
    authenticate: (request: IncomingMessage) => authenticator.authenticate(request.headers, request.socket.remoteAddress ?? ''),
    open: auth.mode === 'none',
    loopbackOnly,
    service: models.service,
    responses: models.responses,
    router: models.router,
    admin: administration({ keys, models, log }),
    sight: models.administration,
    health: examine(state, models, clock),
    metrics,
    log: log.child({ component: 'gateway' }),
    ids,
    clock,
  });
  models.sight.watchConnections(gateway.connections);
  return { state, keys, models, gateway, eventLoopDelay, tokenFile: token?.file ?? earlierTokenFile(configuration) };
}

/** The token of an earlier start comes with the configuration, as if an operator had written it. */
function earlierTokenFile({ settings, origins, stateDirectory }: Configuration): string | undefined {
  const file = gatewayTokenFile(stateDirectory);
  return settings.gateway.auth.mode === 'token' && origins.get('gateway.auth.token')?.where === file ? file : undefined;
}

/** Vendors whose key lies in the environment or in a `.env` file. */
function findProviderKeys({ environment }: Configuration): FoundKey[] {
  return providersFromEnvironment((name) => environment.lookup(name)?.value).flatMap(({ vendor, keyVariable }) => {
    const found = environment.lookup(keyVariable);
    if (!found) return [];
    const { value, source, file, fileVariable } = found;
    const lies = file === undefined ? {} : { file: { file, ...(fileVariable === undefined ? {} : { fileVariable }) } };
    return [{ vendor, key: value.trim(), source, ...lies }];
  });
}

interface AdministrationOptions {
  readonly keys: VirtualKeys;
  readonly models: ModelPath;
  readonly log: RootLog;
}

function administration({ keys, models, log }: AdministrationOptions): Parameters<typeof createGateway>[0]['admin'] {
  return {
    listKeys: () => keys.list(),
    createKey: (wanted) => keys.create(wanted),
    getKey: (id) => keys.get(id),
    updateKey: (id, wanted) => keys.update(id, wanted),
    revokeKey: (id) => keys.revoke(id),
    usage: ({ sinceMs, by }) => models.usage.totals({ sinceMs, by: dimensionOf(by) }),
    setLogLevel: (level) => log.setLevel(level),
    listModels: () => models.directory.list(),
    showModel: (name) => models.directory.show(name),
  };
}

function dimensionOf(name: string): UsageDimension {
  const dimension = usageDimensions.find((known) => known === name);
  if (dimension) return dimension;
  throw new OpenClawError('invalid_request', {
    details: { path: 'by', reason: `must be one of ${usageDimensions.join(', ')}` },
    param: 'by',
  });
}

/** Below this, the next hour of logs and journal may not fit. */
const lowDiskBytes = 256 * 1024 * 1024;

function examine(state: State, models: ModelPath, clock: Clock): Health {
  return createHealth(
    {
      state: async () => {
        const { writable, reason } = await state.database.check();
        return writable ? { state: 'ok' } : { state: 'failed', ...(reason === undefined ? {} : { detail: reason }) };
      },
      disk: async () => {
        const freeBytes = await state.freeBytes();
        if (freeBytes > lowDiskBytes) return { state: 'ok' };
        return { state: 'degraded', detail: `${Math.floor(freeBytes / 2 ** 20)} MiB are free on the volume of the state directory` };
      },
      providers: () => {
        if (models.providers().length <= 1) return { state: 'degraded', detail: 'no provider is configured; only the rehearsal answers' };
        const troubled = models.keysStatus().filter(({ state }) => state !== 'ok');
        if (troubled.length === 0) return { state: 'ok' };
        const words = troubled.map(({ provider, key, state, reason }) => `${provider} (key ${key}): ${state}, ${reason ?? ''}`);
        return { state: 'degraded', detail: words.join('; ') };
      },
    },
    clock,
  );
}

interface StopOptions extends Parts {
  readonly listener: Listener;
  readonly shutdown: AbortController;
  readonly prepared: Promise<void>;
  readonly drainTimeoutMs: number;
  readonly log: Log;
  readonly clock: Clock;
}

/** Unready, no new work, time for what streams, then the end of everything in the reverse order of its beginning. */
async function stop(options: StopOptions): Promise<void> {
  const { gateway, models, listener, state, log, clock, drainTimeoutMs } = options;
  gateway.drain();
  const answered = listener.stopAccepting();
  options.shutdown.abort();
  const inFlight = models.service.requests.inFlight;
  if (inFlight > 0) log.info('waiting for running requests', { inFlight, drainTimeoutMs });
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(drainTimeoutMs, resolve);
  await Promise.race([Promise.all([answered, models.service.requests.idle()]), late]);
  timer.cancel();
  await options.prepared.catch(() => {});
  models.service.requests.cancelAll(new OpenClawError('draining', { retryAfterMs: 1000 }));
  await models.service.requests.idle();
  // Before the parts behind it: a request whose body arrives only now would otherwise meet closed ones.
  await listener.close();
  try {
    await models.close(new OpenClawError('draining'));
  } finally {
    // What could not be written is said by who throws; the state is given up all the same.
    options.keys.close();
    options.eventLoopDelay.stop();
    await state.close();
  }
  log.info('stopped');
}

function urlOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  return `http://${reachable}:${port}`;
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= action());
}

/** What can be asked for by the configuration alone, for the command line where no gateway runs. */
export function describeModels(configuration: Configuration): ModelDirectory {
  return describeConfigured({ settings: configuration.settings.models, keysFromEnvironment: findProviderKeys(configuration) });
}

/** What the command line needs of the state when no gateway runs; the lock is held until `close`. */
export interface OpenedState {
  readonly keys: VirtualKeys;
  readonly usage: UsageReader;
  readonly trails: StoredTrails;
  close(): Promise<void>;
}

/** @throws OpenClawError `state_locked` if a gateway holds the state after all, and whatever keeps the state from opening */
export async function openStateForCommand(stateDirectory: string, log: Log): Promise<OpenedState> {
  const clock = systemClock;
  const state = await openState(stateDirectory, { clock, log, waitMs: 0 });
  const usage = createUsageReader(state.database);
  const allowances = createAllowances({ clock, spending: (question) => usage.spending(question) });
  const keys = await createVirtualKeys({ database: state.database, clock, ids: createIds({ clock }), allowances });
  return {
    keys,
    usage,
    trails: createStoredTrails(state.database),
    async close() {
      keys.close();
      await state.close();
    },
  };
}
