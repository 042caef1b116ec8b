/**
 * Gives up stored responses: those whose time is over, and the oldest where there are too many or they are too large together.
 * In small batches, so that no write of others waits long.
 */
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Database, Row, Statement } from '../../storage/index.ts';
import { deleteStatements } from './stored.ts';

export interface PruningOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly limitResponses: number;
  readonly limitBytes: number;
}

export interface Pruning {
  /** Counts what was written, and prunes as soon as that is too much. */
  added(responses: number, bytes: number): void;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

const everyMs = 60 * 60 * 1000;
const batchSize = 100;
/** Hashes of encrypted reasoning that are remembered; about 10 MB. */
const limitProofs = 100_000;

export function createPruning({ database, clock, log, limitResponses, limitBytes }: PruningOptions): Pruning {
  let stopped = false;
  let pruning: Promise<void> | undefined;
  /** Unknown until the first count. */
  let kept: Kept | undefined;
  /** Whether it was asked for while it was under way. */
  let again = false;
  const timer = clock.every(everyMs, () => start());

  function start(): void {
    again = true;
    pruning ??= pruneWhileAsked().finally(() => (pruning = undefined));
  }

  async function pruneWhileAsked(): Promise<void> {
    while (again) {
      again = false;
      try {
        await prune();
      } catch (thrown) {
        log.warn('stored responses could not be pruned', { reason: reasonOf(thrown) });
      }
    }
  }

  async function prune(): Promise<void> {
    kept = await count(database);
    for (;;) {
      const isTooMuch = kept.responses > limitResponses || kept.bytes > limitBytes;
      const rows = await database.read({
        sql: `SELECT owner, id, bytes FROM responses WHERE expires_at <= $1 ORDER BY expires_at, owner, id LIMIT ${batchSize}`,
        // Too much: the oldest, whether their time is over or not, as many as it takes.
        params: [isTooMuch ? Number.MAX_SAFE_INTEGER : clock.now()],
      });
      const given = isTooMuch ? rows.slice(0, neededOf(rows, kept, { limitResponses, limitBytes })) : rows;
      if (given.length === 0) break;
      await database.write({ statements: given.flatMap(({ owner, id }) => deleteStatements(String(owner), String(id))) });
      kept.responses -= given.length;
      for (const { bytes } of given) kept.bytes -= Number(bytes);
      // The end of the process waits for one batch, not for all of them.
      if (stopped) return;
    }
    await pruneProofs(database, clock.now());
  }

  return {
    added(responses, bytes) {
      if (!kept) return start();
      kept.responses += responses;
      kept.bytes += bytes;
      if (kept.responses > limitResponses || kept.bytes > limitBytes) start();
    },
    async stop() {
      stopped = true;
      timer.cancel();
      await pruning;
    },
  };
}

interface Kept {
  responses: number;
  bytes: number;
}

async function count(database: Database): Promise<Kept> {
  const [row] = await database.read({ sql: 'SELECT COUNT(*) AS responses, COALESCE(SUM(bytes), 0) AS bytes FROM responses' });
  return { responses: Number(row?.['responses'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
}

/** How many of these rows have to go until the limits hold. */
function neededOf(rows: readonly Row[], kept: Kept, limits: Pick<PruningOptions, 'limitResponses' | 'limitBytes'>): number {
  let { responses, bytes } = kept;
  let needed = 0;
  while (needed < rows.length && (responses > limits.limitResponses || bytes > limits.limitBytes)) {
    bytes -= Number(rows[needed]?.['bytes']);
    responses--;
    needed++;
  }
  return needed;
}

async function pruneProofs(database: Database, nowMs: number): Promise<void> {
  const [row] = await database.read({ sql: 'SELECT COUNT(*) AS proofs FROM response_proofs' });
  const excess = Number(row?.['proofs'] ?? 0) - limitProofs;
  const statements: Statement[] = [{ sql: 'DELETE FROM response_proofs WHERE expires_at <= $1', params: [nowMs] }];
  if (excess > 0) {
    const oldest = `SELECT hash FROM response_proofs ORDER BY expires_at, hash LIMIT ${excess}`;
    statements.push({ sql: `DELETE FROM response_proofs WHERE hash IN (${oldest})` });
  }
  await database.write({ statements });
}
