/**
 * Starts and stops a gateway: it listens, opens the state, has the parts built, and takes everything down in reverse.
 *
 * It decides nothing about requests; what it does decide is when the gateway is ready and how it stops.
 */
import { isLoopback, type Configuration } from '../config/index.ts';
import { systemClock, type Clock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import type { Log, RootLog } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Redactor } from '../core/redact.ts';
import { listen, startingHandler, type Listener, type RequestHandler } from '../gateway/index.ts';
import type { ModelPath } from '../models/index.ts';
import { openState, readStateOwner, type State, type StorageThread } from '../storage/index.ts';
import { buildParts, type Parts } from './parts.ts';

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
  const request: RequestHandler = (raw, response) => handler(raw, response);
  const listener = await listen({ host, port: settings.port, limits: settings.limits }, { request }).catch(async (thrown: unknown) => {
    throw await namePortHolder(thrown, configuration.stateDirectory);
  });
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
