/**
 * Deliveries in the database: every question and every write of this part.
 *
 * Whoever sends one has claimed it before, for as long as an attempt may take; an attempt counts from then on, whatever becomes of the process.
 */
import { deliveryStates, type DeliveryState, type DeliveryView, type NoticeType } from '@openclaw/protocol';
import { OpenClawError } from '../core/errors.ts';
import type { Database, Guard, Row, Statement, WriteBatch } from '../storage/index.ts';
import type { Notice } from './contract.ts';
import { deliveryIdOf } from './notices.ts';

export interface StoredDelivery extends DeliveryView {
  readonly notice: Notice;
  readonly queuedAtMs: number;
}

/** What a claim says: this attempt, by this owner. Nobody else settles it. */
export interface Claim {
  readonly id: string;
  readonly owner: string;
  readonly attempt: number;
}

export interface DeliveryQuestion {
  readonly channelId: string;
  /** @default all */
  readonly state?: DeliveryState;
  readonly limit: number;
}

export interface DeliveryCounts {
  readonly waiting: number;
  readonly dead: number;
  /** Null where none is dead. */
  readonly lastDeadAtMs: number | null;
}

const columns = 'id, channel, run_id, type, notice, state, attempts, owner, next_at, queued_at, created_at, settled_at, failure';

/** For the commit of the event that it speaks of. Again, it changes nothing. */
export function insertion(channelId: string, notice: Notice): Statement {
  const { runId, type, atMs } = notice;
  return {
    sql: `INSERT INTO channel_deliveries (${columns}) VALUES ($1, $2, $3, $4, $5, 'waiting', 0, NULL, $6, $6, $6, NULL, NULL)
          ON CONFLICT (id) DO NOTHING`,
    params: [deliveryIdOf(notice), channelId, runId, type, JSON.stringify(notice), atMs],
  };
}

