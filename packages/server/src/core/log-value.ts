/**
 * Turns whatever was handed to the log into JSON of bounded size: no cycles, no endless texts, errors in one shape.
 *
 * It never throws and does not look for secrets: see `redact.ts`.
 */
import { OpenClawError } from './errors.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** Levels of objects, the fields themselves included; a chain of causes counts too. */
const depthLimit = 6;
const itemLimit = 100;
/** A text beyond this is named by its length alone: cut before secrets are taken out, it could end in half of one. */
const textLimit = 64 * 1024;

export function toLogValue(value: unknown): JsonValue {
  return convert(value, 0) ?? null;
}

export function toLogText(text: string): string {
  return text.length > textLimit ? `[text of ${text.length} characters]` : text;
}

/** Undefined for what has no place in JSON (functions, symbols, undefined): such fields are left out. */
function convert(value: unknown, depth: number): JsonValue | undefined {
  switch (typeof value) {
    case 'string':
      return toLogText(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? null : convertObject(value, depth);
    default:
      return undefined;
  }
}

function convertObject(value: object, depth: number): JsonValue | undefined {
  if (depth >= depthLimit) return '[deeper values left out]';
  try {
    if (value instanceof Error) return errorFields(value, depth);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Map || value instanceof Set) return convertArray(Array.from(value), depth);
    if (Array.isArray(value)) return convertArray(value, depth);
    if ('toJSON' in value && typeof value.toJSON === 'function') return convert(value.toJSON(), depth + 1);
    return convertRecord(value, depth);
  } catch {
    // A getter or toJSON of somebody else failed; the line is worth more than the field.
    return '[unreadable]';
  }
}

function convertArray(items: readonly unknown[], depth: number): JsonValue[] {
  const converted = items.slice(0, itemLimit).map((item) => convert(item, depth + 1) ?? null);
  if (items.length > itemLimit) converted.push(`[${items.length - itemLimit} more left out]`);
  return converted;
}

function convertRecord(record: object, depth: number): JsonObject {
  const fields: [string, JsonValue][] = [];
  const entries = Object.entries(record);
  for (const [name, item] of entries.slice(0, itemLimit)) {
    const converted = convert(item, depth + 1);
    if (converted !== undefined) fields.push([name, converted]);
  }
  if (entries.length > itemLimit) fields.push(['more', `[${entries.length - itemLimit} fields left out]`]);
  return Object.fromEntries(fields);
}

/** What is expected needs no stack; anything else is a mistake in a program, and its stack says where. */
function errorFields(error: Error, depth: number): JsonObject {
  const cause = error.cause === undefined ? undefined : convert(error.cause, depth + 1);
  const own =
    error instanceof OpenClawError
      ? { code: error.code, message: error.message, hint: error.hint }
      : { code: systemCode(error) ?? error.name, message: error.message, stack: error.stack };
  return convertRecord({ ...own, cause }, depth);
}

/** `ENOENT`, `UND_ERR_SOCKET`, … */
function systemCode(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
