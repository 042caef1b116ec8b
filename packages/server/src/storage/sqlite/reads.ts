/**
 * Who answers reads: the writer as long as it has nothing else to do and is quick about it, then a reader thread of its own, and
 * another one where that has ended.
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
  /** `at once`: the writer never answers. */
  readonly reader: ReaderStart;
  /** @default a thread of the store */
  readonly startThread?: () => StorageThread;
}

/**
 * A reader is 16 MiB, and 35 ms of work that would compete with a start. A gateway that nobody asks, and that itself asks little now
 * and then, does without.
 */
export type ReaderStart = 'at once' | 'when needed';

/** Reads so soon after the opening are small and come before any traffic, many at once. */
const startUpMs = 5_000;
/** A question that takes longer keeps writes waiting for longer than they take themselves. */
const slowMs = 10;
/** Reads that wait; more are refused. */
const waitingLimit = 1_000;
/** No question that the program asks takes so long; a thread that has answered none for so long hangs. */
const silenceLimitMs = 30_000;

export function createReads(writer: StorageThread, options: ReadsOptions): Reads {
  const { path, clock, startThread = startStorageThread } = options;
  const openedMs = clock.monotonicMs();
  let reader: StorageThread | undefined;
  let needed = options.reader === 'at once';
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
    const startingUp = clock.monotonicMs() - openedMs < startUpMs;
    needed ||= writer.pending > 0 && !startingUp;
    if (!needed) return writer;
    if (reader === undefined || reader.ended) reader = startReader();
    return reader;
  };

  async function read(statement: Statement): Promise<Row[]> {
    if (waiting >= waitingLimit) throw new OpenClawError('storage_busy', { details: { waiting }, retryAfterMs: 1000 });
    if (waiting === 0) quietMs = clock.monotonicMs();
    waiting += 1;
    const askedMs = clock.monotonicMs();
    try {
      return await threadForReads().call('read', statement);
    } finally {
      waiting -= 1;
      quietMs = clock.monotonicMs();
      needed ||= quietMs - askedMs > slowMs && quietMs - openedMs >= startUpMs;
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
