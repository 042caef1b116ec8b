/** Conversations in memory for tests: a database that several processes share one after the other, and a model that says what it is told. */
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { OpenClawError } from '../core/errors.ts';
import { createFakeClock, type FakeClock } from '../core/fake-clock.ts';
import { createIds } from '../core/ids.ts';
import { createLog } from '../core/log.ts';
import type { Database, Row, Statement } from '../storage/index.ts';
import { turns as migration } from '../storage/migrations/0006-turns.ts';
import type { ModelCaller, ModelMessage, ModelPart, TurnEvent, Turns } from './contract.ts';
import { createTurns, type TurnsOptions } from './turns.ts';

export interface SharedStore {
  /** The database as one process sees it. */
  connect(): { readonly database: Database; readonly crash: () => void };
  /** Makes the next writes fail. */
  failWrites(count: number, error?: OpenClawError): void;
  readonly writes: number;
}

export function createSharedStore(): SharedStore {
  const sqlite = new DatabaseSync(':memory:');
  for (const statement of migration.statements) sqlite.exec(statement);
  let failures = 0;
  let failure = new OpenClawError('storage_full', { details: { reason: 'no space left on device' } });
  let writes = 0;

  const all = ({ sql, params = [] }: Statement): Row[] => {
    const numbered = Object.fromEntries(params.map((value, index) => [`$${index + 1}`, value]));
    return sqlite.prepare(sql).all(numbered) as Row[];
  };

  const connect = () => {
    let isDead = false;
    // What a dead process asked for never comes back to it.
    const alive = async <T>(action: () => T): Promise<T> => {
      if (isDead) return new Promise<T>(() => {});
      await setImmediate();
      if (isDead) return new Promise<T>(() => {});
      const value = action();
      await setImmediate();
      return isDead ? new Promise<T>(() => {}) : value;
    };
    const database: Database = {
      engine: 'sqlite',
      read: <Result extends Row>(statement: Statement) => alive(() => all(statement) as Result[]),
      write: (batch) =>
        alive(() => {
          writes += 1;
          if (failures > 0) {
            failures -= 1;
            throw failure;
          }
          for (const { name, expect, ...statement } of batch.guards ?? []) {
            if (all(statement).length > 0 !== (expect === 'row')) throw new OpenClawError('storage_conflict', { details: { guard: name } });
          }
          sqlite.exec('BEGIN');
          for (const statement of batch.statements) all(statement);
          sqlite.exec('COMMIT');
        }),
      changes: async () => [],
      publish: async () => undefined,
      subscribe: () => () => undefined,
      check: async () => ({ writable: true, bytes: 0, waiting: 0 }),
      close: async () => undefined,
    };
    return { database, crash: () => void (isDead = true) };
  };

  return {
    connect,
    failWrites(count, error = failure) {
      failures = count;
      failure = error;
    },
    get writes() {
      return writes;
    },
  };
}

/** A model that is asked, and says nothing by itself. */
export interface ScriptedCall {
  readonly runId: string;
  readonly sessionKey: string;
  readonly model: string;
  readonly messages: readonly ModelMessage[];
  readonly signal: AbortSignal;
  /** What it was told to say. */
  readonly said: string;
  /** Nobody reads it any more, or it has ended. */
  readonly isOver: boolean;
  say(text: string): void;
  count(inputTokens: number, outputTokens: number): void;
  end(): void;
  fail(error: Error): void;
}

export interface ScriptedModel {
  readonly callModel: ModelCaller;
  readonly calls: readonly ScriptedCall[];
}

export function createScriptedModel(): ScriptedModel {
  const calls: ScriptedCall[] = [];
  const callModel: ModelCaller = ({ runId, sessionKey, model, messages, signal }) => {
    const parts: (ModelPart | { readonly kind: 'end'; readonly error?: Error })[] = [];
    let wake = (): void => {};
    const state = { said: '', isOver: false, hasEnded: false };
    const push = (part: (typeof parts)[number]): void => {
      if (state.hasEnded) return;
      if (part.kind === 'text') state.said += part.text;
      state.hasEnded = part.kind === 'end';
      parts.push(part);
      wake();
    };
    calls.push({
      ...{ runId, sessionKey, model, messages, signal },
      get said() {
        return state.said;
      },
      get isOver() {
        return state.isOver;
      },
      say: (text) => push({ kind: 'text', text }),
      count: (inputTokens, outputTokens) => push({ kind: 'usage', inputTokens, outputTokens }),
      end: () => push({ kind: 'end' }),
      fail: (error) => push({ kind: 'end', error }),
    });
    const iterator: AsyncIterator<ModelPart> = {
      async next() {
        while (parts.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        const part = parts.shift()!;
        if (part.kind !== 'end') return { done: false, value: part };
        state.isOver = true;
        if (part.error) throw part.error;
        return { done: true, value: undefined };
      },
      async return() {
        state.isOver = true;
        return { done: true, value: undefined };
      },
    };
    signal.addEventListener('abort', () => (state.isOver = true));
    return { [Symbol.asyncIterator]: () => iterator };
  };
  return { callModel, calls };
}

export interface TestTurns {
  readonly turns: Turns;
  readonly clock: FakeClock;
  readonly model: ScriptedModel;
  readonly events: TurnEvent[];
  readonly logLines: string[];
  /** The process is gone from one moment to the next. */
  readonly crash: () => void;
  readonly database: Database;
}

export async function openTurns(store: SharedStore = createSharedStore(), options: Partial<TurnsOptions> = {}): Promise<TestTurns> {
  const clock = createFakeClock();
  const model = createScriptedModel();
  const { database, crash } = store.connect();
  const logLines: string[] = [];
  const log = createLog({ clock, destinations: [{ write: (line) => void logLines.push(line) }] });
  const events: TurnEvent[] = [];
  const turns = await createTurns({
    ...{ database, clock, log, ids: createIds(), callModel: model.callModel, defaultModel: () => 'openclaw/rehearsal' },
    ...options,
    limits: { commitEveryMs: 0, ...options.limits },
  });
  turns.subscribe((event) => void events.push(event));
  return { turns, clock, model, events, logLines, crash, database };
}

/** Until everything has happened that happens without anybody saying a word. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 60; round += 1) await setImmediate();
}

export function ask(sessionKey: string, message: string, idempotencyKey: string) {
  return { sessionKey, agentId: 'main', message, idempotencyKey };
}
