/**
 * `openclaw logs`: the end of the log, and with `--follow` what comes. Through the running gateway, else from the file in the state directory.
 * `openclaw logs level`: what the running gateway writes down from now on.
 */
import { Argument, InvalidArgumentError, type Command, Option } from 'commander';
import { parseUnit } from '@openclaw/protocol';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { formatPretty } from '../../core/log-format.ts';
import { logLevels, type LogLevel } from '../../core/log-level.ts';
import type { TargetFlags } from '../gateway-target.ts';
import { addTargetFlags } from './target-flags.ts';
import type { Terminal } from '../terminal.ts';

export interface Tail {
  readonly cursor: number;
  /** As they are in the file: JSON. */
  readonly lines: readonly string[];
  readonly truncated?: boolean;
  readonly reset?: boolean;
}

export interface TailQuestion {
  readonly limit: number;
  readonly cursor?: number;
}

/** Where the log is read, for as long as `use` takes. */
export type UseLog = <Result>(
  flags: TargetFlags,
  use: (tail: (question: TailQuestion) => Promise<Tail>) => Promise<Result>,
) => Promise<Result>;

export interface LogsContext {
  readonly io: Terminal;
  readonly useLog: UseLog;
  /** Between two looks. */
  readonly wait: (ms: number) => Promise<unknown>;
  /** Ends `--follow`; people end it with Ctrl-C. @default never */
  readonly stopped?: AbortSignal;
  readonly setLevel: (level: string) => Promise<void>;
  /** Every line that is kept from then to then, closed files and cold storage included; of the state on this machine. */
  readonly between: (range: { readonly sinceMs: number; readonly untilMs: number }) => AsyncIterable<string>;
}

type Flags = TargetFlags & {
  readonly follow?: boolean;
  readonly limit: number;
  readonly level?: LogLevel;
  readonly since?: number;
  readonly until?: number;
  readonly output: 'text' | 'json';
};

/** A person notices no more, and a gateway does not notice either. */
const lookEveryMs = 500;
/** What a gateway gives at once. */
const mostLines = 5000;

