/**
 * The database contract: what every part may ask of the state store, and nothing that only one engine can do.
 *
 * SQL is written once, in the subset that SQLite and PostgreSQL share: parameters are `$1`, `$2`, …; types are TEXT, BIGINT
 * and DOUBLE PRECISION; upserts are `ON CONFLICT … DO UPDATE`; statements are deterministic (no `now()`, no `random()`, no LIMIT
 * without a full order), because SQLite replays them from its journal. Text holds no NUL character, which PostgreSQL cannot store.
 * There are no interactive transactions: a write is one batch, all or nothing.
 *
 * The conformance suite is `database.suite.ts`; it runs on every engine.
 */

export type Value = string | number | bigint | null;
export type Row = Readonly<Record<string, Value>>;

export interface Statement {
  readonly sql: string;
  readonly params?: readonly Value[];
}

/** A condition that must hold inside the transaction, else nothing of the batch is written. */
export interface Guard extends Statement {
  /** Whether the query must return a row or must return none. */
  readonly expect: 'row' | 'noRow';
  /** Words for the `storage_conflict` error: what no longer held. */
  readonly name: string;
}

/** A line in the change feed, written with the batch that it speaks of. */
export interface ChangeNote {
  readonly topic: string;
  readonly key: string;
}

export interface Change extends ChangeNote {
  /** Rises in commit order; gaps are allowed. */
  readonly position: number;
}

export interface WriteBatch {
  readonly guards?: readonly Guard[];
  readonly statements: readonly Statement[];
  readonly changes?: readonly ChangeNote[];
}

export interface Database {
  readonly engine: 'sqlite' | 'postgres';

  /**
   * Rows of one query, as of some moment not before the last acknowledged write. Integers beyond 2^53 come as bigint.
   * @throws OpenClawError `storage_failed`, also for more than 100,000 rows; `storage_busy`
   */
  read<Result extends Row = Row>(statement: Statement): Promise<Result[]>;

  /**
   * Writes all statements or none. Resolves when the batch is durable: it survives `kill -9` and a power cut from then on.
   * Batches become durable in the order of the calls; those that wait together share one fsync.
   * @throws OpenClawError `storage_conflict` if a guard fails, `storage_full`, `storage_busy` if too much waits, `storage_failed`.
   */
  write(batch: WriteBatch): Promise<void>;

  /**
   * Notes after `position`, in commit order on every engine, at most `limit`. The last 100,000 are kept.
   * @throws OpenClawError `changes_expired` if some after `position` are gone: read everything afresh
   */
  changes(after: number, limit: number): Promise<Change[]>;

  /** Tells every subscriber of `channel`, in every process on this store; at most once, not stored. At most 7,900 bytes. */
  publish(channel: string, message: string): Promise<void>;
  /** Calls `listener` for each message; the returned function ends it. */
  subscribe(channel: string, listener: (message: string) => void): () => void;

  /** Whether a write would succeed now: the evidence behind `/readyz`. */
  check(): Promise<DatabaseHealth>;

  /** Waits for writes under way, then lets go of everything. Later calls fail with `storage_failed`. */
  close(): Promise<void>;
}

export interface DatabaseHealth {
  readonly writable: boolean;
  /** Why not, in words for people. */
  readonly reason?: string;
  readonly bytes: number;
  /** Batches that wait for their commit. */
  readonly waiting: number;
  /** How often this process waited for the disk, how long in all, and the longest of the last minutes; where it is its own. */
  readonly syncs?: { readonly count: number; readonly totalMs: number; readonly slowestMs: number };
}
