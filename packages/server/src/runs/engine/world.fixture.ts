/** An engine on a real journal, with a model that plays a script and tools that count, for tests; it can be killed and started again. */
import type { RunEvent, ToolCallRequest } from '@openclaw/protocol';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { createIds } from '../../core/ids.ts';
import { createLog } from '../../core/log.ts';
import { createJournal } from '../journal/journal.ts';
import { setUpJournal, type JournalSetup } from '../journal/store.fixture.ts';
import type { Tool, ToolPolicy } from '../tools/contract.ts';
import { createHandOverTool } from '../tools/hand-over.ts';
import type { Agent, ConversationMessage, ModelCaller, ModelRequest } from './contract.ts';
import { createRunEngine, type EngineOptions, type RunEngine } from './engine.ts';

/** What the model answers, by how many answers the conversation has already. */
export type Script = (
  answers: number,
  request: ModelRequest,
) => { readonly text?: string; readonly calls?: readonly (readonly [string, object])[]; readonly costNanoUsd?: number | null };

export interface WorldOptions {
  readonly script: Script;
  readonly tools?: readonly Tool[];
  readonly policy?: (tool: Tool) => ToolPolicy;
  readonly agent?: Partial<Agent>;
  /** Others beside it, each with its id for a model; every one may hand them tasks. */
  readonly helpers?: readonly (Partial<Agent> & Pick<Agent, 'id'>)[];
  readonly engine?: Partial<EngineOptions>;
  readonly history?: EngineOptions['history'];
}

export interface World extends AsyncDisposable {
  readonly setup: JournalSetup;
  engine: RunEngine;
  /** Another engine on the same store, as after a restart; the one before is left where it is. */
  restart(more?: Partial<EngineOptions>): Promise<RunEngine>;
  /** As `kill -9` does: nothing more of it reaches the store. */
  kill(): void;
  /** The same, with the write of this number from now on; `before`: the write itself is lost too. */
  killAtWrite(number: number, moment: 'before' | 'after'): void;
  /** Whether the last engine was killed, and when that happens. */
  readonly isDead: boolean;
  readonly died: Promise<void>;
  /** The next writes find no room. */
  fillDisk(writes: number): void;
  readonly asked: ModelRequest[];
  events(runId: string): Promise<readonly RunEvent[]>;
  /** Resolves with the run once it has ended or waits for somebody. */
  settled(runId: string): Promise<Awaited<ReturnType<RunEngine['get']>>>;
}

const agentDefaults: Agent = {
  id: 'main',
  model: 'fast',
  instructions: 'You are careful.',
  limits: { steps: 50, tokens: 1e9, usd: 1e6, timeMs: 1e9, children: 20, depth: 3 },
};

