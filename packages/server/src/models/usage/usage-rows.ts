/**
 * The row of a finished request: which columns it has, what goes in, and the statements that write many of them.
 *
 * What clients and providers said is made fit for a column here (length, characters, size of a number), so that no request can
 * make a row that the database refuses. When rows are written, and what becomes of those that are not: `usage.ts`.
 */
import type { Statement, Value } from '../../storage/index.ts';
import type { RequestReport } from '../report.ts';

/**
 * Rows per statement. SQLite finds each numbered parameter by a search, so many rows cost more each (48 µs at 100, 6 at 8), and
 * single rows repeat the statement's text in the journal.
 */
const rowsPerStatement = 8;
/** Names come from clients, who may send a book. */
const nameLimit = 500;
/** A longer trail is left out whole: half of it could not be read. */
const trailLimit = 64 * 1024;
/** Far beyond any request, and the sum of a billion of them is still a number of the database. */
const amountLimit = 1e12;

const columns = [
  ...['id', 'at', 'key_id', 'route', 'requested_model', 'provider', 'model', 'dialect_in', 'stream', 'outcome', 'status', 'attempts'],
  ...['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens'],
  ...['cost_nano_usd', 'first_token_ms', 'total_ms', 'trail', 'cached'],
] as const;

/** Values of one row. */
export const rowLength = columns.length;

/** The report with what not every report has. */
export type DetailedReport = RequestReport & { readonly trail?: string };

export interface RowDetails {
  readonly costNanoUsd: number | undefined;
  readonly nowMs: number;
}

/** Appends one row, in the order of the columns: an array for each would outlive the young generation in its thousands. */
export function appendRow(rows: Value[], report: DetailedReport, { costNanoUsd, nowMs }: RowDetails): void {
  const { call, target, outcome, observed, trail } = report;
  const usage = observed.usage;
  const error = outcome.kind === 'completed' ? undefined : outcome.error;
  const route = routeOf(report);
  rows.push(call.requestId, nowMs, call.caller.id, route === null ? null : nameOf(route), nameOf(report.requestedModel));
  rows.push(target?.provider.id ?? null, target ? nameOf(target.model) : null, call.dialect, report.stream ? 1 : 0);
  rows.push(error?.code ?? 'completed', error?.status ?? 200, report.attempts.length);
  rows.push(amountOf(usage?.input), amountOf(usage?.cacheRead), amountOf(usage?.cacheWrite));
  rows.push(amountOf(usage?.output), amountOf(usage?.reasoning), costNanoUsd === undefined ? null : amountOf(costNanoUsd));
  rows.push(report.firstOutputMs ?? null, report.totalMs);
  rows.push(
    trail === undefined || trail.length > trailLimit ? null : plain(trail),
    report.cached === undefined ? null : Number(report.cached),
  );
}

/** The route's name, where one was asked for and not a model itself. */
function routeOf({ requestedModel, target }: RequestReport): string | null {
  return !target || requestedModel === target.name || requestedModel === target.model ? null : requestedModel;
}

function nameOf(name: string): string {
  return plain(name.length > nameLimit ? name.slice(0, nameLimit) : name);
}

/** Without NUL and halves of characters, which not every engine takes. */
function plain(text: string): string {
  return text.isWellFormed() && !text.includes('\0') ? text : text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Providers are not trusted to count: what is no number, or below 0, is 0. */
function amountOf(value: number | undefined): number {
  return value !== undefined && value > 0 ? Math.round(Math.min(value, amountLimit)) : 0;
}

const fullSql = insertSql(rowsPerStatement);

export function insertStatements(rows: readonly Value[]): Statement[] {
  const statements: Statement[] = [];
  const step = rowsPerStatement * rowLength;
  for (let start = 0; start < rows.length; start += step) {
    const params = rows.slice(start, start + step);
    statements.push({ sql: params.length === step ? fullSql : insertSql(params.length / rowLength), params });
  }
  return statements;
}

/** A batch whose answer was lost is written again; the same request must not count twice. */
function insertSql(rows: number): string {
  const places = Array.from(
    { length: rows },
    (_, row) => `(${columns.map((_column, index) => `$${row * rowLength + index + 1}`).join(', ')})`,
  );
  return `INSERT INTO usage_requests (${columns.join(', ')}) VALUES ${places.join(', ')} ON CONFLICT (id) DO NOTHING`;
}
