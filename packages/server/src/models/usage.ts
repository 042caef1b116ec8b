/**
 * What each request used and cost: written to the database in batches, off the path; and the questions asked of it.
 * Never content.
 *
 * It does not enforce anything: budgets come with admission.
 */
import type { UsageDimension, UsageRow } from '@openclaw/protocol';
import type { Clock } from '../core/clock.ts';
import { OpenClawError, reasonOf } from '../core/errors.ts';
import type { Log, LogFields } from '../core/log.ts';
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

/** How long a report may wait. Longer loses more at a crash, shorter costs more commits. */
const flushEveryMs = 1000;
const complainEveryMs = 60_000;
/** As many are written at once. More would live long enough to cost the garbage collector more than they are worth. */
const flushRows = 256;
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
  // Values of all rows, one after the other: an array for each row would outlive the young generation in its thousands.
  let waiting: Value[] = [];
  let dropped = 0;
  let writing = false;
  const complaint = createComplaint({ clock, log });
  let flushing: Promise<void> = Promise.resolve();
  const timer = clock.every(flushEveryMs, () => void flush());
  const waitingRows = (): number => waiting.length / columns.length;

  function flush(): Promise<void> {
    flushing = flushing.then(writeWaiting);
    return flushing;
  }

  async function writeWaiting(): Promise<void> {
    if (waiting.length === 0) return;
    const rows = waiting;
    waiting = [];
    writing = true;
    try {
      await database.write({ statements: insertStatements(rows) });
      complaint.over();
    } catch (thrown) {
      const kept = rows.concat(waiting);
      const excess = Math.max(0, kept.length - waitingLimit * columns.length);
      dropped += excess / columns.length;
      waiting = kept.slice(excess);
      complaint.say({ rows: waitingRows(), dropped, reason: reasonOf(thrown) });
    } finally {
      writing = false;
    }
  }

  return {
    record(report, costNanoUsd) {
      if (waitingRows() >= waitingLimit) {
        dropped += 1;
        return;
      }
      appendRow(waiting, report, { costNanoUsd, nowMs: clock.now() });
      // Exactly at the mark: while the database refuses, the timer alone tries again.
      if (!writing && waitingRows() === flushRows) void flush();
    },
    async totals(question) {
      await flush();
      return reader.totals(question);
    },
    get waiting() {
      return waitingRows();
    },
    get dropped() {
      return dropped;
    },
    flush,
    async close() {
      timer.cancel();
      await flush();
      if (waiting.length === 0) return;
      throw new OpenClawError('storage_failed', { details: { reason: `${waitingRows()} usage rows were not written` } });
    },
  };
}

/** At once, then once a minute: writing is tried every second, and a full disk lasts. */
function createComplaint({ clock, log }: Pick<UsageLogOptions, 'clock' | 'log'>): { say(fields: LogFields): void; over(): void } {
  let saidAtMs = -Infinity;
  return {
    say(fields) {
      const nowMs = clock.monotonicMs();
      if (nowMs - saidAtMs < complainEveryMs) return;
      saidAtMs = nowMs;
      log.warn('usage could not be written; it is kept and tried again', fields);
    },
    over() {
      saidAtMs = -Infinity;
    },
  };
}

/** For a process that only asks: the command line beside a stopped gateway. */
export function createUsageReader(database: Database): UsageReader {
  return {
    totals: async ({ sinceMs, by }) => (await database.read(totalsStatement(sinceMs, by))).map(totalOf),
  };
}

/** In the order of `columns`. */
function appendRow(rows: Value[], report: RequestReport, more: { readonly costNanoUsd: number | undefined; readonly nowMs: number }): void {
  const { call, target, outcome, observed } = report;
  const usage = observed.usage;
  const error = outcome.kind === 'completed' ? undefined : outcome.error;
  rows.push(call.requestId, more.nowMs, call.caller.id, routeOf(report), report.requestedModel);
  rows.push(target?.provider.id ?? null, target?.model ?? null, call.dialect, report.stream ? 1 : 0);
  rows.push(error?.code ?? 'completed', error?.status ?? 200, report.attempts.length);
  rows.push(usage?.input ?? 0, usage?.cacheRead ?? 0, usage?.cacheWrite ?? 0, usage?.output ?? 0, usage?.reasoning ?? 0);
  rows.push(more.costNanoUsd ?? null, report.firstOutputMs ?? null, report.totalMs);
}

/** The route's name, where one was asked for and not a model itself. */
function routeOf({ requestedModel, target }: RequestReport): string | null {
  return !target || requestedModel === target.name || requestedModel === target.model ? null : requestedModel;
}

const fullSql = insertSql(rowsPerStatement);

function insertStatements(rows: readonly Value[]): Statement[] {
  const statements: Statement[] = [];
  const step = rowsPerStatement * columns.length;
  for (let start = 0; start < rows.length; start += step) {
    const params = rows.slice(start, start + step);
    statements.push({ sql: params.length === step ? fullSql : insertSql(params.length / columns.length), params });
  }
  return statements;
}

/** A batch whose answer was lost is written again; the same request must not count twice. */
function insertSql(rows: number): string {
  const places = Array.from(
    { length: rows },
    (_, row) => `(${columns.map((_column, index) => `$${row * columns.length + index + 1}`).join(', ')})`,
  );
  return `INSERT INTO usage_requests (${columns.join(', ')}) VALUES ${places.join(', ')} ON CONFLICT (id) DO NOTHING`;
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
