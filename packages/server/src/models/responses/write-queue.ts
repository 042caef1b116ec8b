/**
 * Writes what is kept in batches: what comes while one is being written goes into the next. What waits is bounded, and what the
 * database refuses is given up: an answer that cannot be kept is still an answer.
 */
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Log, LogFields } from '../../core/log.ts';
import type { Database, Statement } from '../../storage/index.ts';

export interface WriteQueueOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly onWritten: (responses: number, bytes: number) => void;
}

export interface Write {
  readonly statements: readonly Statement[];
  readonly responses: number;
  readonly bytes: number;
}

export interface WriteQueue {
  add(write: Write): void;
  /** Resolves when all that was added before is written or given up. */
  settled(): Promise<void>;
}

/** What is larger is not kept. */
const writeLimitBytes = 32 * 1024 * 1024;
const waitingLimitBytes = 64 * 1024 * 1024;
/** Responses of one batch. More would hold up the writes of others. */
const batchSize = 32;
/** A full disk lasts, and each answer meets it. */
const complainEveryMs = 60_000;

export function createWriteQueue({ database, clock, log, onWritten }: WriteQueueOptions): WriteQueue {
  let waiting: Write[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> | undefined;
  let complainedMs = -Infinity;
  let lost = 0;

  function complain(responses: number, fields: LogFields): void {
    lost += responses;
    const nowMs = clock.monotonicMs();
    if (nowMs - complainedMs < complainEveryMs) return;
    complainedMs = nowMs;
    log.warn('responses could not be stored', { responses: lost, ...fields });
    lost = 0;
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchSize);
      waiting = waiting.slice(batch.length);
      const bytes = batch.reduce((sum, one) => sum + one.bytes, 0);
      const responses = batch.reduce((sum, one) => sum + one.responses, 0);
      try {
        await database.write({ statements: batch.flatMap(({ statements }) => statements) });
        onWritten(responses, bytes);
      } catch (thrown) {
        complain(responses, { reason: reasonOf(thrown) });
      }
      waitingBytes -= bytes;
    }
    writing = undefined;
  }

  return {
    add(write) {
      if (write.bytes > writeLimitBytes || waitingBytes + write.bytes > waitingLimitBytes) {
        complain(write.responses, { reason: 'it is too large, or too much waits to be written', bytes: write.bytes, waitingBytes });
        return;
      }
      waiting.push(write);
      waitingBytes += write.bytes;
      writing ??= writeAll();
    },
    settled: () => writing ?? Promise.resolve(),
  };
}