export class DeliveryStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(id: string): Promise<StoredDelivery | undefined> {
    const [row] = await this.#database.read({ sql: `SELECT ${columns} FROM channel_deliveries WHERE id = $1`, params: [id] });
    return row && deliveryOf(row);
  }

  /** Those that may be sent now, the longest due first. */
  async due(channelId: string, nowMs: number, limit: number): Promise<StoredDelivery[]> {
    const rows = await this.#database.read({
      sql: `SELECT ${columns} FROM channel_deliveries WHERE channel = $1 AND state = 'waiting' AND next_at <= $2
            ORDER BY next_at, id LIMIT ${limit}`,
      params: [channelId, nowMs],
    });
    return rows.map(deliveryOf);
  }

  /** When the first of those that wait may be sent; undefined where none waits. */
  async nextDueAt(channelId: string): Promise<number | undefined> {
    const [row] = await this.#database.read({
      sql: "SELECT MIN(next_at) AS next_at FROM channel_deliveries WHERE channel = $1 AND state = 'waiting'",
      params: [channelId],
    });
    return numberOrNull(row?.['next_at']) ?? undefined;
  }

  /** @returns undefined where somebody else was quicker */
  async claim({ id, attempts, nextAttemptAtMs }: StoredDelivery, owner: string, untilMs: number): Promise<Claim | undefined> {
    const isClaimed = await this.#tryWrite({
      guards: [
        {
          sql: "SELECT 1 FROM channel_deliveries WHERE id = $1 AND state = 'waiting' AND attempts = $2 AND next_at = $3",
          ...{ params: [id, attempts, nextAttemptAtMs], expect: 'row', name: 'nobody was quicker' },
        },
      ],
      statements: [
        {
          sql: 'UPDATE channel_deliveries SET owner = $2, attempts = attempts + 1, next_at = $3 WHERE id = $1',
          params: [id, owner, untilMs],
        },
      ],
    });
    return isClaimed ? { id, owner, attempt: attempts + 1 } : undefined;
  }

  /** What a process of this name had under way before it ended may be sent again at once. */
  async release(owner: string, nowMs: number): Promise<void> {
    await this.#database.write({
      statements: [
        {
          sql: "UPDATE channel_deliveries SET owner = NULL, next_at = $2 WHERE owner = $1 AND state = 'waiting'",
          params: [owner, nowMs],
        },
      ],
    });
  }

  /** @returns false where the claim holds no more */
  delivered(claim: Claim, nowMs: number): Promise<boolean> {
    return this.#settle(claim, {
      sql: "UPDATE channel_deliveries SET state = 'delivered', owner = NULL, settled_at = $2, failure = NULL WHERE id = $1",
      params: [claim.id, nowMs],
    });
  }

  failed(claim: Claim, failure: string, nextAtMs: number): Promise<boolean> {
    return this.#settle(claim, {
      sql: 'UPDATE channel_deliveries SET owner = NULL, next_at = $2, failure = $3 WHERE id = $1',
      params: [claim.id, nextAtMs, failure],
    });
  }

  gaveUp(claim: Claim, failure: string, nowMs: number): Promise<boolean> {
    return this.#settle(claim, {
      sql: "UPDATE channel_deliveries SET state = 'dead', owner = NULL, settled_at = $2, failure = $3 WHERE id = $1",
      params: [claim.id, nowMs, failure],
    });
  }

  /** Another round, from now on, whatever became of it before. One that is just being sent is let be. */
  async requeue(id: string, nowMs: number): Promise<void> {
    await this.#database.write({
      statements: [
        {
          sql: `UPDATE channel_deliveries SET state = 'waiting', attempts = 0, next_at = $2, queued_at = $2, settled_at = NULL
                WHERE id = $1 AND owner IS NULL`,
          params: [id, nowMs],
        },
      ],
    });
  }

  /** The latest first. */
  async list({ channelId, state, limit }: DeliveryQuestion): Promise<StoredDelivery[]> {
    const rows = await this.#database.read({
      sql: `SELECT ${columns} FROM channel_deliveries WHERE channel = $1${state === undefined ? '' : ' AND state = $2'}
            ORDER BY created_at DESC, id DESC LIMIT ${limit}`,
      params: state === undefined ? [channelId] : [channelId, state],
    });
    return rows.map(deliveryOf);
  }

  /** Of the channels that have any. */
  async counts(): Promise<ReadonlyMap<string, DeliveryCounts>> {
    const rows = await this.#database.read({
      sql: `SELECT channel, SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END) AS waiting, SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END) AS dead,
            MAX(CASE WHEN state = 'dead' THEN settled_at ELSE NULL END) AS last_dead_at
            FROM channel_deliveries WHERE state <> 'delivered' GROUP BY channel ORDER BY channel`,
    });
    return new Map(
      rows.map((row) => [
        String(row['channel']),
        { waiting: Number(row['waiting']), dead: Number(row['dead']), lastDeadAtMs: numberOrNull(row['last_dead_at']) },
      ]),
    );
  }

  /** Forgets what is older than it is kept, and of each channel all but the latest `kept`. What waited so long is forgotten too. */
  async prune({ deliveredBeforeMs, deadBeforeMs, kept }: PruneOptions): Promise<void> {
    const channels = await this.#database.read({ sql: 'SELECT DISTINCT channel FROM channel_deliveries ORDER BY channel' });
    const surplus: Statement[] = [];
    for (const { channel } of channels) {
      for (const state of deliveryStates.filter((one) => one !== 'waiting')) {
        const [last] = await this.#database.read({
          sql: `SELECT created_at, id FROM channel_deliveries WHERE channel = $1 AND state = $2 ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET $3`,
          params: [channel ?? null, state, kept],
        });
        if (!last) continue;
        surplus.push({
          sql: 'DELETE FROM channel_deliveries WHERE channel = $1 AND state = $2 AND (created_at, id) <= ($3, $4)',
          params: [channel ?? null, state, last['created_at'] ?? null, last['id'] ?? null],
        });
      }
    }
    await this.#database.write({
      statements: [
        { sql: "DELETE FROM channel_deliveries WHERE state = 'delivered' AND settled_at < $1", params: [deliveredBeforeMs] },
        { sql: "DELETE FROM channel_deliveries WHERE state = 'dead' AND settled_at < $1", params: [deadBeforeMs] },
        { sql: "DELETE FROM channel_deliveries WHERE state = 'waiting' AND queued_at < $1", params: [deadBeforeMs] },
        ...surplus,
      ],
    });
  }

  #settle(claim: Claim, statement: Statement): Promise<boolean> {
    return this.#tryWrite({ guards: [holding(claim)], statements: [statement] });
  }

  async #tryWrite(batch: WriteBatch): Promise<boolean> {
    try {
      await this.#database.write(batch);
      return true;
    } catch (thrown) {
      if (thrown instanceof OpenClawError && thrown.code === 'storage_conflict') return false;
      throw thrown;
    }
  }
}

export interface PruneOptions {
  readonly deliveredBeforeMs: number;
  readonly deadBeforeMs: number;
  readonly kept: number;
}

function holding({ id, owner, attempt }: Claim): Guard {
  return {
    sql: "SELECT 1 FROM channel_deliveries WHERE id = $1 AND state = 'waiting' AND owner = $2 AND attempts = $3",
    ...{ params: [id, owner, attempt], expect: 'row', name: 'the claim holds' },
  };
}

function deliveryOf(row: Row): StoredDelivery {
  const state = String(row['state']) as DeliveryState;
  return {
    id: String(row['id']),
    channelId: String(row['channel']),
    runId: String(row['run_id']),
    type: String(row['type']) as NoticeType,
    // Written by `insertion` alone.
    notice: JSON.parse(String(row['notice'])) as Notice,
    state,
    attempts: Number(row['attempts']),
    nextAttemptAtMs: state === 'waiting' ? Number(row['next_at']) : null,
    queuedAtMs: Number(row['queued_at']),
    createdAtMs: Number(row['created_at']),
    settledAtMs: numberOrNull(row['settled_at']),
    failure: typeof row['failure'] === 'string' ? row['failure'] : null,
  };
}

function numberOrNull(value: Row[string] | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
