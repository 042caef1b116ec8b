/** Builds the parts of a gateway that has its state, in order, and hands them to each other. When it starts and stops: `start.ts`. */
import type { IncomingMessage } from 'node:http';
import { closeCodes } from '@openclaw/protocol';
import { createAllowances, createAuthenticator, createDevices, createDoor, createVirtualKeys } from '../access/index.ts';
import type { AccessDoor, Authenticator, DeviceRegistry, VirtualKeys } from '../access/index.ts';
import type { Configuration, ConfigurationKeeper } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import { createIds, type Ids } from '../core/ids.ts';
import type { RootLog } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import { createEventLoopDelay, registerProcessMetrics, type EventLoopDelay } from '../core/process-metrics.ts';
import type { Redactor } from '../core/redact.ts';
import { createGateway, type ControlPlane, type Gateway, type Health, type Hub } from '../gateway/index.ts';
import { createModelPath, traceTarget, type ModelPath } from '../models/index.ts';
import {
  createAudit,
  createVolumeWatch,
  createWatchdog,
  ensureStateIdentity,
  type Audit,
  type BackupSchedule,
  type MemoryWatch,
  type VolumeWatch,
  type Watchdog,
} from '../operations/index.ts';
import type { ColdStorage, Sweeper } from '../operations/retention/index.ts';
import type { State } from '../storage/index.ts';
import { version } from '../version.ts';
import { administration } from './administration.ts';
import { areasElsewhere } from './areas-elsewhere.ts';
import { buildBackups } from './backups.ts';
import { followColdStorage } from './cold.ts';
import { createChannelsSide, type ChannelsSide } from './channels.ts';
import { controlUiDirectory } from './control-ui-directory.ts';
import { watchDisk } from './disk-metrics.ts';
import { examine } from './examine.ts';
import { gateSettingsOf, modelSettingsOf, type InForce } from './in-force.ts';
import { watchMemory } from './memory.ts';
import { buildControlSide, type ControlSide } from './methods.ts';
import { buildRetention } from './retention.ts';
import { runEndpointsOf } from './run-endpoints.ts';
import type { RunsSide } from './runs.ts';
import { watchActiveRuns } from './active-runs.ts';
import { buildWorkloads, type WorkloadsSide } from './workloads.ts';

export interface PartsOptions {
  readonly keeper: ConfigurationKeeper;
  /** Asked whenever something of it is needed, for it changes. */
  readonly inForce: () => InForce;
  readonly log: RootLog;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly state: State;
  readonly control: ControlPlane;
  readonly checkKeys: boolean;
}

export interface Parts extends Base, Records, Serving {
  readonly channels: ChannelsSide;
  readonly health: Health;
  readonly gateway: Gateway;
  readonly controlSide: ControlSide;
  readonly retention: Sweeper;
  /** Connections that came in by a credential which no longer holds must end. */
  onAuthChanged(): void;
}

/** What all parts stand on. */
interface Base extends PartsOptions {
  readonly ids: Ids;
  readonly eventLoopDelay: EventLoopDelay;
  readonly watchdog: Watchdog;
  /** Where runs and logs go when their time is over; undefined: nowhere. */
  readonly cold: () => ColdStorage | undefined;
  /** Of the state directory: whoever knew another one was paired with a state that is gone. */
  readonly stateId: string;
}

/** What the state remembers of people and programs. */
interface Records {
  readonly audit: Audit;
  readonly devices: DeviceRegistry;
  readonly keys: VirtualKeys;
  readonly authenticator: Authenticator;
  readonly door: AccessDoor;
}

/** What works for them. */
interface Serving {
  readonly models: ModelPath;
  readonly memory: MemoryWatch;
  readonly volumes: VolumeWatch;
  /** Runs, or their streamed text, were given up for their age. */
  onForgotten(what: 'deltas' | 'runs', count: number): void;
  readonly workloads: WorkloadsSide;
  readonly backups: BackupSchedule;
}

