/** The methods of the control plane over the parts, and what the parts tell its clients. */
import { availableParallelism, hostname, release } from 'node:os';
import { join } from 'node:path';
import { createEditableTexts } from '../config/index.ts';
import {
  createMethods,
  createStabilityRing,
  publishApprovals,
  publishDevices,
  publishTurns,
  watchStability,
  type AgentDirectory,
  type ControlMethods,
  type GatewaySnapshot,
} from '../gateway/index.ts';
import { mainAgentId } from '../runs/context/index.ts';
import { version } from '../version.ts';
import { chooseDefaultModel } from './default-model.ts';
import type { Parts } from './parts.ts';
import { buildRuns, type RunsSide } from './runs.ts';

export interface ControlSide extends ControlMethods {
  readonly snapshot: () => GatewaySnapshot;
  readonly runs: RunsSide;
  close(): Promise<void>;
}

type Under = Omit<Parts, 'controlSide' | 'onAuthChanged' | 'retention'>;

export async function buildControlSide(parts: Under): Promise<ControlSide> {
  const { clock, ids, models, keeper, devices, control, state } = parts;
  const { hub } = control;
  const defaultModel = (): string => chooseDefaultModel(models.router, Object.keys(parts.inForce().configuration.settings.models.routes));
  const settings = () => parts.inForce().configuration.settings;
  const runs = await buildRuns({
    ...{ database: state.database, clock, ids, metrics: parts.metrics, models, defaultModel },
    log: parts.log.child({ component: 'runs' }),
    stateDirectory: () => parts.inForce().configuration.stateDirectory,
    agents: () => settings().agents,
    environment: parts.inForce().configuration.environment,
    tools: settings().tools,
    alongside: parts.channels.alongside,
    runs: () => settings().runs,
    retention: () => settings().retention,
    ...{ onForgotten: parts.onForgotten, archive: parts.cold },
  });
  const { conversations: turns, engine, schedules } = runs;
  const agents = agentsOf(runs);
  const stability = createStabilityRing({ clock });
  const methods = createMethods({
    ...{ clock, version, hub, turns, runs: engine, schedules, agents, defaultModel, keeper, devices, stability },
    commandPolicies: () => commandPoliciesOf(runs.agents),
    texts: createEditableTexts({
      file: () => keeper.status.file,
      current: () => keeper.readText(),
      secrets: () => keeper.current?.secrets.values() ?? [],
      redactor: parts.redactor,
    }),
    report: () => parts.health.report(),
    eventLoop: parts.eventLoopDelay,
    configurationState: () => keeper.status.state,
    listModels: () => models.directory.list(),
    logFile: join(parts.inForce().configuration.stateDirectory, 'logs', 'gateway.log'),
    usageByDay: (sinceMs) => models.usage.totals({ sinceMs, by: 'day' }),
    audit: (question) => parts.audit.list(question),
    channels: () => parts.channels.list(),
    identity: undefined,
    systemInfo,
  });
  const ends = [
    publishTurns({ turns, hub }),
    publishApprovals({ turns, hub }),
    publishDevices({ devices, hub, now: () => clock.now() }),
    watchStability({ ring: stability, clock }),
    keeper.onStatus(({ state: to, version: at }) => {
      stability.record('config.status', { state: to, version: at ?? null });
      hub.broadcast('config.changed', { state: to, version: at ?? null, ts: clock.now() }, { scope: 'operator.read' });
    }),
  ];
  return {
    ...methods,
    runs,
    snapshot: () => snapshotOf(parts, methods.publicHash),
    async close() {
      for (const end of ends) end();
      await runs.close();
    },
  };
}

function agentsOf({ agents }: Pick<RunsSide, 'agents'>): AgentDirectory {
  return { defaultId: mainAgentId, list: () => agents.list().map(({ id, model }) => ({ id, ...(model === undefined ? {} : { model }) })) };
}

function commandPoliciesOf(agents: RunsSide['agents']) {
  const tool = 'exec';
  return {
    defaults: agents.defaultPolicy(tool),
    agents: Object.fromEntries(agents.list().map(({ id, policy }) => [id, policy(tool)])),
  };
}

function snapshotOf({ keeper, inForce, stateId }: Under, publicHash: ControlMethods['publicHash']): GatewaySnapshot {
  const { configuration } = inForce();
  const { file, ...status } = keeper.status;
  const appliedHash = publicHash(status.appliedHash);
  return {
    ...{ stateId, configPath: file, stateDir: configuration.stateDirectory, authMode: configuration.settings.gateway.auth.mode },
    ...(appliedHash === undefined ? {} : { appliedConfigHash: appliedHash }),
    sessionDefaults: { defaultAgentId: mainAgentId, mainKey: 'main', mainSessionKey: `agent:${mainAgentId}:main` },
  };
}

function systemInfo(): object {
  const { platform, arch, pid, version: nodeVersion } = process;
  return { hostname: hostname(), platform, arch, release: release(), cpus: availableParallelism(), nodeVersion, pid, version };
}
