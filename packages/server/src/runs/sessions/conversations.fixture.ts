/** Conversations over a real journal and a real engine, with a model that plays a script, for tests; they can be killed and started again. */
import { systemClock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { createIds } from '../../core/ids.ts';
import { createLog } from '../../core/log.ts';
import type { Agent, ConversationMessage, ModelCaller, ModelRequest } from '../engine/contract.ts';
import { createRunEngine, type EngineOptions, type RunEngine } from '../engine/engine.ts';
import { createJournal } from '../journal/journal.ts';
import { setUpJournal, type JournalSetup } from '../journal/store.fixture.ts';
import type { Tool, ToolPolicy } from '../tools/contract.ts';
import type { Conversations, TurnEvent } from './contract.ts';
import { createConversations, type ConversationsOptions } from './conversations.ts';
import { createSaid } from './history.ts';

/** One call of a model: it says what the test lets it say. */
export interface ScriptedCall {
  readonly request: ModelRequest;
  readonly said: string;
  readonly isOver: boolean;
  say(text: string): void;
  call(name: string, given: object): void;
  end(): void;
  fail(error: Error): void;
}

export interface TestProcess {
  readonly engine: RunEngine;
  readonly conversations: Conversations;
  readonly calls: ScriptedCall[];
  readonly events: TurnEvent[];
  /** As `kill -9` does: resolves when what was on its way to the store is there, and nothing more comes after it. */
  kill(): Promise<void>;
}

export interface ProcessOptions {
  readonly tools?: readonly Tool[];
  readonly policy?: (tool: Tool) => ToolPolicy;
  readonly agents?: readonly Partial<Agent>[];
  readonly engine?: Partial<EngineOptions>;
  readonly conversations?: Partial<ConversationsOptions>;
}

export interface TestConversations extends AsyncDisposable {
  readonly setup: JournalSetup;
  process: TestProcess;
  /** Kills the process that there is, and starts another one on the same store. */
  restart(): Promise<TestProcess>;
}

const usual: Agent = {
  id: 'main',
  model: 'fast',
  instructions: '',
  limits: { steps: 50, tokens: 1e9, usd: 1e6, timeMs: 1e9, children: 0, depth: 0 },
};

export async function openConversations(options: ProcessOptions = {}): Promise<TestConversations> {
  const setup = await setUpJournal();
  const opened: TestConversations = {
    setup,
    process: await startProcess(setup, options),
    async restart() {
      await opened.process.kill();
      return (opened.process = await startProcess(setup, options));
    },
    async [Symbol.asyncDispose]() {
      opened.process.conversations.close();
      // Models that never end are aborted with their runs.
      await opened.process.engine.close();
      await setup[Symbol.asyncDispose]();
    },
  };
  return opened;
}

async function startProcess(setup: JournalSetup, options: ProcessOptions): Promise<TestProcess> {
  const { database } = setup;
  const life = { isDead: false };
  const writing = new Set<Promise<void>>();
  const noted = (write: Promise<void>): Promise<void> => {
    writing.add(write);
    const forget = (): void => void writing.delete(write);
    write.then(forget, forget);
    return write;
  };
  const mortal: typeof database = {
    ...database,
    engine: database.engine,
    read: (statement) => (life.isDead ? new Promise(() => {}) : database.read(statement)),
    write: (batch) => (life.isDead ? new Promise(() => {}) : noted(database.write(batch))),
  };
  const ids = createIds();
  const log = createLog({ clock: systemClock, destinations: [], level: 'silent' });
  const journal = createJournal({ database: mortal, clock: systemClock });
  const known = (options.agents ?? [{}]).map((agent): Agent => ({ ...usual, ...agent }));
  const agents = { list: () => known, get: (id: string) => known.find((agent) => agent.id === id) ?? unknownAgent(id) };
  const calls: ScriptedCall[] = [];
  const wanted: EngineOptions = {
    ...{ journal, clock: systemClock, ids, log, owner: 'gateway', agents, callModel: scripted(calls) },
    toolbox: { list: async () => options.tools ?? [], policy: (_id, tool) => options.policy?.(tool) ?? 'allow', close: async () => {} },
    window: { fit: (messages: readonly ConversationMessage[]) => ({ kind: 'fits', messages, tokens: 0 }) },
    windowOf: () => ({ contextTokens: 100_000, answerTokens: 4000 }),
    defaultModel: () => 'fast',
    history: createSaid({ database: mortal, clock: systemClock, ids }),
    workspaceOf: async () => '/tmp',
    isContextOverflow: () => false,
    ...options.engine,
  };
  const engine = createRunEngine(wanted);
  const conversations = createConversations({
    ...{ runs: engine, journal, database: mortal, clock: systemClock, ids, log, agents },
    ...options.conversations,
  });
  const events: TurnEvent[] = [];
  conversations.subscribe((event) => void events.push(event));
  await engine.start();
  const kill = async (): Promise<void> => {
    life.isDead = true;
    conversations.close();
    await Promise.allSettled(writing);
  };
  return { engine, conversations, calls, events, kill };
}

function unknownAgent(agentId: string): never {
  throw new OpenClawError('agent_not_found', { details: { agentId } });
}

type Part = ReturnType<ModelCaller> extends AsyncIterable<infer T> ? T : never;

function scripted(calls: ScriptedCall[]): ModelCaller {
  return async function* answer(request) {
    const queue: (Part | Error)[] = [];
    let wake = (): void => {};
    const push = (part: Part | Error): void => {
      queue.push(part);
      wake();
    };
    const state = { said: '', isOver: false, toolCalls: 0 };
    const call: ScriptedCall = {
      request,
      get said() {
        return state.said;
      },
      get isOver() {
        return state.isOver;
      },
      say(text) {
        if (state.isOver) return;
        state.said += text;
        push({ kind: 'text', text });
      },
      call(name, given) {
        state.toolCalls += 1;
        push({ kind: 'toolCall', call: { callId: `call_${state.toolCalls}`, name, argumentsText: JSON.stringify(given) } });
      },
      end() {
        state.isOver = true;
        push({ kind: 'end', finishReason: 'stop', use: { inputTokens: 10, outputTokens: 5, costNanoUsd: 1 } });
      },
      fail(error) {
        state.isOver = true;
        push(error);
      },
    };
    calls.push(call);
    request.signal.throwIfAborted();
    const onAbort = (): void => {
      state.isOver = true;
      push(request.signal.reason as Error);
    };
    request.signal.addEventListener('abort', onAbort, { once: true });
    for (;;) {
      const part = queue.shift();
      if (part instanceof Error) throw part;
      if (part) yield part;
      if (part?.kind === 'end') return undefined;
      if (!part) await new Promise<void>((resolve) => (wake = resolve));
    }
  };
}

export const main = 'agent:main:main';
export const ask = (message: string, idempotencyKey: string, sessionKey = main) => ({
  sessionKey,
  agentId: 'main',
  message,
  idempotencyKey,
});
export const noSignal = new AbortController().signal;

/** Resolves with what `find` finds, looking again whenever anything may have happened. @throws Error after five seconds */
export async function until<T>(find: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const end = systemClock.now() + 5000;
  for (;;) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    if (systemClock.now() > end) throw new Error('it did not happen in time');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