export async function buildParts(options: PartsOptions): Promise<Parts> {
  const { clock, metrics } = options;
  const eventLoopDelay = createEventLoopDelay(clock);
  registerProcessMetrics(metrics, { clock, eventLoopDelay });
  const { id: stateId } = ensureStateIdentity(options.inForce().configuration.stateDirectory, clock);
  const cold = followColdStorage(() => options.inForce().configuration, clock);
  const base: Base = { ...options, ids: createIds({ clock }), eventLoopDelay, watchdog: createWatchdog(clock), stateId, cold };
  // Each asks the other only once requests come: keys for what was spent, the model path for what may be.
  const spending: Parameters<typeof createAllowances>[0]['spending'] = (question) => serving.models.usage.spending(question);
  const allowances = createAllowances({ clock, spending });
  const records = await openRecords(base, allowances);
  const serving: Serving = {
    ...createServing(base, allowances),
    // Asked when something has happened to one, long after runs are there.
    workloads: createWorkloadsSide(base, (addresses) => activeRuns.at(addresses)),
    backups: createBackups(base),
    onForgotten: (what, count) => parts.retention.count(what, { items: count }),
  };
  const runs = (): RunsSide => parts.controlSide.runs;
  const channels = openChannels(base, records, runs);
  const health = examineAll(base, serving, channels);
  const gateway = buildGateway(base, { ...records, ...serving, health, runs, channels, retention: () => parts.retention });
  serving.models.sight.watchConnections(gateway.connections);
  const { hub } = options.control;
  const under = { ...base, ...records, ...serving, channels, health, gateway };
  const controlSide = await buildControlSide(under);
  const servers = (): ReturnType<Parameters<typeof watchActiveRuns>[0]['servers']> => options.inForce().configuration.settings.mcp.servers;
  const activeRuns = watchActiveRuns({ journal: controlSide.runs.journal, servers });
  const parts: Parts = {
    ...under,
    controlSide,
    retention: buildRetentionOf(under, controlSide.runs),
    onAuthChanged: () => hub.closeWhere(cameBySecret, { code: closeCodes.authChanged, reason: 'gateway auth changed' }),
  };
  // Before the first request: who sends something must not be told that nobody knows it.
  await channels.configure(options.inForce().configuration.settings.channels);
  return parts;
}

function buildRetentionOf({ inForce, log, ...under }: Omit<Parts, 'controlSide' | 'onAuthChanged' | 'retention'>, runs: RunsSide): Sweeper {
  return buildRetention({ ...under, runs, configuration: () => inForce().configuration, log: log.child({ component: 'retention' }) });
}

function openChannels(base: Base, { audit, authenticator }: Records, runs: () => RunsSide): ChannelsSide {
  const { clock, metrics, watchdog } = base;
  const log = base.log.child({ component: 'channels' });
  return createChannelsSide({ database: base.state.database, clock, metrics, watchdog, log, audit, authenticator, runs });
}

/** A device has a token of its own, which no change of the gateway's takes away. */
function cameBySecret({ principal }: ReturnType<Hub['clients']>[number]): boolean {
  return principal.method !== 'device-token';
}

async function openRecords(base: Base, allowances: ReturnType<typeof createAllowances>): Promise<Records> {
  const { clock, ids, inForce } = base;
  const { database } = base.state;
  const log = base.log.child({ component: 'access' });
  const audit = createAudit({ database, clock, log, redactor: base.redactor });
  const devices = await createDevices({ database, clock, log, audit });
  const keys = await createVirtualKeys({ database, clock, ids, allowances, audit, log });
  const gate = gateSettingsOf(inForce().configuration);
  if (gate.secret !== undefined) base.redactor.add(gate.secret);
  const authenticator = createAuthenticator({ ...gate, keys, devices, clock });
  const door = createDoor({ gate: authenticator.gate, devices, keys, clock, log });
  return { audit, devices, keys, authenticator, door };
}

