/**
 * Reads the body of a request as one JSON object, within bounds, and says where it is wrong without quoting it.
 *
 * It does not bound the size (the server does, while the body arrives) and does not know what the fields mean.
 */
import { isUtf8 } from 'node:buffer';
import { OpenClawError } from './errors.ts';
import { findJsonFault } from './json-position.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

export interface ParseJsonOptions {
  /**
   * Levels of objects and arrays. Every later walk over the value is recursive: far more would end it with a stack
   * overflow, far fewer would refuse real tool schemas. @default 128
   */
  readonly depthLimit?: number;
}

export const parseJsonDefaults = { depthLimit: 128 } as const;

/** Beyond this length the fault is not looked for: it would cost more time than a refusal is worth. */
const faultSearchLimit = 4 * 1024 * 1024;

const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;
const quote = 0x22;
const backslash = 0x5c;

/**
 * @throws OpenClawError `invalid_json`, `nesting_too_deep` (found before anything is parsed), or `invalid_request` for
 * JSON that is not an object or has a field named `__proto__`.
 */
export function parseJsonBody(bytes: Buffer, options: ParseJsonOptions = {}): JsonObject {
  const { depthLimit } = { ...parseJsonDefaults, ...options };
  if (bytes.length === 0) throw invalidJson('the body is empty');
  if (!isUtf8(bytes)) throw invalidJson('it is not UTF-8');
  if (exceedsDepth(bytes, depthLimit)) throw new OpenClawError('nesting_too_deep', { details: { limit: depthLimit } });
  const text = bytes.toString('utf8', hasByteOrderMark(bytes) ? 3 : 0);
  const value = parse(text);
  if (!isJsonObject(value)) {
    throw new OpenClawError('invalid_request', { details: { path: 'body', reason: `must be a JSON object, not ${describe(value)}` } });
  }
  if (mayNamePrototype(text)) refusePrototype(value, '');
  return value;
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // The runtime's message quotes the text around the fault, so neither it nor the error itself is kept.
    const fault = text.length > faultSearchLimit ? undefined : findJsonFault(text);
    if (fault === undefined) throw invalidJson('it cannot be parsed');
    const place = `line ${fault.line}, column ${fault.column}`;
    throw invalidJson(fault.atEnd ? `it ends too early, at ${place}` : `unexpected character at ${place}`);
  }
}

/**
 * Whether objects and arrays lie deeper than `limit`. Brackets inside strings do not count. For a text that is not JSON the
 * answer may be either; the parser refuses it in any case.
 */
export function exceedsDepth(bytes: Buffer, limit: number): boolean {
  if (!hasMoreBrackets(bytes, limit)) return false;
  let depth = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte === quote) {
      index = closingQuote(bytes, index + 1);
    } else if (byte === openBrace || byte === openBracket) {
      depth += 1;
      if (depth > limit) return true;
    } else if (byte === closeBrace || byte === closeBracket) {
      depth -= 1;
    }
  }
  return false;
}

/** Whether there are more than `limit` opening brackets at all, strings included: a search that runs at memory speed. */
function hasMoreBrackets(bytes: Buffer, limit: number): boolean {
  let count = 0;
  for (const bracket of [openBrace, openBracket]) {
    for (let index = bytes.indexOf(bracket); index !== -1; index = bytes.indexOf(bracket, index + 1)) {
      count += 1;
      if (count > limit) return true;
    }
  }
  return false;
}

/** Searched here, byte by byte, before the runtime's search is called: its call costs as much as about so many bytes. */
const shortRunBytes = 128;

/** The index of the quote that ends the string whose first byte is at `start`; the length of the text if there is none. */
function closingQuote(bytes: Buffer, start: number): number {
  let index = start;
  while (index < bytes.length) {
    const shortEnd = Math.min(bytes.length, index + shortRunBytes);
    for (; index < shortEnd; index += 1) {
      if (bytes[index] === quote) return index;
      if (bytes[index] === backslash) index += 1;
    }
    const found = bytes.indexOf(quote, index);
    if (found === -1) return bytes.length;
    let firstBackslash = found;
    while (firstBackslash > index && bytes[firstBackslash - 1] === backslash) firstBackslash -= 1;
    // An even number of backslashes before it escape each other.
    if ((found - firstBackslash) % 2 === 0) return found;
    index = found + 1;
  }
  return bytes.length;
}

/** A key of that name needs these letters in plain, or an escape sequence that stands for one of them. */
function mayNamePrototype(text: string): boolean {
  return text.includes('__proto__') || (text.includes('\\u00') && /\\u00[5-7]/.test(text));
}

/** Copying such a field by assignment would replace the prototype of the copy. No API has one, so it is refused by name. */
function refusePrototype(value: JsonValue, path: string): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const itemPath = Array.isArray(value) ? `${path}[${key}]` : joinPath(path, key);
    if (key === '__proto__')
      throw new OpenClawError('invalid_request', { details: { path: itemPath, reason: 'no field may have this name' } });
    refusePrototype(item, itemPath);
  }
}

function joinPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function describe(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return `a ${typeof value}`;
}

function invalidJson(reason: string): OpenClawError {
  return new OpenClawError('invalid_json', { details: { reason } });
}
