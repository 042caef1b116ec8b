/**
 * What each request used and cost: written to the database in batches, off the path; and the questions asked of it.
 * Never content.
 *
 * A batch waits up to a second, because a commit for each request would cost more than the request. What a key with a budget
 * spends is committed at once, or 200 ms after the last such commit, together with what waits: after a crash only that much is missing from it.
 * It does not enforce anything: see `../allowance.ts`.
 */
import type { UsageDimension, UsageRow } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Database, Statement, Value } from '../../storage/index.ts';
import type { DetailedReport } from './usage-rows.ts';
import { createUsageWriter } from './usage-writer.ts';

export interface SpendingQuestion {
  readonly keyId: string;
  readonly sinceMs: number;
  /** Exclusive. Undefined: without end, for the clock may have been set back. */
  readonly beforeMs: number | undefined;
}

/** What was spent on a day of UTC; days are counted from 1970-01-01. */
export interface DaySpending {
  readonly day: number;
  readonly nanoUsd: number;
}

export interface UsageReader {
  /** Totals of all requests since `sinceMs` (wall clock), one row per value of `by`: the most requests first, days in their order. */
  totals(question: { readonly sinceMs: number; readonly by: UsageDimension }): Promise<UsageRow[]>;
  /** What the key spent, on each day on which it spent something. */
  spending(question: SpendingQuestion): Promise<DaySpending[]>;
  /** What `prune` would take, all in all. */
  stale(beforeMs: number): Promise<{ readonly items: number; readonly bytes: number }>;
  /** Gives up at most `limit` rows of requests from before then. @returns how many */
  prune(beforeMs: number, limit: number): Promise<number>;
}

export interface UsageLog extends UsageReader {
  record(report: DetailedReport, costNanoUsd: number | undefined): void;
  /** Requests that wait to be written. */
  readonly waiting: number;
  /** Reports that were thrown away: the database took none for too long, or not this one. */
  readonly dropped: number;
  /** Writes what waits. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface UsageLogOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Callers whose usage is written at once. @default none */
  readonly hasBudget?: (callerId: string) => boolean;
}

/** How long a report may wait. Longer loses more at a crash, shorter costs more commits. */
const flushEveryMs = 1000;

export function createUsageLog(options: UsageLogOptions): UsageLog {
  const { database, clock, hasBudget = () => false } = options;
  const writer = createUsageWriter(options);
  const reader = createUsageReader(database);
  const timer = clock.every(flushEveryMs, () => void writer.flush());

  return {
    record(report, costNanoUsd) {
      writer.append(report, { costNanoUsd, nowMs: clock.now(), urgent: hasBudget(report.call.caller.id) });
    },
    async totals(question) {
      await writer.flush();
      return reader.totals(question);
    },
    async spending(question) {
      await writer.flush();
      return reader.spending(question);
    },
    stale: (beforeMs) => reader.stale(beforeMs),
    prune: (beforeMs, limit) => reader.prune(beforeMs, limit),
    get waiting() {
      return writer.waiting;
    },
    get dropped() {
      return writer.dropped;
    },
    flush: () => writer.flush(),
    async close() {
      timer.cancel();
      await writer.flush();
      if (writer.waiting === 0) return;
      throw new OpenClawError('storage_failed', { details: { reason: `${writer.waiting} usage rows were not written` } });
    },
  };
}

/** For a process that only asks: the command line beside a stopped gateway. */
export function createUsageReader(database: Database): UsageReader {
  return {
    totals: async ({ sinceMs, by }) => (await database.read(totalsStatement(sinceMs, by))).map(totalOf),
    async spending(question) {
      const rows = await database.read(spendingStatement(question));
      return rows.map((row) => ({ day: Number(row['day']), nanoUsd: Number(row['nano_usd']) }));
    },
    async stale(beforeMs) {
      const sql = `SELECT COUNT(*) AS items, COALESCE(SUM(${rowBytes} + COALESCE(LENGTH(trail), 0)), 0) AS bytes FROM usage_requests WHERE at < $1`;
      const [row] = await database.read({ sql, params: [beforeMs] });
      return { items: Number(row?.['items'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
    },
    async prune(beforeMs, limit) {
      const sql = `SELECT id FROM usage_requests WHERE at < $1 ORDER BY at, id LIMIT ${limit}`;
      const ids = (await database.read({ sql, params: [beforeMs] })).map(({ id }) => String(id));
      const places = ids.map((_id, index) => `$${index + 1}`).join(', ');
      if (ids.length > 0)
        await database.write({ statements: [{ sql: `DELETE FROM usage_requests WHERE id IN (${places})`, params: ids }] });
      return ids.length;
    },
  };
}

/** What a row takes about, without its trail. */
const rowBytes = 200;

const dimensions: Readonly<Record<UsageDimension, string>> = {
  model: "COALESCE(provider || '/' || model, '(none)')",
  provider: "COALESCE(provider, '(none)')",
  key: 'key_id',
  route: "COALESCE(route, '(none)')",
  // Whole days since 1970 in UTC, so that both engines agree without date functions.
  day: 'at / 86400000',
};

/** By the partial index, whose condition has to stand here word for word. */
function spendingStatement({ keyId, sinceMs, beforeMs }: SpendingQuestion): Statement {
  return {
    sql: `SELECT at / 86400000 AS day, SUM(cost_nano_usd) AS nano_usd FROM usage_requests
          WHERE key_id = $1 AND at >= $2 AND at < $3 AND cost_nano_usd > 0 GROUP BY 1`,
    params: [keyId, sinceMs, beforeMs ?? Number.MAX_SAFE_INTEGER],
  };
}

function totalsStatement(sinceMs: number, by: UsageDimension): Statement {
  return {
    sql: `SELECT ${dimensions[by]} AS name, COUNT(*) AS requests,
            SUM(CASE WHEN outcome = 'completed' THEN 0 ELSE 1 END) AS failed,
            SUM(input_tokens) AS input_tokens, SUM(cache_read_tokens) AS cache_read_tokens,
            SUM(cache_write_tokens) AS cache_write_tokens, SUM(output_tokens) AS output_tokens,
            COALESCE(SUM(cost_nano_usd), 0) AS cost_nano_usd,
            SUM(CASE WHEN cost_nano_usd IS NULL AND input_tokens + output_tokens > 0 THEN 1 ELSE 0 END) AS unpriced
          FROM usage_requests WHERE at >= $1 GROUP BY 1 ORDER BY ${by === 'day' ? '1' : '2 DESC, 1'}`,
    params: [sinceMs],
  };
}

function totalOf(row: Readonly<Record<string, Value>>): UsageRow {
  const count = (column: string): number => Number(row[column] ?? 0);
  const name = row['name'];
  return {
    name: typeof name === 'string' ? name : new Date(Number(name) * 86_400_000).toISOString().slice(0, 10),
    requests: count('requests'),
    failed: count('failed'),
    inputTokens: count('input_tokens'),
    cacheReadTokens: count('cache_read_tokens'),
    cacheWriteTokens: count('cache_write_tokens'),
    outputTokens: count('output_tokens'),
    costNanoUsd: count('cost_nano_usd'),
    unpriced: count('unpriced'),
  };
}
