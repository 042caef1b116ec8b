/**
 * The rows that wait to be written, and how they are: many in one batch, those of keys with a budget at once or with others of the same
 * moment, none of them alone to blame for the others, and not more in memory than there is room for.
 *
 * It does not know when a second has passed, nor what is asked of the rows: see `usage.ts`.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Log, LogFields } from '../../core/log.ts';
import type { Database, Value } from '../../storage/index.ts';
import { appendRow, type DetailedReport, insertStatements, type RowDetails, rowLength } from './usage-rows.ts';

export interface UsageWriterOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

export interface UsageWriter {
  /** Takes a report; one that is urgent is written at once, or a moment after the last one that was, together with all that wait. */
  append(report: DetailedReport, details: RowDetails & { readonly urgent: boolean }): void;
  /** Writes what waits; never rejects. What the database does not take waits on. */
  flush(): Promise<void>;
  readonly waiting: number;
  readonly dropped: number;
}

const complainEveryMs = 60_000;
/** Between two batches of what is urgent: under load a commit for the few rows of every millisecond costs more than the requests. */
const urgentPauseMs = 200;
/** As many are written at once. More would live long enough to cost the garbage collector more than they are worth. */
const flushRows = 256;
/** Reports in memory while the database takes none; about 10 MiB. */
const waitingLimit = 20_000;

export function createUsageWriter({ database, clock, log }: UsageWriterOptions): UsageWriter {
  // Values of all rows, one after the other.
  let waiting: Value[] = [];
  let dropped = 0;
  let writing = false;
  /** A flush is called for and has not begun: it takes with it what comes until then. */
  let flushQueued = false;
  /** While the database refuses, nothing is urgent: it is tried again when somebody says so. */
  let refused = false;
  let flushing: Promise<void> = Promise.resolve();
  const urgency = createUrgency(clock, () => void flush());
  const waitingRows = (): number => waiting.length / rowLength;
  const { sayWaiting, sayGivenUp } = createComplaints(clock, log);

  function flush(): Promise<void> {
    if (!flushQueued) {
      flushQueued = true;
      flushing = flushing.then(writeWaiting);
    }
    return flushing;
  }

  async function writeWaiting(): Promise<void> {
    flushQueued = false;
    urgency.met();
    if (waiting.length === 0) return;
    const rows = waiting;
    waiting = [];
    writing = true;
    const unwritten = await writeRows(rows, { database, giveUp });
    writing = false;
    refused = unwritten.rows.length > 0;
    if (refused) keep(unwritten);
    else sayWaiting.over();
  }

  const giveUp = (row: readonly Value[], reason: string): void =>
    sayGivenUp.say({ requestId: String(row[0]), dropped: (dropped += 1), reason });

  function keep({ rows, reason }: Unwritten): void {
    const kept = rows.concat(waiting);
    const excess = Math.max(0, kept.length - waitingLimit * rowLength);
    dropped += excess / rowLength;
    waiting = kept.slice(excess);
    sayWaiting.say({ rows: waitingRows(), dropped, reason });
  }

  return {
    append(report, details) {
      if (waitingRows() >= waitingLimit) {
        dropped += 1;
        return;
      }
      appendRow(waiting, report, details);
      if (details.urgent && !refused) urgency.call();
      // Exactly at the mark, not beyond: there the database refuses.
      else if (!writing && waitingRows() === flushRows) void flush();
    },
    flush,
    get waiting() {
      return waitingRows();
    },
    get dropped() {
      return dropped;
    },
  };
}

interface Urgency {
  /** Acts at once, or as soon as the pause since the last time is over. */
  call(): void;
  /** What was called for is done now. */
  met(): void;
}

function createUrgency(clock: Clock, act: () => void): Urgency {
  let metMs = -Infinity;
  let timer: Timer | undefined;
  return {
    call() {
      if (timer) return;
      const pauseMs = metMs + urgentPauseMs - clock.monotonicMs();
      if (pauseMs <= 0) act();
      else timer = clock.after(pauseMs, act);
    },
    met() {
      metMs = clock.monotonicMs();
      timer?.cancel();
      timer = undefined;
    },
  };
}

interface Unwritten {
  readonly rows: Value[];
  readonly reason: string;
}

interface WriteOptions {
  readonly database: Database;
  /** Is told of each row that the database refuses while it takes others. */
  readonly giveUp: (row: readonly Value[], reason: string) => void;
}

/** Writes the rows. Where one of them is at fault they are halved until it is alone, so that it takes no others with it. */
async function writeRows(rows: Value[], options: WriteOptions): Promise<Unwritten> {
  const { database, giveUp } = options;
  try {
    await database.write({ statements: insertStatements(rows) });
    return { rows: [], reason: '' };
  } catch (thrown) {
    const reason = reasonOf(thrown);
    if (!(await isAboutRows(database, thrown))) return { rows, reason };
    const half = Math.floor(rows.length / rowLength / 2) * rowLength;
    if (half === 0) {
      giveUp(rows, reason);
      return { rows: [], reason };
    }
    const first = await writeRows(rows.slice(0, half), options);
    const second = await writeRows(rows.slice(half), options);
    return { rows: first.rows.concat(second.rows), reason: first.reason || second.reason };
  }
}

/** Whether these rows failed and others would not: the database itself is well. */
async function isAboutRows(database: Database, thrown: unknown): Promise<boolean> {
  if (thrown instanceof OpenClawError && (thrown.code === 'storage_full' || thrown.code === 'storage_busy')) return false;
  return database.check().then(
    ({ writable }) => writable,
    () => false,
  );
}

function createComplaints(clock: Clock, log: Log): { readonly sayWaiting: Complaint; readonly sayGivenUp: Complaint } {
  return {
    sayWaiting: createComplaint(clock, (fields) => log.warn('usage could not be written; it is kept and tried again', fields)),
    sayGivenUp: createComplaint(clock, (fields) => log.warn('a row of usage was refused and is given up', fields)),
  };
}

/** At once, then once a minute: writing is tried every second, and a full disk lasts. */
function createComplaint(clock: Clock, warn: (fields: LogFields) => void): Complaint {
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
