/**
 * What each request used and cost: written to the database in batches, off the path; and the questions asked of it.
 * Never content.
 *
 * A batch waits up to a second, because a commit for each request would cost more than the request. What a key with a budget
 * spends is committed at once, together with what waits: after a crash only requests under way are missing from its budget.
 * It does not enforce anything: see `allowance.ts`.
 */
import type { UsageDimension, UsageRow } from '@openclaw/protocol';
import type { Clock } from '../core/clock.ts';
import { OpenClawError, reasonOf } from '../core/errors.ts';
import type { Log, LogFields } from '../core/log.ts';
import type { Database, Statement, Value } from '../storage/index.ts';
import type { RequestReport } from './service.ts';
import { appendRow, insertStatements, rowLength } from './usage-rows.ts';

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
}

export interface UsageLog extends UsageReader {
  record(report: RequestReport, costNanoUsd: number | undefined): void;
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
const complainEveryMs = 60_000;
/** As many are written at once. More would live long enough to cost the garbage collector more than they are worth. */
const flushRows = 256;
/** Reports in memory while the database takes none; about 10 MiB. */
const waitingLimit = 20_000;

export function createUsageLog({ database, clock, log, hasBudget = () => false }: UsageLogOptions): UsageLog {
  const reader = createUsageReader(database);
  // Values of all rows, one after the other.
  let waiting: Value[] = [];
  let dropped = 0;
  let writing = false;
  /** A flush is called for and has not begun: it takes with it what comes until then. */
  let flushQueued = false;
  /** While the database refuses, the timer alone tries again. */
  let refused = false;
  const waitComplaint = createComplaint({
    clock,
    warn: (fields) => log.warn('usage could not be written; it is kept and tried again', fields),
  });
  const rowComplaint = createComplaint({ clock, warn: (fields) => log.warn('a row of usage was refused and is given up', fields) });
  let flushing: Promise<void> = Promise.resolve();
  const timer = clock.every(flushEveryMs, () => void flush());
  const waitingRows = (): number => waiting.length / rowLength;

  function flush(): Promise<void> {
    if (!flushQueued) {
      flushQueued = true;
      flushing = flushing.then(writeWaiting);
    }
    return flushing;
  }

  async function writeWaiting(): Promise<void> {
    flushQueued = false;
    if (waiting.length === 0) return;
    const rows = waiting;
    waiting = [];
    writing = true;
    const unwritten = await write(rows);
    writing = false;
    refused = unwritten.rows.length > 0;
    if (refused) keep(unwritten);
    else waitComplaint.over();
  }

  /** Writes the rows; halves them where one of them is at fault, until that one is alone. */
  async function write(rows: Value[]): Promise<Unwritten> {
    try {
      await database.write({ statements: insertStatements(rows) });
      return { rows: [], reason: '' };
    } catch (thrown) {
      const reason = reasonOf(thrown);
      if (!(await isAboutRows(database, thrown))) return { rows, reason };
      const half = Math.floor(rows.length / rowLength / 2) * rowLength;
      if (half === 0) {
        dropped += 1;
        rowComplaint.say({ requestId: String(rows[0]), dropped, reason });
        return { rows: [], reason: '' };
      }
      const first = await write(rows.slice(0, half));
      const second = await write(rows.slice(half));
      return { rows: first.rows.concat(second.rows), reason: first.reason || second.reason };
    }
  }

  function keep({ rows, reason }: Unwritten): void {
    const kept = rows.concat(waiting);
    const excess = Math.max(0, kept.length - waitingLimit * rowLength);
    dropped += excess / rowLength;
    waiting = kept.slice(excess);
    waitComplaint.say({ rows: waitingRows(), dropped, reason });
  }

  return {
    record(report, costNanoUsd) {
      if (waitingRows() >= waitingLimit) {
        dropped += 1;
        return;
      }
      appendRow(waiting, report, { costNanoUsd, nowMs: clock.now() });
      const due = hasBudget(report.call.caller.id) ? !refused : !writing && waitingRows() === flushRows;
      if (due) void flush();
    },
    async totals(question) {
      await flush();
      return reader.totals(question);
    },
    async spending(question) {
      await flush();
      return reader.spending(question);
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

interface Unwritten {
  readonly rows: Value[];
  readonly reason: string;
}

/** Whether these rows failed and others would not: the database itself is well. */
async function isAboutRows(database: Database, thrown: unknown): Promise<boolean> {
  if (thrown instanceof OpenClawError && (thrown.code === 'storage_full' || thrown.code === 'storage_busy')) return false;
  return database.check().then(
    ({ writable }) => writable,
    () => false,
  );
}

/** At once, then once a minute: writing is tried every second, and a full disk lasts. */
function createComplaint({ clock, warn }: { readonly clock: Clock; readonly warn: (fields: LogFields) => void }): Complaint {
  let saidAtMs = -Infinity;
  return {
    say(fields) {
      const nowMs = clock.monotonicMs();
      if (nowMs - saidAtMs < complainEveryMs) return;
      saidAtMs = nowMs;
      warn(fields);
    },
    over() {
      saidAtMs = -Infinity;
    },
  };
}

interface Complaint {
  say(fields: LogFields): void;
  over(): void;
}

/** For a process that only asks: the command line beside a stopped gateway. */
export function createUsageReader(database: Database): UsageReader {
  return {
    totals: async ({ sinceMs, by }) => (await database.read(totalsStatement(sinceMs, by))).map(totalOf),
    async spending(question) {
      const rows = await database.read(spendingStatement(question));
      return rows.map((row) => ({ day: Number(row['day']), nanoUsd: Number(row['nano_usd']) }));
    },
  };
}

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
