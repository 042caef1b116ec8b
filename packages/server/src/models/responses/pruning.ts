/**
 * Gives up stored responses: those whose time is over, and where there are too many or they are too large together, the oldest of
 * whoever has the most: nobody can push out what others have stored. In small batches, so that no write of others waits long.
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
/** Where there is too much it is brought down to this share of the limits: the next one that comes must not make for another count of all. */
const prunedShare = 0.95;
/** Hashes of encrypted reasoning that are remembered; about 10 MB. */
const limitProofs = 100_000;

export function createPruning({ database, clock, log, limitResponses, limitBytes }: PruningOptions): Pruning {
  let stopped = false;
  let pruning: Promise<void> | undefined;
  /** Unknown until the first count. */
  let kept: Kept | undefined;
  /** Whether it was asked for while it was under way. */
  let again = false;
  const isStopped = (): boolean => stopped;
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
    await giveUpExpired(database, { nowMs: clock.now(), isStopped });
    const owners = await count(database);
    const counted = sumOf(owners);
    kept = counted;
    if (counted.responses > limitResponses || counted.bytes > limitBytes) {
      const limits = { responses: Math.ceil(limitResponses * prunedShare), bytes: limitBytes * prunedShare };
      const given = await giveUpHeaviest(database, owners, { limits, isStopped });
      // What was added meanwhile is in it by now.
      counted.responses -= given.responses;
      counted.bytes -= given.bytes;
    }
    if (!stopped) await pruneProofs(database, clock.now());
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

export async function countExpired(database: Database, nowMs: number): Promise<{ readonly items: number; readonly bytes: number }> {
  const sql = 'SELECT COUNT(*) AS items, COALESCE(SUM(bytes), 0) AS bytes FROM responses WHERE expires_at <= $1';
  const [row] = await database.read({ sql, params: [nowMs] });
  return { items: Number(row?.['items'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
}

interface Kept {
  responses: number;
  bytes: number;
}

/** Whether the process is about to end: it waits for one batch, not for all of them. */
type IsStopped = () => boolean;

async function giveUpExpired(
  database: Database,
  { nowMs, isStopped }: { readonly nowMs: number; readonly isStopped: IsStopped },
): Promise<void> {
  for (;;) {
    const rows = await database.read({
      sql: `SELECT owner, id FROM responses WHERE expires_at <= $1 ORDER BY expires_at, owner, id LIMIT ${batchSize}`,
      params: [nowMs],
    });
    if (rows.length > 0) await giveUp(database, rows);
    if (rows.length < batchSize || isStopped()) return;
  }
}

/** @returns what was given up */
async function giveUpHeaviest(
  database: Database,
  owners: ReadonlyMap<string, Kept>,
  { limits, isStopped }: { readonly limits: Readonly<Kept>; readonly isStopped: IsStopped },
): Promise<Kept> {
  const left = sumOf(owners);
  const before = { ...left };
  while (isBeyond(left, limits)) {
    const [owner, own] = heaviest(owners, limits);
    const rows = await database.read({
      // Written so that the index by age is used and not the one by owner, which would sort all that the owner has.
      sql: `SELECT owner, id, bytes FROM responses WHERE owner || '' = $1 ORDER BY expires_at, owner, id LIMIT ${batchSize}`,
      params: [owner],
    });
    const given = rows.slice(0, neededOf(rows, left, limits));
    if (given.length === 0) break;
    await giveUp(database, given);
    for (const { bytes } of given) {
      for (const one of [left, own]) {
        one.responses -= 1;
        one.bytes -= Number(bytes);
      }
    }
    if (isStopped()) break;
  }
  return { responses: before.responses - left.responses, bytes: before.bytes - left.bytes };
}

async function giveUp(database: Database, rows: readonly Row[]): Promise<void> {
  await database.write({ statements: rows.flatMap(({ owner, id }) => deleteStatements(String(owner), String(id))) });
}

/** By owner. */
async function count(database: Database): Promise<Map<string, Kept>> {
  const rows = await database.read({ sql: 'SELECT owner, COUNT(*) AS responses, SUM(bytes) AS bytes FROM responses GROUP BY owner' });
  return new Map(rows.map(({ owner, responses, bytes }) => [String(owner), { responses: Number(responses), bytes: Number(bytes) }]));
}

function sumOf(owners: ReadonlyMap<string, Kept>): Kept {
  const sum = { responses: 0, bytes: 0 };
  for (const { responses, bytes } of owners.values()) {
    sum.responses += responses;
    sum.bytes += bytes;
  }
  return sum;
}

function isBeyond(kept: Kept, limits: Readonly<Kept>): boolean {
  return kept.responses > limits.responses || kept.bytes > limits.bytes;
}

/** Whoever uses up the most of a limit. */
function heaviest(owners: ReadonlyMap<string, Kept>, limits: Readonly<Kept>): [owner: string, kept: Kept] {
  const shareOf = ({ responses, bytes }: Kept): number => Math.max(responses / limits.responses, bytes / limits.bytes);
  return [...owners].reduce((most, one) => (shareOf(one[1]) > shareOf(most[1]) ? one : most));
}

/** How many of these rows have to go until the limits hold. */
function neededOf(rows: readonly Row[], kept: Kept, limits: Readonly<Kept>): number {
  const left = { ...kept };
  let needed = 0;
  while (needed < rows.length && isBeyond(left, limits)) {
    left.bytes -= Number(rows[needed]?.['bytes']);
    left.responses -= 1;
    needed += 1;
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
