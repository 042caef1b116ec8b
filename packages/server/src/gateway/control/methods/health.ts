/** How the gateway is: `health`, `status`, who is connected, and heartbeats, of which there are none. */
import { holdsScope } from '@openclaw/protocol';
import type { Clock } from '../../../core/clock.ts';
import { OpenClawError } from '../../../core/errors.ts';
import { createProcessLoad, type ProcessLoad } from '../../../core/process-load.ts';
import type { ControlPrincipal, Hub, MethodTable } from '../contract.ts';
import type { RunStarter } from '../run-starter.ts';
import { channelShapes, channelSummary, type ChannelMethodsOptions } from './channels.ts';
import { noParams, Params } from './params.ts';
import type { AgentDirectory } from './session-keys.ts';
import { sessionShape } from './turn-shapes.ts';

export interface HealthMethodsOptions extends ChannelMethodsOptions {
  readonly version: string;
  readonly hub: Pick<Hub, 'presence'>;
  readonly turns: Pick<RunStarter, 'listSessions'>;
  readonly agents: AgentDirectory;
  readonly defaultModel: () => string;
  /** The checks behind `/health`. */
  readonly report: () => Promise<HealthView>;
  readonly eventLoop: { p99Ms(): number; maxMs(): number };
  /** `current`, or what else holds. */
  readonly configurationState: () => string;
}

export interface HealthView {
  readonly status: 'ok' | 'degraded' | 'failed';
  readonly checks: Readonly<Record<string, { readonly state: string; readonly detail?: string }>>;
}

export interface HealthMethods {
  readonly methods: MethodTable;
  /** What `health` answers to somebody without scopes; also the event of that name. */
  readonly publicHealth: () => Promise<object>;
}

/** Beyond this people notice that answers are late. */
const lateLoopMs = 250;
const shownSessions = 5;

export function createHealthMethods(options: HealthMethodsOptions): HealthMethods {
  const load = createRecentLoad(options.clock);
  const timed = async (describe: (view: HealthView) => Promise<object> | object): Promise<object> => {
    const startedMs = options.clock.monotonicMs();
    const view = await options.report();
    const details = await describe(view);
    const durationMs = Math.round(options.clock.monotonicMs() - startedMs);
    return { ok: view.status !== 'failed', status: view.status, ts: options.clock.now(), durationMs, ...details };
  };
  const publicHealth = (): Promise<object> => timed(() => ({}));
  return {
    publicHealth,
    methods: {
      health: {
        scope: 'none',
        run({ params, client }) {
          const read = new Params(params);
          read.flag('probe');
          read.end();
          return mayRead(client.principal) ? timed((view) => describeHealth(view, options, load)) : publicHealth();
        },
      },
      status: {
        scope: 'operator.read',
        async run({ params }) {
          const read = new Params(params);
          read.passOver('includeChannelSummary');
          read.end();
          return describeStatus(await options.report(), options, load);
        },
      },
      'system-presence': {
        scope: 'operator.read',
        run({ params }) {
          noParams(params);
          return options.hub.presence();
        },
      },
      ...heartbeats,
    },
  };
}

function mayRead({ scopes }: ControlPrincipal): boolean {
  return holdsScope(scopes, 'operator.read');
}

async function describeHealth({ checks }: HealthView, options: HealthMethodsOptions, load: () => ProcessLoad): Promise<object> {
  const sessions = await describeSessions(options);
  const { defaultId } = options.agents;
  const heartbeat = { enabled: false, every: 'disabled', everyMs: null };
  return {
    checks,
    plugins: { loaded: [], errors: [], unavailable: [] },
    configReload: { hotReloadStatus: options.configurationState() },
    ...channelShapes(options.channels()),
    ...{ heartbeatSeconds: 0, defaultAgentId: defaultId },
    agents: options.agents.list().map(({ id }) => ({ agentId: id, isDefault: id === defaultId, heartbeat, sessions })),
    sessions,
    modelRuntime: modelRuntime(checks),
    eventLoop: describeLoop(options, load),
  };
}

async function describeStatus({ status, checks }: HealthView, options: HealthMethodsOptions, load: () => ProcessLoad): Promise<object> {
  const { count, recent } = await describeSessions(options);
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  return {
    ...{ runtimeVersion: options.version, status, checks, pid: process.pid },
    heartbeat: { defaultAgentId: options.agents.defaultId, agents: [] },
    ...{ channelSummary: channelSummary(options.channels()), queuedSystemEvents: [], degradedSecretOwners: [], degradedPlugins: [] },
    tasks: { total: 0, active: 0, terminal: 0, failures: 0, byStatus: {}, byRuntime: {} },
    sessions: { paths: [], count, defaults: { model: options.defaultModel(), contextTokens: null }, recent, byAgent: [] },
    modelRuntime: modelRuntime(checks),
    eventLoop: describeLoop(options, load),
    processMemory: {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
    },
  };
}

/** Below the state directory; command lines print it as where sessions are. */
const sessionsPath = 'state/openclaw.sqlite';

async function describeSessions({ turns, clock }: HealthMethodsOptions) {
  const { sessions, total } = await turns.listSessions({ limit: shownSessions, offset: 0 });
  const recent = sessions.map((session) => ({ ...sessionShape(session), age: Math.max(0, clock.now() - session.updatedAtMs) }));
  return { path: sessionsPath, count: total, recent };
}

function modelRuntime({ providers }: HealthView['checks']): object {
  return { degraded: providers !== undefined && providers.state !== 'ok', pendingAgents: [] };
}

function describeLoop({ eventLoop }: HealthMethodsOptions, load: () => ProcessLoad): object {
  const { loopShare, cpuShare, elapsedMs } = load();
  const delayP99Ms = Math.round(eventLoop.p99Ms());
  const isLate = delayP99Ms > lateLoopMs;
  const rounded = (share: number): number => Math.round(share * 1000) / 1000;
  return {
    ...{ degraded: isLate, reasons: isLate ? ['delay'] : [], intervalMs: Math.round(elapsedMs) },
    ...{ delayP99Ms, delayMaxMs: Math.round(eventLoop.maxMs()), utilization: rounded(loopShare), cpuCoreRatio: rounded(cpuShare) },
  };
}

/** Readers at any pace see a figure of at least a second; one of a millisecond says nothing. */
function createRecentLoad(clock: Clock): () => ProcessLoad {
  const read = createProcessLoad(clock);
  let latest: { readonly load: ProcessLoad; readonly atMs: number } | undefined;
  return () => {
    if (!latest || clock.monotonicMs() - latest.atMs >= 1000) latest = { load: read(), atMs: clock.monotonicMs() };
    return latest.load;
  };
}

const noHeartbeats = {
  what: 'heartbeats',
  suggestion: 'Nothing wakes an agent by itself; `openclaw agent --message` asks one.',
};

const heartbeats: MethodTable = {
  'last-heartbeat': {
    scope: 'operator.read',
    run({ params }) {
      noParams(params);
      // There has never been one.
      return null;
    },
  },
  'set-heartbeats': {
    scope: 'operator.admin',
    run({ params }) {
      const read = new Params(params);
      const enabled = read.flag('enabled') ?? true;
      read.end();
      if (enabled) throw new OpenClawError('not_in_release', { details: noHeartbeats });
      return { ok: true, enabled: false };
    },
  },
};
