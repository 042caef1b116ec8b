/**
 * What each request used and cost: written to the database in batches, off the path; and the questions asked of it.
 * Never content.
 *
 * It does not enforce anything: budgets come with admission.
 */
import type { UsageDimension, UsageRow } from '@openclaw/protocol';
import type { Clock } from '../core/clock.ts';
import { OpenClawError, reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Database, Statement, Value } from '../storage/index.ts';
import type { RequestReport } from './service.ts';

export interface UsageReader {
  /** Totals of all requests since `sinceMs` (wall clock), one row per value of `by`: the most requests first, days in their order. */
  totals(question: { readonly sinceMs: number; readonly by: UsageDimension }): Promise<UsageRow[]>;
}

export interface UsageLog extends UsageReader {
  record(report: RequestReport, costNanoUsd: number | undefined): void;
  /** Requests that wait to be written. */
  readonly waiting: number;
  /** Reports that were thrown away because the database took none for too long. */
  readonly dropped: number;
  /** Writes what waits. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface UsageLogOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a report may wait. Longer loses more at a power cut, shorter costs more commits. */
const flushEveryMs = 1000;
/**
 * Rows per statement. SQLite finds each numbered parameter by a search, so many rows cost more each (48 µs at 100, 6 at 8), and
 * single rows repeat the statement's text in the journal.
 */
const rowsPerStatement = 8;
/** Reports in memory while the database takes none; about 10 MiB. */
const waitingLimit = 20_000;

const columns = [
  ...['id', 'at', 'key_id', 'route', 'requested_model', 'provider', 'model', 'dialect_in', 'stream', 'outcome', 'status', 'attempts'],
  ...['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens'],
  ...['cost_nano_usd', 'first_token_ms', 'total_ms'],
] as const;

export function createUsageLog({ database, clock, log }: UsageLogOptions): UsageLog {
  const reader = createUsageReader(database);
  let waiting: Value[][] = [];
  let dropped = 0;
  let flushing: Promise<void> = Promise.resolve();
  const timer = clock.every(flushEveryMs, () => void flush());

  function flush(): Promise<void> {
    flushing = flushing.then(writeWaiting);
    return flushing;
  }

  async function writeWaiting(): Promise<void> {
    if (waiting.length === 0) return;
    const rows = waiting;
    waiting = [];
    try {
      await database.write({ statements: insertStatements(rows) });
    } catch (thrown) {
      waiting = rows.concat(waiting);
      dropped += Math.max(0, waiting.length - waitingLimit);
      waiting = waiting.slice(-waitingLimit);
      log.warn('usage could not be written; it is kept and tried again', { rows: rows.length, dropped, reason: reasonOf(thrown) });
    }
  }

  return {
    record(report, costNanoUsd) {
      if (waiting.length >= waitingLimit) dropped += 1;
      else waiting.push(rowOf(report, costNanoUsd, clock.now()));
    },
    async totals(question) {
      await flush();
      return reader.totals(question);
    },
    get waiting() {
      return waiting.length;
    },
    get dropped() {
      return dropped;
    },
    flush,
    async close() {
      timer.cancel();
      await flush();
      if (waiting.length > 0)
        throw new OpenClawError('storage_failed', { details: { reason: `${waiting.length} usage rows were not written` } });
    },
  };
}

/** For a process that only asks: the command line beside a stopped gateway. */
export function createUsageReader(database: Database): UsageReader {
  return {
    totals: async ({ sinceMs, by }) => (await database.read(totalsStatement(sinceMs, by))).map(totalOf),
  };
}

function rowOf(report: RequestReport, costNanoUsd: number | undefined, nowMs: number): Value[] {
  const { call, target, outcome, observed } = report;
  const usage = observed.usage;
  const status = outcome.kind === 'completed' ? 200 : outcome.error.status;
  const outcomeWord = outcome.kind === 'completed' ? 'completed' : outcome.error.code;
  return [
    ...[call.requestId, nowMs, call.caller.id, routeOf(report), report.requestedModel],
    ...[
      target?.provider.id ?? null,
      target?.model ?? null,
      call.dialect,
      report.stream ? 1 : 0,
      outcomeWord,
      status,
      report.attempts.length,
    ],
    ...[usage?.input ?? 0, usage?.cacheRead ?? 0, usage?.cacheWrite ?? 0, usage?.output ?? 0, usage?.reasoning ?? 0],
    ...[costNanoUsd ?? null, report.firstOutputMs ?? null, report.totalMs],
  ];
}

/** The route's name, where one was asked for and not a model itself. */
function routeOf({ requestedModel, target }: RequestReport): string | null {
  return !target || requestedModel === target.name || requestedModel === target.model ? null : requestedModel;
}

function insertStatements(rows: readonly Value[][]): Statement[] {
  const statements: Statement[] = [];
  for (let start = 0; start < rows.length; start += rowsPerStatement) {
    const part = rows.slice(start, start + rowsPerStatement);
    const places = part.map((row, rowIndex) => `(${row.map((_, index) => `$${rowIndex * columns.length + index + 1}`).join(', ')})`);
    // A batch whose answer was lost is written again; the same request must not count twice.
    const sql = `INSERT INTO usage_requests (${columns.join(', ')}) VALUES ${places.join(', ')} ON CONFLICT (id) DO NOTHING`;
    statements.push({ sql, params: part.flat() });
  }
  return statements;
}

const dimensions: Readonly<Record<UsageDimension, string>> = {
  model: "COALESCE(provider || '/' || model, '(none)')",
  provider: "COALESCE(provider, '(none)')",
  key: 'key_id',
  route: "COALESCE(route, '(none)')",
  // Whole days since 1970 in UTC, so that both engines agree without date functions.
  day: 'at / 86400000',
};

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