export async function createWorld(options: WorldOptions): Promise<World> {
  const setup = await setUpJournal();
  const asked: ModelRequest[] = [];
  const log = createLog({ clock: systemClock, destinations: [], level: 'silent' });
  let dead: Life = newLife();
  let fullFor = 0;
  const noRoom = async (): Promise<never> => {
    fullFor -= 1;
    throw new OpenClawError('storage_full', { details: { reason: 'no space left on device' } });
  };
  const start = async (more: Partial<EngineOptions> = {}): Promise<RunEngine> => {
    const life = (dead = newLife());
    const { database } = setup;
    const mortal: typeof database = {
      ...database,
      engine: database.engine,
      read: (statement) => (life.isDead ? new Promise(() => {}) : database.read(statement)),
      write: (batch) => mortalWrite(life, () => (fullFor > 0 ? noRoom() : database.write(batch))),
    };
    const helpers = (options.helpers ?? []).map((helper): Agent => ({ ...agentDefaults, model: helper.id, ...helper }));
    const agents = new Map([{ ...agentDefaults, ...options.agent }, ...helpers].map((agent) => [agent.id, agent]));
    const handOver = helpers.length > 0 ? [createHandOverTool(helpers.map(({ id }) => ({ id, description: undefined })))] : [];
    const engine = createRunEngine({
      journal: createJournal({ database: mortal, clock: systemClock }),
      ...{ clock: systemClock, ids: createIds(), log, owner: 'gateway' },
      callModel: modelOf(options.script, asked),
      agents: { get: (id) => agents.get(id) ?? unknownAgent(id), list: () => [...agents.values()] },
      toolbox: {
        list: async () => [...(options.tools ?? []), ...handOver],
        policy: (_id, tool) => options.policy?.(tool) ?? 'allow',
        close: async () => {},
      },
      window: { fit: (messages) => ({ kind: 'fits', messages, tokens: 0 }) },
      windowOf: () => ({ contextTokens: 100_000, answerTokens: 4000 }),
      defaultModel: () => 'fast',
      history: options.history ?? (async (): Promise<readonly ConversationMessage[]> => []),
      workspaceOf: async () => '/tmp',
      isContextOverflow: () => false,
      ...options.engine,
      ...more,
    });
    await engine.start();
    return engine;
  };
  const world: World = {
    setup,
    asked,
    engine: await start(),
    kill: () => dead.die(),
    fillDisk: (writes) => void (fullFor = writes),
    killAtWrite: (number, moment) => void (dead.writesLeft = { number, moment }),
    get isDead() {
      return dead.isDead;
    },
    get died() {
      return dead.died;
    },
    async restart(more) {
      world.engine = await start(more);
      return world.engine;
    },
    events: (runId) => setup.again().read(runId, 0, 500),
    async settled(runId) {
      const journal = setup.again();
      const leaving = new AbortController();
      for await (const event of world.engine.events(runId, 0, leaving.signal))
        if (event.kind === 'run.parked') {
          const view = await journal.view(runId);
          if (view.status === 'parked' && view.lastSeq === event.seq) break;
        }
      return journal.view(runId);
    },
    async [Symbol.asyncDispose]() {
      if (!dead.isDead) await world.engine.close();
      await setup[Symbol.asyncDispose]();
    },
  };
  return world;
}

interface Life {
  readonly isDead: boolean;
  readonly died: Promise<void>;
  die(): void;
  writesLeft: { number: number; readonly moment: 'before' | 'after' } | undefined;
}

function newLife(): Life {
  const { promise: died, resolve } = Promise.withResolvers<void>();
  let isDead = false;
  return {
    get isDead() {
      return isDead;
    },
    died,
    die() {
      isDead = true;
      resolve();
    },
    writesLeft: undefined,
  };
}

/** What a dead process asked for never comes back to it. */
async function mortalWrite(life: Life, write: () => Promise<void>): Promise<void> {
  const never = (): Promise<void> => new Promise(() => {});
  if (life.isDead) return never();
  const { writesLeft } = life;
  const isLast = writesLeft !== undefined && (writesLeft.number -= 1) <= 0;
  if (isLast && writesLeft.moment === 'before') life.die();
  if (life.isDead) return never();
  await write();
  if (isLast) life.die();
  return life.isDead ? never() : undefined;
}

function unknownAgent(agentId: string): never {
  throw new OpenClawError('agent_not_found', { details: { agentId } });
}

function modelOf(script: Script, asked: ModelRequest[]): ModelCaller {
  return async function* answer(request) {
    asked.push(request);
    const answers = request.messages.filter(({ role }) => role === 'assistant').length;
    const { text = '', calls = [], costNanoUsd = 100 } = script(answers, request);
    for (const piece of text.match(/.{1,4}/gs) ?? []) {
      request.signal.throwIfAborted();
      yield { kind: 'text', text: piece };
      await Promise.resolve();
    }
    for (const [index, [name, given]] of calls.entries()) {
      const call: ToolCallRequest = { callId: `call_${answers}_${index}`, name, argumentsText: JSON.stringify(given) };
      yield { kind: 'toolCall', call };
    }
    yield {
      kind: 'end',
      finishReason: calls.length > 0 ? 'tool_calls' : 'stop',
      use: { inputTokens: 10, outputTokens: 5, costNanoUsd },
    };
  };
}

/** A tool of this effect that notes each call by its key. */
export function countingTool(name: string, effect: Tool['effect'], more: Partial<Tool> = {}): Tool & { readonly calls: string[] } {
  const calls: string[] = [];
  return {
    ...{ name, effect, calls, description: `does ${name}`, parameters: { type: 'object' } },
    async run({ idempotencyKey }) {
      calls.push(idempotencyKey);
      return { isError: false, text: `${name} done` };
    },
    ...more,
  };
}
