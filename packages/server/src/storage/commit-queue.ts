/**
 * Group commit: batches that wait together are committed together, one group at a time, in the order of the calls. Writers of a large group are
 * told in turns of the loop: what the first of them write next is on its way to the disk while the others are told, and nobody else waits for all.
 *
 * It knows neither SQL nor engines. It does not retry: what `commit` says of a batch is what its writer is told.
 */
import { OpenClawError } from '../core/errors.ts';

export interface CommitQueue<Batch> {
  /**
   * Resolves once the batch is durable.
   * @throws OpenClawError what the commit said, `storage_busy` when too much waits, `storage_failed` after `close`
   */
  add(batch: Batch, bytes: number): Promise<void>;
  /** Batches that are not committed yet. */
  readonly waiting: number;
  /** Waits for what was added; later calls of `add` fail. */
  close(): Promise<void>;
}

/** One entry per batch of the group: undefined where it was committed, else why not. A rejection speaks of all of them. */
export type Commit<Batch> = (group: readonly Batch[]) => Promise<readonly (OpenClawError | undefined)[]>;

export interface CommitQueueLimits {
  /** More than this is refused, so that a disk that hangs does not fill the memory. @default 10_000 */
  readonly waitingBatches?: number;
  /** @default 64 MiB */
  readonly waitingBytes?: number;
  /** Larger groups make those at their front wait for those at their end. @default 1_000 */
  readonly groupBatches?: number;
  /** @default 4 MiB */
  readonly groupBytes?: number;
}

export const commitQueueDefaults = {
  waitingBatches: 10_000,
  waitingBytes: 64 * 2 ** 20,
  groupBatches: 1_000,
  groupBytes: 4 * 2 ** 20,
} as const;

/** Enough for a group of its own, and little enough that the loop is free again soon. */
const toldPerTurn = 32;

interface Waiting<Batch> {
  readonly batch: Batch;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export function createCommitQueue<Batch>(commit: Commit<Batch>, options: CommitQueueLimits = {}): CommitQueue<Batch> {
  const limits = { ...commitQueueDefaults, ...options };
  const queue: Waiting<Batch>[] = [];
  let waitingBatches = 0;
  let waitingBytes = 0;
  let running: Promise<void> | undefined;
  let closed = false;

  const telling = createTelling();

  const settle = (group: readonly Waiting<Batch>[], outcomeOf: (index: number) => unknown): void => {
    const tells = group.map(({ bytes, resolve, reject }, index) => {
      const failure = outcomeOf(index);
      return (): void => {
        waitingBatches -= 1;
        waitingBytes -= bytes;
        if (failure === undefined) resolve();
        else reject(failure);
      };
    });
    telling.add(tells);
  };

  const run = async (): Promise<void> => {
    // Those who write in the same turn of the loop share the first group.
    await Promise.resolve();
    while (queue.length > 0) {
      const group = takeGroup(queue, limits);
      try {
        const outcomes = await commit(group.map(({ batch }) => batch));
        settle(group, (index) => outcomes[index]);
      } catch (thrown) {
        settle(group, () => thrown);
      }
    }
    running = undefined;
  };

  return {
    add(batch, bytes) {
      if (closed) return Promise.reject(databaseClosed());
      if (waitingBatches >= limits.waitingBatches || waitingBytes + bytes > Math.max(limits.waitingBytes, bytes)) {
        return Promise.reject(new OpenClawError('storage_busy', { details: { waiting: waitingBatches }, retryAfterMs: 1000 }));
      }
      waitingBatches += 1;
      waitingBytes += bytes;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      queue.push({ batch, bytes, resolve, reject });
      running ??= run();
      return promise;
    },
    get waiting() {
      return waitingBatches;
    },
    async close() {
      closed = true;
      await running;
      await telling.idle();
    },
  };
}

/** Tells writers in their order, so many in a turn of the loop. */
function createTelling() {
  const waiting: (() => void)[] = [];
  let isUnderWay = false;
  const next = (): void => {
    for (const tell of waiting.splice(0, toldPerTurn)) tell();
    isUnderWay = waiting.length > 0;
    if (isUnderWay) setImmediate(next);
  };
  return {
    add(tells: readonly (() => void)[]): void {
      waiting.push(...tells);
      if (!isUnderWay) next();
    },
    async idle(): Promise<void> {
      while (isUnderWay) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Takes the longest beginning of the queue that the limits allow, and at least one. */
function takeGroup<Batch>(queue: Waiting<Batch>[], { groupBatches, groupBytes }: Required<CommitQueueLimits>): Waiting<Batch>[] {
  let bytes = 0;
  const end = queue.findIndex((waiting, index) => {
    bytes += waiting.bytes;
    return index > 0 && (index === groupBatches || bytes > groupBytes);
  });
  return queue.splice(0, end === -1 ? queue.length : end);
}

export function databaseClosed(): OpenClawError {
  return new OpenClawError('storage_failed', { details: { reason: 'the database is closed' } });
}
