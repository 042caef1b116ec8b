/**
 * Finds members of a JSON object in its bytes, at the top level only, without parsing what lies between them. Strings are
 * jumped over by `indexOf`, so that a megabyte of image costs next to nothing.
 *
 * It does not validate: the body has been parsed before. Bytes that are no JSON object at all are refused, never misread.
 */
import { OpenClawError } from '../../core/errors.ts';

export interface TopLevelMember {
  readonly name: string;
  /** Byte offsets of the value: from its first byte to the one after its last. */
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface TopLevelScan {
  /** The members asked for, in order, each as often as it occurs. */
  readonly members: readonly TopLevelMember[];
  /** Whether the object has any member at all. */
  readonly isEmpty: boolean;
  /** Byte offset of the object's closing brace. */
  readonly end: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** @throws OpenClawError `invalid_json` where the bytes are not one object */
export function scanTopLevel(body: Buffer, names: readonly string[]): TopLevelScan {
  const members: TopLevelMember[] = [];
  let position = skipSpace(body, 0);
  if (body[position] !== openBrace) throw notAnObject();
  position = skipSpace(body, position + 1);
  if (body[position] === closeBrace) return { members, isEmpty: true, end: position };
  for (;;) {
    if (body[position] !== quote) throw notAnObject();
    const nameEnd = skipString(body, position);
    const name = readName(body, position, nameEnd);
    position = skipSpace(body, nameEnd);
    if (body[position] !== colon) throw notAnObject();
    const valueStart = skipSpace(body, position + 1);
    const valueEnd = skipValue(body, valueStart);
    if (names.includes(name)) members.push({ name, valueStart, valueEnd });
    position = skipSpace(body, valueEnd);
    if (body[position] === closeBrace) return { members, isEmpty: false, end: position };
    if (body[position] !== comma) throw notAnObject();
    position = skipSpace(body, position + 1);
  }
}

function notAnObject(): OpenClawError {
  return new OpenClawError('invalid_json', { details: { reason: 'it is not one whole object' } });
}

/** A name may be spelt with escapes (`mod\u0065l`), and upstream reads it so. */
function readName(body: Buffer, start: number, end: number): string {
  const quoted = body.toString('utf8', start, end);
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    throw notAnObject();
  }
}

function skipSpace(body: Buffer, from: number): number {
  let position = from;
  for (;;) {
    const byte = body[position];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return position;
    position++;
  }
}

/** Bytes looked at one by one before `indexOf` is worth its call: most strings and most gaps between escapes are shorter. */
const nearBytes = 32;

/** From an opening quote to the byte after the closing one. */
function skipString(body: Buffer, from: number): number {
  let position = from + 1;
  for (;;) {
    const near = position + nearBytes;
    while (position < near) {
      const byte = body[position];
      if (byte === quote) return position + 1;
      position += byte === backslash ? 2 : 1;
    }
    const found = body.indexOf(quote, position);
    if (found === -1) throw notAnObject();
    let before = found - 1;
    while (before >= position && body[before] === backslash) before--;
    if ((found - before) % 2 === 1) return found + 1;
    position = found + 1;
  }
}

function skipValue(body: Buffer, from: number): number {
  const first = body[from];
  if (first === quote) return skipString(body, from);
  if (first === openBrace || first === openBracket) return skipNested(body, from);
  let position = from;
  for (;;) {
    const byte = body[position];
    if (byte === undefined || byte === comma || byte === closeBrace || byte <= 0x20) break;
    position++;
  }
  if (position === from) throw notAnObject();
  return position;
}

function skipNested(body: Buffer, from: number): number {
  let depth = 0;
  let position = from;
  while (position < body.length) {
    const byte = body[position];
    if (byte === quote) {
      position = skipString(body, position);
      continue;
    }
    position++;
    if (byte === openBrace || byte === openBracket) depth++;
    else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) return position;
  }
  throw notAnObject();
}
