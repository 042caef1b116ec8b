/**
 * Who answers reads: the writer in the first seconds, then a reader thread of its own, and another one where that has ended.
 *
 * It knows no SQL but the question whether anybody is there.
 */
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Clock } from '../../core/clock.ts';
import type { Row, Statement } from '../database.ts';
import { startStorageThread, type StorageThread } from './thread-call.ts';

export interface Reads {
  /** @throws OpenClawError `storage_busy`, and what the thread throws */
  read(statement: Statement): Promise<Row[]>;
  /** @returns why reads are not answered, if they are not. A reader that has ended is replaced, so that looking may mend it. */
  check(): Promise<string | undefined>;
  end(): Promise<void>;
}

export interface ReadsOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly startUpMs: number;
  /** @default a thread of the store */
  readonly startThread?: () => StorageThread;
}

/** Reads that wait; more are refused. */
const waitingLimit = 1_000;
/** No question that the program asks takes so long; a thread that has answered none for so long hangs. */
const silenceLimitMs = 30_000;

export function createReads(writer: StorageThread, options: ReadsOptions): Reads {
  const { path, clock, startUpMs, startThread = startStorageThread } = options;
  const openedMs = clock.monotonicMs();
  let reader: StorageThread | undefined;
  let waiting = 0;
  /** When the reader last answered, or had nothing to answer. */
  let quietMs = openedMs;

  const startReader = (): StorageThread => {
    const thread = startThread();
    // Where this fails, so does each read, in a thread without a connection: nobody has to be told twice.
    thread.call('openReader', path).catch(() => undefined);
    return thread;
  };

  const threadForReads = (): StorageThread => {
    if (reader === undefined && clock.monotonicMs() - openedMs < startUpMs) return writer;
    if (reader === undefined || reader.ended) reader = startReader();
    return reader;
  };

  async function read(statement: Statement): Promise<Row[]> {
    if (waiting >= waitingLimit) throw new OpenClawError('storage_busy', { details: { waiting }, retryAfterMs: 1000 });
    if (waiting === 0) quietMs = clock.monotonicMs();
    waiting += 1;
    try {
      return await threadForReads().call('read', statement);
    } finally {
      waiting -= 1;
      quietMs = clock.monotonicMs();
    }
  }

  return {
    read,
    async check() {
      // Where there is no reader the writer answers, and is asked by whoever checks writes.
      if (reader === undefined) return undefined;
      const silentMs = clock.monotonicMs() - quietMs;
      if (waiting > 0) return silentMs > silenceLimitMs ? `no question was answered for ${Math.round(silentMs / 1000)} s` : undefined;
      try {
        await read({ sql: 'SELECT 1' });
        return undefined;
      } catch (thrown) {
        return `questions are not answered: ${reasonOf(thrown)}`;
      }
    },
    end: async () => reader?.end(),
  };
}
