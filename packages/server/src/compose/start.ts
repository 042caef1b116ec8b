/**
 * Starts and stops a gateway: it listens, opens the state, has the parts built, follows the configuration, and takes everything down in
 * reverse.
 *
 * It decides nothing about requests; what it does decide is when the gateway is ready and how it stops.
 */
import { dirname, join, resolve } from 'node:path';
import type { Configuration, ConfigurationKeeper } from '../config/index.ts';
import { systemClock, type Clock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import type { RootLog } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Redactor } from '../core/redact.ts';
import { readTls, startingHandler, type ControlPlane, type RequestHandler, type TlsSettings } from '../gateway/index.ts';
import type { ModelPath } from '../models/index.ts';
import { openState, readStateOwner, type State, type StorageThread } from '../storage/index.ts';
import { applyChange } from './apply.ts';
import { buildControlPlane } from './control.ts';
import { openFront, type Front, type FrontOptions } from './front.ts';
import { createHolding, tokenFileOf, type Holding } from './in-force.ts';
import { warnOfUnknownModels } from './model-windows.ts';
import { buildParts, type Parts } from './parts.ts';

export interface StartOptions {
  /** The gateway follows it until it stops; whoever made it closes it. */
  readonly keeper: ConfigurationKeeper;
  /** What holds in rescue mode, while the keeper has nothing: this machine alone, and the operator's credential. */
  readonly rescue: Configuration;
  readonly log: RootLog;
  /** Learns of every secret that is found or made. */
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
  /**
   * For a copy that is only looked at: nothing that was under way goes on, and nothing asks anybody outside. No runs, schedules, channels,
   * servers of tools, workloads or backups; no search for model servers. @default false
   */
  readonly held?: boolean;
}

export interface RunningGateway {
  readonly url: string;
  readonly models: ModelPath;
  /** Paths and their methods. */
  readonly endpoints: Readonly<Record<string, readonly string[]>>;
  /** What holds now. */
  readonly configuration: Configuration;
  /** File of the token that the first start, this one or an earlier one, made; `undefined` where the operator's own or none holds. */
  readonly tokenFile: string | undefined;
  /** Of its certificate, as browsers show it; undefined where HTTP is spoken. */
  readonly fingerprint: string | undefined;
  /** Resolves once local model servers have been looked for. */
  readonly prepared: Promise<void>;
  /** Drains and takes everything down; safe to call twice. */
  stop(): Promise<void>;
}

/** Longer than a draining predecessor takes, shorter than an operator's patience. */
const lockWaitDefaultMs = 60_000;
/** A certificate that was replaced is served within this time. */
const certificateLookMs = 60_000;

/**
 * Starts the gateway. It listens before the state is open, so that it is alive while a predecessor still holds the state.
 * @throws OpenClawError for everything that keeps it from starting; nothing is left running then
 */
export async function startGateway(options: StartOptions): Promise<RunningGateway> {
  const { keeper, rescue, log, metrics } = options;
  const clock = options.clock ?? systemClock;
  let handler: RequestHandler = startingHandler(() => 'the state directory is being opened');
  let parts: Parts | undefined;
  const holding = createHolding({ keeper, configuration: keeper.current ?? rescue, loopbackOnly: () => front.loopbackOnly });
  const control = buildControlPlane({ parts: () => parts, inForce: holding.inForce, clock, log, metrics });
  const handlers = { request: ((request, response) => handler(request, response)) as RequestHandler, upgrade: control.upgrade };
  const front = await openFrontFor(holding.configuration(), { handlers, log, clock });
  let state: State | undefined;
  try {
    state = await openState(rescue.stateDirectory, stateOptions(options, clock));
    await state.lock.setAddress(front.url);
    parts = await buildParts({
      ...{ keeper, log, metrics, clock, state, control },
      ...{ inForce: holding.inForce, redactor: options.redactor, checkKeys: options.held !== true && (options.checkKeys ?? true) },
    });
    handler = parts.gateway.handler;
    return run({ parts, front, control, holding, held: options.held ?? false });
  } catch (thrown) {
    await control.close();
    await front.close();
    await state?.close();
    throw thrown;
  }
}

interface Built {
  readonly parts: Parts;
  readonly front: Front;
  readonly control: ControlPlane;
  readonly holding: Holding;
  readonly held: boolean;
}

function run(built: Built): RunningGateway {
  const { parts, front, holding } = built;
  if (!built.held) parts.backups.start();
  const shutdown = new AbortController();
  const prepared = prepare(built, shutdown.signal);
  const unfollow = follow(built);
  return {
    get url() {
      return front.url;
    },
    get configuration() {
      return holding.configuration();
    },
    get fingerprint() {
      return front.fingerprint;
    },
    get tokenFile() {
      return tokenFileOf(holding.configuration());
    },
    models: parts.models,
    endpoints: parts.gateway.endpoints,
    prepared,
    stop: once(async () => {
      unfollow();
      shutdown.abort();
      await stop(built, prepared);
    }),
  };
}

/** Runs of the last process go on once models are known: how much of a conversation fits depends on them. */
async function prepare(built: Built, signal: AbortSignal): Promise<void> {
  const { parts, front, holding, held } = built;
  if (held) return;
  // What runs already waits for nobody.
  const workloads = parts.workloads.start();
  try {
    await parts.models.prepare(front.port, signal);
  } finally {
    if (!signal.aborted) {
      warnOfUnknownModels(holding.configuration().settings.agents, { router: parts.models.router, log: parts.log });
      parts.controlSide.runs.tellOfPrices();
      configureServers(built);
      await parts.controlSide.runs.start();
      await parts.channels.start();
      parts.volumes.start();
      parts.retention.start();
    }
    await workloads;
  }
}

