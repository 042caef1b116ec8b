/**
 * Lines of the log as the page keeps them: read once, bounded, filtered by level and words. Pure; who asks for them is `use-log.ts`.
 */
export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof levels)[number];

export interface LogLine {
  /** Rises with each line that came; not a place in the file. */
  readonly id: number;
  /** Undefined where the line is none of ours. */
  readonly level: Level | undefined;
  readonly time: string | undefined;
  readonly component: string | undefined;
  readonly message: string;
  /** All else that it says. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** As it stands in the file; for searching and copying. */
  readonly raw: string;
}

export interface LogTail {
  readonly file: string;
  readonly cursor: number;
  readonly size: number;
  readonly lines: readonly string[];
  readonly truncated: boolean;
  readonly reset: boolean;
}

export interface LogView {
  readonly lines: readonly LogLine[];
  readonly cursor: number | undefined;
  readonly file: string | undefined;
  /** So many lines came, also those that gave way. */
  readonly count: number;
}

export const emptyLog: LogView = { lines: [], cursor: undefined, file: undefined, count: 0 };

/** Older ones give way; they stay in the file. */
export const linesLimit = 2000;

export function addTail(view: LogView, tail: LogTail): LogView {
  const fresh = tail.lines.map((raw, index) => readLine(raw, view.count + index + 1));
  const lines = fresh.length === 0 ? view.lines : [...view.lines, ...fresh].slice(-linesLimit);
  return { lines, cursor: tail.cursor, file: tail.file, count: view.count + fresh.length };
}

export function readLine(raw: string, id: number): LogLine {
  const plain: LogLine = { id, raw, level: undefined, time: undefined, component: undefined, message: raw, fields: {} };
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    // Something else wrote into the file: it is shown as it is.
    return plain;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return plain;
  const { level, time, message, component, ...fields } = value as Record<string, unknown>;
  return {
    ...{ id, raw, fields },
    level: levels.find((known) => known === level),
    time: textOf(time),
    component: textOf(component),
    message: textOf(message) ?? raw,
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export interface LogFilter {
  readonly level: Level;
  /** Every word of it must be in the line. */
  readonly words: string;
}

export function filterLines(lines: readonly LogLine[], { level, words }: LogFilter): readonly LogLine[] {
  const least = levels.indexOf(level);
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return lines.filter(
    (line) =>
      (line.level === undefined || levels.indexOf(line.level) >= least) && wanted.every((word) => line.raw.toLowerCase().includes(word)),
  );
}

/** The error of a line in one: `upstream_unreachable: could not be reached`. */
export function errorOf({ fields }: LogLine): string | undefined {
  const { error } = fields;
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return [textOf(code), textOf(message)].filter(Boolean).join(': ') || undefined;
}

/** Fields one under the other, parts of objects under their own names: `error.hint`. */
export function flattenFields(fields: Readonly<Record<string, unknown>>, path = ''): readonly (readonly [string, string])[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    const full = path === '' ? name : `${path}.${name}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return flattenFields(value as Record<string, unknown>, full);
    return [[full, typeof value === 'string' ? value : JSON.stringify(value)] as const];
  });
}

/** Beyond this a line is opened rather than read. */
const summaryLimit = 160;

/** What else a line says, short: `status 502, provider acme`. Errors are told by `errorOf`. */
export function summaryOf({ fields }: LogLine): string {
  const { error: _, ...others } = fields;
  const text = flattenFields(others)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  return text.length <= summaryLimit ? text : `${text.slice(0, summaryLimit - 1).toWellFormed()}…`;
}
