/** Builds what carries out runs: the journal, the engine with all that it needs of others, and the conversations over them. */
import { join } from 'node:path';
import type { RunEvent, RunView } from '@openclaw/protocol';
import type { AgentsSettings, McpSettings, RetentionSettings, RunsSettings, ToolsSettings } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import type { Environment } from '../core/env.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { ModelPath } from '../models/index.ts';
import {
  createAgentDirectory,
  createContextWindow,
  createTokenCounter,
  isContextOverflow,
  workspaceOf,
  type ConfiguredAgents,
} from '../runs/context/index.ts';
import {
  carryOverTurns,
  createConversations,
  createJournal,
  createPrograms,
  createResultFiles,
  createRunEngine,
  createSaid,
  createSchedules,
  observeRuns,
  type Conversations,
  type Journal,
  type Programs,
  type RunArchive,
  type RunEngine,
  type Schedules,
} from '../runs/index.ts';
import { makeWorkspace } from '../runs/tools/workspace.ts';
import type { Database, Statement } from '../storage/index.ts';
import { createAgentModelCaller } from './agent-model-caller.ts';
import { createPriceCheck, tellOfUnknownPrices } from './model-prices.ts';
import { createModelWindows } from './model-windows.ts';
import { buildTools } from './tools.ts';

export interface RunsSide {
  readonly agents: ConfiguredAgents;
  readonly journal: Journal;
  readonly engine: RunEngine;
  readonly programs: Programs;
  readonly conversations: Conversations;
  readonly schedules: Schedules;
  /** Tells the operator of agents whose limit of money does not hold. */
  tellOfPrices(): void;
  /** MCP servers that are new or have changed are started, those that are gone end. */
  configure(mcp: McpSettings): Promise<void>;
  /** Takes up what the last process left. Nothing is begun before it. */
  start(): Promise<void>;
  /** Parks what is under way: it goes on with the next start. */
  close(): Promise<void>;
}

export interface BuildRunsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly models: Pick<ModelPath, 'service' | 'router'>;
  readonly stateDirectory: () => string;
  readonly agents: () => AgentsSettings;
  /** The model of agents that name none. Asked each time. */
  readonly defaultModel: () => string;
  readonly environment: Environment;
  readonly tools: ToolsSettings;
  /** What others write down of these events, in their commit. */
  readonly alongside: (events: readonly RunEvent[], view: RunView) => readonly Statement[];
  /** Asked each time. */
  readonly runs: () => RunsSettings;
  /** Asked each time. */
  readonly retention: () => Pick<RetentionSettings, 'deltasMs' | 'runsMs'>;
  /** Told of what was given up for its age. */
  readonly onForgotten: (what: 'deltas' | 'runs', count: number) => void;
  /** Where runs go that are forgotten. Asked each time. */
  readonly archive: () => RunArchive | undefined;
}

/** One process has the state; what it had under way before its restart it takes up again at once. */
const owner = 'gateway';
/** What everybody who may speak to agents may ask for. */
const anyModel = { id: 'gateway', models: undefined };

export async function buildRuns(options: BuildRunsOptions): Promise<RunsSide> {
  const { database, clock, ids, log, models } = options;
  const carried = await carryOverTurns(database);
  if (carried > 0) log.info('conversations of an earlier version became runs', { runs: carried });
  const agents = createAgentDirectory(options.agents);
  const journal = createJournal({ database, clock, alongside: options.alongside, archive: options.archive });
  const { environment, tools } = options;
  const { toolbox, configure } = await buildTools({ clock, log, agents, environment, tools, stateDirectory: options.stateDirectory() });
  // Until the catalogue has been read no price is known of anything.
  let arePricesKnown = false;
  const priceCheck = createPriceCheck(models.router);
  const checkPrice: typeof priceCheck = (model, limitUsd) => {
    if (arePricesKnown) priceCheck(model, limitUsd);
  };
  const results = createResultFiles(join(options.stateDirectory(), 'state', 'results'));
  const checkModel = (model: string): void => void models.router.resolve(model, anyModel);
  const engine = createRunEngine({
    ...{ journal, clock, ids, log, owner, agents, toolbox, checkModel, checkPrice, isContextOverflow },
    ...thinking(options),
    history: createSaid({ database, clock, ids }),
    ages: () => ({ compactAfterMs: options.retention().deltasMs, forgetAfterMs: options.retention().runsMs }),
    onForgotten: options.onForgotten,
    sweep: () => results.sweep((runIds) => journal.kept(runIds)),
    workspaceOf: (agentId) => makeWorkspace(workspaceOf(agents.get(agentId), options.stateDirectory())),
  });
  const conversations = createConversations({ runs: engine, ...{ journal, database, clock, ids, log, agents, checkModel } });
  const schedules = createSchedules({ database, clock, log, runs: engine });
  const unobserve = observeRuns(options.metrics, { engine, journal });
  return {
    ...{ agents, journal, engine, conversations, schedules, configure },
    programs: createPrograms({ journal, results, newId: () => ids.run(), resultLimitBytes: () => options.runs().resultBytes }),
    tellOfPrices: () => tellOfUnknownPrices(agents.list(), { router: models.router, log, defaultModel: options.defaultModel }),
    async start() {
      arePricesKnown = true;
      await engine.start();
      await schedules.start();
    },
    async close() {
      await schedules.close();
      unobserve();
      conversations.close();
      await engine.close();
      await toolbox.close();
    },
  };
}

/** Whom an agent asks, and how much of its conversation fits. What a provider counted makes the next estimate better. */
function thinking({ models, ids, defaultModel }: BuildRunsOptions) {
  const counter = createTokenCounter();
  return {
    callModel: createAgentModelCaller({ service: models.service, ids, onCounted: (counted) => counter.learn(counted) }),
    window: createContextWindow({ counter }),
    windowOf: createModelWindows(models.router),
    defaultModel,
  };
}