/** Beside everything else: a server may take as long as it likes to start, and costs only its own tools. */
function configureServers({ parts, holding }: Pick<Built, 'parts' | 'holding'>): void {
  const { mcp } = holding.configuration().settings;
  parts.controlSide.runs.configure(mcp).catch((error: unknown) => parts.log.warn('servers of tools could not be started', { error }));
}

/** @throws OpenClawError `port_in_use`, `bind_failed`, `tls_invalid` */
async function openFrontFor(configuration: Configuration, { handlers, log, clock }: OpenFrontOptions): Promise<Front> {
  const directory = join(configuration.stateDirectory, 'credentials');
  const tlsOf: FrontOptions['tlsOf'] = ({ tls }) => readTls(besideFile(tls, configuration.file), { directory, clock });
  try {
    return await openFront({ settings: configuration.settings.gateway, handlers, tlsOf, log });
  } catch (thrown) {
    throw await namePortHolder(thrown, configuration.stateDirectory);
  }
}

/** Paths in the configuration begin where it lies. */
function besideFile(tls: TlsSettings, file: string): TlsSettings {
  const whole = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(dirname(file), path));
  return { ...tls, certFile: whole(tls.certFile), keyFile: whole(tls.keyFile) };
}

interface OpenFrontOptions extends Pick<FrontOptions, 'handlers' | 'log'> {
  readonly clock: Clock;
}

function stateOptions({ log, lockWaitMs, signal, storageThread }: StartOptions, clock: Clock): Parameters<typeof openState>[1] {
  return {
    clock,
    log: log.child({ component: 'storage' }),
    waitMs: lockWaitMs ?? lockWaitDefaultMs,
    ...(signal ? { signal } : {}),
    ...(storageThread ? { thread: storageThread } : {}),
  };
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

/** Edits of the configuration and of the certificate come into force. @returns ends it */
function follow({ parts, front, holding }: Built): () => void {
  const ends = [
    parts.keeper.onAccepted(async ({ configuration }) => {
      await applyChange(holding.configuration(), configuration, { parts, front });
      holding.take(configuration);
      parts.workloads.reconfigure();
      warnOfUnknownModels(configuration.settings.agents, { router: parts.models.router, log: parts.log });
      parts.controlSide.runs.tellOfPrices();
      configureServers({ parts, holding });
      await parts.state.lock.setAddress(front.url);
    }),
    parts.keeper.onStatus(() => holding.look()),
    auditVersions(parts),
  ];
  const certificates = parts.clock.every(certificateLookMs, () => {
    const { gateway } = holding.configuration().settings;
    front.moveTo(gateway).catch((error: unknown) => parts.log.warn('the certificate could not be read again', { error }));
  });
  return () => {
    certificates.cancel();
    for (const end of ends) end();
  };
}

/** Who changed which settings. Known once the version is in the history: while it is being applied its author is not. @returns ends it */
function auditVersions({ keeper, audit }: Parts): () => void {
  let last = keeper.status.version;
  return keeper.onStatus(({ version }) => {
    if (version === undefined || version === last) return;
    last = version;
    const made = keeper.versions().find((each) => each.version === version);
    if (!made || made.changed.length === 0) return;
    const detail = { changed: made.changed.join(', ') };
    void audit.record({ actor: made.by, action: 'config.changed', subject: `version ${version}`, detail });
  });
}

/** Unready, no new work, time for what streams, then the end of everything in the reverse order of its beginning. */
async function stop({ parts, front, control, holding }: Built, prepared: Promise<void>): Promise<void> {
  const { gateway, models, log, clock, controlSide } = parts;
  const { drainTimeoutMs } = holding.configuration().settings.gateway;
  gateway.drain();
  controlSide.runs.engine.drain();
  const answered = front.stopAccepting();
  const { requests } = models.service;
  if (requests.inFlight > 0) log.info('waiting for running requests', { inFlight: requests.inFlight, drainTimeoutMs });
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(drainTimeoutMs, resolve);
  await Promise.race([Promise.all([answered, requests.idle(), controlSide.runs.engine.idle()]), late]);
  timer.cancel();
  await prepared.catch(() => {});
  await parts.retention.stop();
  // Before their requests are cancelled, which would be failures: runs stop where they are, and go on with the next start.
  await controlSide.runs.close();
  await parts.channels.close();
  requests.cancelAll(new OpenClawError('draining', { retryAfterMs: 1000 }));
  await requests.idle();
  await control.close();
  await parts.controlSide.close();
  // Before the parts behind it: a request whose body arrives only now would otherwise meet closed ones.
  await front.close();
  await parts.backups.close();
  await parts.workloads.close();
  try {
    await models.close(new OpenClawError('draining'));
  } finally {
    // What could not be written is said by who throws; the state is given up all the same.
    await closeRecords(parts);
  }
  log.info('stopped');
}

async function closeRecords({ memory, volumes, keys, devices, eventLoopDelay, state }: Parts): Promise<void> {
  memory.stop();
  await volumes.stop();
  keys.close();
  eventLoopDelay.stop();
  try {
    await devices.close();
  } finally {
    await state.close();
  }
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= action());
}
