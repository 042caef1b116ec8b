/**
 * The log: lines with documented fields (`docs/logs.md`), without secrets, to any number of destinations.
 *
 * Logging never throws and never waits. It opens no files and knows no terminal: destinations are handed in, see
 * `rotating-file.ts` for the one on disk.
 */
import type { Clock } from './clock.ts';
import { OpenClawError } from './errors.ts';
import type { JsonObject } from './json.ts';
import { formatJson, formatPretty, type LogRecord } from './log-format.ts';
import { logLevels, type LogLevel } from './log-level.ts';
import { toLogText, toLogValue } from './log-value.ts';
import type { Metrics } from './metrics.ts';
import { createRedactor, type Redactor } from './redact.ts';

/** The least important level that is written; `silent` writes nothing. */
export type LogThreshold = LogLevel | 'silent';

/** Anything may be handed in: it is bounded, errors become `{ code, message, hint }`, undefined is left out. */
export type LogFields = Readonly<Record<string, unknown>>;

type LogMethod = (message: string, fields?: LogFields) => void;

export interface Log extends Readonly<Record<LogLevel, LogMethod>> {
  /** A log whose every line has these fields too. */
  child(fields: LogFields): Log;
  /** For lines that are dear to prepare. */
  isEnabled(level: LogLevel): boolean;
}

export interface RootLog extends Log {
  readonly level: LogThreshold;
  /**
   * From now on, also for every child that exists.
   * @throws OpenClawError `invalid_request` if there is no such level.
   */
  setLevel(level: string): void;
  /** Waits for destinations that write later. */
  flush(): Promise<void>;
}

export type LogFormat = 'auto' | 'json' | 'pretty';

export interface LogDestination {
  /** Takes one line, which ends in a line feed. What it throws is counted as a lost line. */
  write(line: string): void;
  flush?(): Promise<void>;
  readonly isTerminal?: boolean;
  /** Overrides the format of the log: files are always JSON. */
  readonly format?: LogFormat;
}

export interface LogOptions {
  readonly destinations: readonly LogDestination[];
  readonly clock: Clock;
  /** @default 'info' */
  readonly level?: LogThreshold;
  /** `auto` is pretty on a terminal and JSON elsewhere. @default 'auto' */
  readonly format?: LogFormat;
  /** Shared with whoever learns of secrets: what is added to it later goes from later lines. @default knows of none */
  readonly redactor?: Redactor;
  /** Characters of one line; more is cut and marked. @default 16384 */
  readonly lineLimitCharacters?: number;
  /** Where lines, and lines lost by a destination, are counted. @default nowhere */
  readonly metrics?: Metrics;
}

export const logDefaults = { level: 'info', format: 'auto', lineLimitCharacters: 16_384 } as const;

/** Names that belong to the log itself; a field of this name is written as `field.NAME`. */
const ownNames: ReadonlySet<string> = new Set(['time', 'level', 'message', 'cut']);

export function createLog(options: LogOptions): RootLog {
  const { destinations, clock, format, lineLimitCharacters } = { ...logDefaults, ...options };
  const redactor = options.redactor ?? createRedactor();
  const counts = options.metrics === undefined ? undefined : logCounters(options.metrics);
  const outputs = destinations.map((destination) => ({
    destination,
    pretty: isPretty(destination, format),
    colours: destination.isTerminal === true,
  }));
  let threshold: LogThreshold = options.level ?? logDefaults.level;
  let rank = rankOf(threshold);

  const write = (level: LogLevel, message: string, fields: JsonObject): void => {
    const clean = redactor.value({ message: toLogText(message), fields });
    const record: LogRecord = { timeMs: clock.now(), level, message: clean.message, fields: clean.fields };
    let json: string | undefined;
    counts?.lines.labels(level).increment();
    for (const output of outputs) {
      try {
        if (output.pretty)
          output.destination.write(formatPretty(record, { limitCharacters: lineLimitCharacters, colours: output.colours }));
        else output.destination.write((json ??= formatJson(record, lineLimitCharacters)));
      } catch {
        // There is nowhere left to say so but the counter.
        counts?.lost.labels().increment();
      }
    }
  };

  const create = (bound: JsonObject): Log => {
    const method = (level: LogLevel): LogMethod => {
      const ownRank = rankOf(level);
      return (message, fields) => {
        if (ownRank >= rank) write(level, message, fields === undefined ? bound : { ...bound, ...toFields(fields) });
      };
    };
    return {
      ...methods(method),
      child: (fields) => create({ ...bound, ...toFields(fields) }),
      isEnabled: (level) => rankOf(level) >= rank,
    };
  };

  const root = create({});
  return {
    ...root,
    get level() {
      return threshold;
    },
    setLevel(level) {
      if (!isThreshold(level)) {
        throw new OpenClawError('invalid_request', {
          details: { path: 'level', reason: `must be one of silent, ${logLevels.join(', ')}` },
          param: 'level',
        });
      }
      threshold = level;
      rank = rankOf(level);
    },
    async flush() {
      await Promise.all(destinations.flatMap((destination) => destination.flush?.() ?? []));
    },
  };
}

function methods(method: (level: LogLevel) => LogMethod): Record<LogLevel, LogMethod> {
  return {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
  };
}

function isThreshold(level: string): level is LogThreshold {
  return level === 'silent' || logLevels.some((known) => known === level);
}

function rankOf(level: LogThreshold): number {
  return level === 'silent' ? logLevels.length : logLevels.indexOf(level);
}

function isPretty(destination: LogDestination, format: LogFormat): boolean {
  const wanted = destination.format ?? format;
  return wanted === 'pretty' || (wanted === 'auto' && destination.isTerminal === true);
}

function toFields(fields: LogFields): JsonObject {
  const values = toLogValue(fields) as JsonObject;
  if (!Object.keys(values).some((name) => ownNames.has(name))) return values;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [ownNames.has(name) ? `field.${name}` : name, value]));
}

function logCounters(metrics: Metrics) {
  return {
    lines: metrics.counter({ name: 'openclaw_log_lines_total', help: 'Lines of the log.', labelNames: ['level'] }),
    lost: metrics.counter({ name: 'openclaw_log_lines_lost_total', help: 'Lines that a destination of the log did not take.' }),
  };
}
