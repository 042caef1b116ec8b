/**
 * The two ways in which a line of the log looks: JSON for machines, one readable line for a terminal.
 *
 * Neither can be broken up by what is logged: line feeds and control characters come out escaped. It writes nothing.
 */
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import type { LogLevel } from './log-level.ts';

export interface LogRecord {
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly message: string;
  /** Without secrets, and without the names `time`, `level` and `message`. */
  readonly fields: JsonObject;
}

/** Characters of one text; what goes beyond is cut and marked. */
const textLimit = 4096;

export function formatJson(record: LogRecord, limitCharacters: number): string {
  const head = { time: new Date(record.timeMs).toISOString(), level: record.level, message: record.message };
  const line = JSON.stringify({ ...head, ...record.fields }, cutTexts);
  if (line.length <= limitCharacters) return `${line}\n`;
  const fields = fittingFields(record.fields, limitCharacters - JSON.stringify(head, cutTexts).length);
  return `${JSON.stringify({ ...head, ...fields, cut: line.length }, cutTexts)}\n`;
}

export interface PrettyOptions {
  readonly limitCharacters: number;
  readonly colours: boolean;
}

/** `12:00:01.250 WARN  gateway: message name=value …`, in local time; an error's hint and stack on lines of their own. */
export function formatPretty(record: LogRecord, { limitCharacters, colours }: PrettyOptions): string {
  const { component, error, ...rest } = record.fields;
  const paint = colours ? painted : plain;
  const time = new Date(record.timeMs);
  const clockTime = `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, '0')}`;
  let line = `${paint('dim', clockTime)} ${paint(levelColours[record.level], record.level.toUpperCase().padEnd(5))} `;
  if (component !== undefined) line += `${paint('cyan', `${printable(component)}:`)} `;
  line += visible(record.message);
  for (const [name, value] of Object.entries(rest)) line += ` ${paint('dim', `${visible(name)}=`)}${printable(value)}`;
  if (isJsonObject(error)) line += prettyError(error, paint);
  else if (error !== undefined) line += ` ${paint('dim', 'error=')}${printable(error)}`;
  return line.length <= limitCharacters
    ? `${line}\n`
    : `${line.slice(0, limitCharacters)}${paint('dim', `… [cut, ${line.length} characters]`)}\n`;
}

type Colour = keyof typeof colourCodes;
type Paint = (colour: Colour, text: string) => string;

const colourCodes = { dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
const levelColours: Readonly<Record<LogLevel, Colour>> = {
  trace: 'dim',
  debug: 'dim',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
};

function painted(colour: Colour, text: string): string {
  return `\u001B[${colourCodes[colour]}m${text}\u001B[0m`;
}

function plain(_colour: Colour, text: string): string {
  return text;
}

function prettyError(error: JsonObject, paint: Paint): string {
  let lines = `\n  ${printable(error['code'] ?? 'error')}: ${visible(String(error['message'] ?? ''))}`;
  if (typeof error['hint'] === 'string') lines += `\n  ${visible(error['hint'])}`;
  if (typeof error['stack'] === 'string') {
    const frames = error['stack'].split('\n').filter((line) => line.trimStart().startsWith('at '));
    lines += frames.map((frame) => `\n${paint('dim', `  ${visible(frame)}`)}`).join('');
  }
  if (error['cause'] !== undefined)
    lines += isJsonObject(error['cause']) ? prettyError(error['cause'], paint) : `\n  ${printable(error['cause'])}`;
  return lines;
}

function printable(value: JsonValue): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return visible(value);
  return escapeControls(JSON.stringify(value, cutTexts));
}

function visible(text: string): string {
  return escapeControls(cutText(text));
}

/** Escapes what a terminal would act upon, and what would begin another line. */
function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function cutTexts(_name: string, value: JsonValue): JsonValue {
  return typeof value === 'string' ? cutText(value) : value;
}

function cutText(text: string): string {
  return text.length <= textLimit ? text : `${text.slice(0, textLimit)}… [cut, ${text.length} characters]`;
}

/** The first fields that fit; one that does not fit is left out, and smaller ones after it may still come. */
function fittingFields(fields: JsonObject, roomCharacters: number): JsonObject {
  let left = roomCharacters - '"cut":000000000,'.length;
  const fitting = Object.entries(fields).filter(([name, value]) => {
    const length = JSON.stringify({ [name]: value }, cutTexts).length;
    if (length > left) return false;
    left -= length;
    return true;
  });
  return Object.fromEntries(fitting);
}
