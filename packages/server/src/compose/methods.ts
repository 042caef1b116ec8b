/** The methods of the control plane over the parts, and what the parts tell its clients. */
import { availableParallelism, hostname, release } from 'node:os';
import { join } from 'node:path';
import { createEditableTexts } from '../config/index.ts';
import {
  createMethods,
  createStabilityRing,
  publishDevices,
  publishTurns,
  watchStability,
  type AgentDirectory,
  type ControlMethods,
  type GatewaySnapshot,
} from '../gateway/index.ts';
import { createTurns, type Turns } from '../runs/index.ts';
import { version } from '../version.ts';
import { chooseDefaultModel } from './default-model.ts';
import { createModelCaller } from './model-caller.ts';
import type { Parts } from './parts.ts';

export interface ControlSide extends ControlMethods {
  readonly snapshot: () => GatewaySnapshot;
  readonly turns: Turns;
  close(): Promise<void>;
}

/** Without agents of its own in the configuration there is one that everybody speaks to. */
const agents: AgentDirectory = { defaultId: 'main', list: () => [{ id: 'main' }] };

/** What everybody who may speak to agents may ask for. */
const anyModel = { id: 'gateway', models: undefined };

type Under = Omit<Parts, 'controlSide' | 'onAuthChanged'>;

export async function buildControlSide(parts: Under): Promise<ControlSide> {
  const { clock, ids, models, keeper, devices, control, state } = parts;
  const { hub } = control;
  const defaultModel = (): string => chooseDefaultModel(models.router, Object.keys(parts.inForce().configuration.settings.models.routes));
  const turns = await createTurns({
    ...{ database: state.database, clock, ids, metrics: parts.metrics, defaultModel, agents: () => agents.list() },
    log: parts.log.child({ component: 'turns' }),
    callModel: createModelCaller({ service: models.service, ids }),
    checkModel: (model) => void models.router.resolve(model, anyModel),
  });
  const stability = createStabilityRing({ clock });
  const methods = createMethods({
    ...{ clock, version, hub, turns, agents, defaultModel, keeper, devices, stability },
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
    identity: undefined,
    systemInfo,
  });
  const ends = [
    publishTurns({ turns, hub }),
    publishDevices({ devices, hub, now: () => clock.now() }),
    watchStability({ ring: stability, clock }),
    keeper.onStatus(({ state: to, version: at }) => {
      stability.record('config.status', { state: to, version: at ?? null });
      hub.broadcast('config.changed', { state: to, version: at ?? null, ts: clock.now() }, { scope: 'operator.read' });
    }),
  ];
  return {
    ...methods,
    turns,
    snapshot: () => snapshotOf(parts, methods.publicHash),
    async close() {
      for (const end of ends) end();
      await turns.close();
    },
  };
}

function snapshotOf({ keeper, inForce, stateId }: Under, publicHash: ControlMethods['publicHash']): GatewaySnapshot {
  const { configuration } = inForce();
  const { file, ...status } = keeper.status;
  const appliedHash = publicHash(status.appliedHash);
  return {
    ...{ stateId, configPath: file, stateDir: configuration.stateDirectory, authMode: configuration.settings.gateway.auth.mode },
    ...(appliedHash === undefined ? {} : { appliedConfigHash: appliedHash }),
    sessionDefaults: { defaultAgentId: agents.defaultId, mainKey: 'main', mainSessionKey: `agent:${agents.defaultId}:main` },
  };
}

function systemInfo(): object {
  const { platform, arch, pid, version: nodeVersion } = process;
  return { hostname: hostname(), platform, arch, release: release(), cpus: availableParallelism(), nodeVersion, pid, version };
}