function createWorkloadsSide(base: Base, activeRuns: Parameters<typeof buildWorkloads>[0]['activeRuns']): WorkloadsSide {
  const { clock, log, metrics, inForce, redactor, state } = base;
  const { stateDirectory, environment } = inForce().configuration;
  return buildWorkloads({
    ...{ clock, log, metrics, stateDirectory, environment, activeRuns },
    database: state.database,
    settings: () => inForce().configuration.settings.workloads,
    onSecret: (secret) => redactor.add(secret),
  });
}

function createBackups({ clock, metrics, stateId, inForce, log }: Base): BackupSchedule {
  const configuration = (): Configuration => inForce().configuration;
  return buildBackups({ clock, metrics, stateId, configuration, log: log.child({ component: 'backup' }) });
}

function createServing(
  base: Base,
  allowances: ReturnType<typeof createAllowances>,
): Omit<Serving, 'workloads' | 'backups' | 'onForgotten'> {
  const { clock, metrics, redactor, checkKeys } = base;
  const { configuration } = base.inForce();
  const wanted = modelSettingsOf(configuration);
  redactor.add(...wanted.keysFromEnvironment.map(({ key }) => key));
  const memory = watchMemory({
    clock,
    metrics,
    log: base.log,
    watchdog: base.watchdog,
    hub: base.control.hub,
    onPressure: () => models.shedCaches(),
  });
  const models = createModelPath({
    ...wanted,
    ...{ checkKeys, allowances, clock, metrics, redactor, random: Math.random },
    database: base.state.database,
    log: base.log.child({ component: 'models' }),
    onSecret: (secret) => redactor.add(secret),
    keepResponsesMs: () => base.inForce().configuration.settings.retention.responsesMs,
    admitWork: () => memory.admitWork(),
    traces: traceTarget(configuration.settings.telemetry.traces, wanted.lookUp),
  });
  return { models, memory, volumes: watchVolumes(base) };
}

function watchVolumes({ clock, metrics, log, inForce }: Base): VolumeWatch {
  const { stateDirectory, environment } = inForce().configuration;
  return createVolumeWatch({
    ...{ stateDirectory, environment, clock, metrics, log: log.child({ component: 'volumes' }) },
    elsewhere: () => areasElsewhere(inForce().configuration),
  });
}

function examineAll(base: Base, { models, memory, volumes, workloads, backups }: Serving, channels: ChannelsSide): Health {
  const { state, eventLoopDelay, watchdog, clock, keeper, inForce, metrics } = base;
  const { stateDirectory } = inForce().configuration;
  const log = base.log.child({ component: 'health' });
  const configuration = (): ConfigurationKeeper['status'] => keeper.status;
  const secrets = (): ReturnType<ConfigurationKeeper['secrets']> => keeper.secrets();
  const database = watchDisk(state.database, metrics);
  return examine({
    secrets,
    database,
    stateDirectory,
    models,
    memory,
    volumes,
    workloads,
    eventLoopDelay,
    watchdog,
    clock,
    log,
    configuration,
    channels,
    metrics,
    backups,
  });
}

type Built = Records & Serving & Pick<Parts, 'health' | 'channels'> & { readonly runs: () => RunsSide; readonly retention: () => Sweeper };

function buildGateway(base: Base, built: Built): Gateway {
  const { clock, ids, metrics, inForce, log } = base;
  const { keys, audit, authenticator, models, workloads, health, channels, retention } = built;
  return createGateway({
    ...{ version, ids, metrics, clock, health },
    policy: () => inForce().policy,
    controlUiDirectory: controlUiDirectory(),
    authenticate: (request: IncomingMessage) => authenticator.authenticate(request.headers, request.socket.remoteAddress ?? ''),
    service: models.service,
    responses: models.responses,
    router: models.router,
    admin: administration({ keys, models, log }),
    audit,
    sight: models.administration,
    runs: runEndpointsOf(built.runs),
    workloads,
    channels,
    retention,
    log: log.child({ component: 'gateway' }),
  });
}