export function registerLogsCommands(program: Command, context: LogsContext): void {
  const group = addTargetFlags(program.command('logs'))
    .description('show the end of the log')
    .option('-f, --follow', 'go on with what comes')
    .addOption(new Option('-n, --limit <lines>', 'how many lines to begin with').argParser(parseLimit).default(100))
    .addOption(new Option('--level <level>', 'the least important lines to show').choices([...logLevels]))
    .addOption(
      new Option('--since <time>', 'all lines since then, from closed files and cold storage too; 2h, or a date').argParser(parseMoment),
    )
    .addOption(new Option('--until <time>', 'with --since: up to then').argParser(parseMoment))
    .addOption(
      new Option('-o, --output <format>', 'how to print; json: a line each, as in the file').choices(['text', 'json']).default('text'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  openclaw logs\n  openclaw logs --follow --level warn\n  openclaw logs --limit 1000 -o json\n  openclaw logs --since 2026-10-01 --until 2026-10-02\n',
    )
    .action((flags: Flags) => show(flags, context));
  group
    .command('level')
    .description('change the least important lines that are written, until the gateway stops')
    .addArgument(new Argument('<level>', 'the level').choices([...logLevels]))
    .addHelpText('after', '\nExample:\n  openclaw logs level debug\n')
    .action(async (level: string) => {
      await context.setLevel(level);
      context.io.stdout.write(`${level}\n`);
    });
}

/** With `--follow` a gateway that restarts is no end: what it wrote meanwhile is shown when it is back, or from its file. */
async function show(flags: Flags, context: LogsContext): Promise<void> {
  if (flags.since !== undefined) return showBetween(flags.since, flags, context);
  const { io, useLog, wait } = context;
  const place: Place = { cursor: undefined };
  for (;;) {
    try {
      await useLog(flags, (tail) => read(tail, place, { flags, context }));
      return;
    } catch (thrown) {
      const passes = thrown instanceof OpenClawError && thrown.retryable;
      if (flags.follow !== true || place.cursor === undefined || !passes) throw thrown;
      io.stderr.write(`${thrown.message} Going on with the log.\n`);
      await wait(lookEveryMs);
    }
  }
}

/** They may be many: each is printed as it is read. */
async function showBetween(sinceMs: number, flags: Flags, { io, between }: LogsContext): Promise<void> {
  if (flags.follow === true)
    throw new OpenClawError('usage_error', {
      details: { reason: '--since and --follow exclude each other', suggestion: 'Leave one of them out.' },
    });
  for await (const line of between({ sinceMs, untilMs: flags.until ?? Number.MAX_SAFE_INTEGER }))
    print(chosen([line], flags.level), flags, io);
}

interface Place {
  cursor: number | undefined;
}

type ReadTail = (question: TailQuestion) => Promise<Tail>;

async function read(
  tail: ReadTail,
  place: Place,
  { flags, context }: { readonly flags: Flags; readonly context: LogsContext },
): Promise<void> {
  const { io, wait, stopped } = context;
  const isOver = (): boolean => flags.follow !== true || stopped?.aborted === true;
  if (place.cursor === undefined) {
    // Lines that their level leaves out must not take the place of others.
    const { cursor, lines } = await tail({ limit: flags.level === undefined ? flags.limit : mostLines });
    place.cursor = cursor;
    print(chosen(lines, flags.level).slice(-flags.limit), flags, io);
  }
  while (!isOver()) {
    await wait(lookEveryMs);
    if (isOver()) return;
    const { cursor, lines, reset } = await tail({ limit: mostLines, cursor: place.cursor });
    place.cursor = cursor;
    if (reset === true) io.stderr.write('Note: the log was replaced; some lines may be missing.\n');
    print(chosen(lines, flags.level), flags, io);
  }
}

function chosen(lines: readonly string[], level: LogLevel | undefined): readonly string[] {
  if (level === undefined) return lines;
  const least = logLevels.indexOf(level);
  return lines.filter((line) => {
    const { level: found } = parse(line) ?? {};
    return logLevels.findIndex((known) => known === found) >= least;
  });
}

function print(lines: readonly string[], { output }: Flags, { stdout }: Terminal): void {
  if (lines.length > 0) stdout.write(lines.map((line) => (output === 'json' ? `${line}\n` : pretty(line, stdout.isTTY === true))).join(''));
}

/** As on a terminal at which the gateway runs; what is no line of ours comes as it is, but without what moves the cursor. */
function pretty(line: string, colours: boolean): string {
  const record = parse(line);
  const level = logLevels.find((known) => known === record?.['level']);
  const { time, level: _level, message, ...fields } = record ?? {};
  if (level === undefined || typeof time !== 'string' || typeof message !== 'string') return `${line.replace(/\p{Cc}/gu, '?')}\n`;
  return formatPretty({ timeMs: Date.parse(time), level, message, fields }, { limitCharacters: 16_384, colours });
}

function parse(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function parseMoment(text: string): number {
  const ageMs = parseUnit(text, 'ms');
  const atMs = ageMs === undefined ? Date.parse(text) : systemClock.now() - ageMs;
  if (Number.isNaN(atMs)) throw new InvalidArgumentError('Write how long ago, such as 2h, or a date, such as 2026-10-01T12:00:00Z.');
  return atMs;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostLines)
    throw new InvalidArgumentError(`Write a number of lines from 1 to ${mostLines}.`);
  return limit;
}

/** @throws OpenClawError `gateway_unreachable` where none runs */
export async function setLogLevel(level: string, terminal: Terminal): Promise<void> {
  const [{ callGateway }, { findPlace }] = await Promise.all([import('./admin.ts'), import('./place.ts')]);
  const { configuration, gateway } = await findPlace(terminal);
  if (!gateway) {
    const details = { url: configuration.stateDirectory, reason: 'no gateway runs on this state directory' };
    throw new OpenClawError('gateway_unreachable', { details });
  }
  await callGateway({ ...gateway, method: 'PUT', path: '/admin/v1/logging', body: { level } });
}
