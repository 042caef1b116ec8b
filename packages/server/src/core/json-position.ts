/**
 * Finds where a text stops being JSON. Used once a parse has failed, because the runtime's own message quotes the text,
 * and the text of a request may be confidential.
 *
 * It builds no value and keeps no part of the text: a line, a column, and whether the text ended too early.
 */

export interface JsonFault {
  /** Counted from 1. */
  readonly line: number;
  /** In UTF-16 units, counted from 1. */
  readonly column: number;
  /** The text is right so far, but not whole. */
  readonly atEnd: boolean;
}

type Expecting = 'value' | 'valueOrClose' | 'key' | 'keyOrClose' | 'colon' | 'commaOrClose';

const whitespace = /[ \t\n\r]*/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Where `text` stops being JSON; undefined if it is JSON. */
export function findJsonFault(text: string): JsonFault | undefined {
  const offset = faultOffset(text);
  if (offset === undefined) return undefined;
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n'), atEnd: offset >= text.length };
}

function faultOffset(text: string): number | undefined {
  const closers: string[] = [];
  let expecting: Expecting = 'value';
  let offset = matchEnd(whitespace, text, 0) ?? 0;
  // One token a turn: the state says which tokens may come next.
  for (;;) {
    if (expecting === 'commaOrClose' && closers.length === 0) return offset === text.length ? undefined : offset;
    const character = text[offset];
    const closer = closers.at(-1);
    let end: number | undefined = offset + 1;
    if (closer !== undefined && character === closer && expecting.endsWith('OrClose')) {
      closers.pop();
      expecting = 'commaOrClose';
    } else if (expecting === 'commaOrClose') {
      if (character !== ',') return offset;
      expecting = closer === '}' ? 'key' : 'value';
    } else if (expecting === 'colon') {
      if (character !== ':') return offset;
      expecting = 'value';
    } else if (expecting === 'key' || expecting === 'keyOrClose') {
      if (character !== '"') return offset;
      const string = scanString(text, offset);
      if (string.fault) return string.end;
      end = string.end;
      expecting = 'colon';
    } else if (character === '{' || character === '[') {
      closers.push(character === '{' ? '}' : ']');
      expecting = character === '{' ? 'keyOrClose' : 'valueOrClose';
    } else if (character === '"') {
      const string = scanString(text, offset);
      if (string.fault) return string.end;
      end = string.end;
      expecting = 'commaOrClose';
    } else {
      end = matchEnd(scalar, text, offset);
      if (end === undefined) return offset;
      expecting = 'commaOrClose';
    }
    offset = matchEnd(whitespace, text, end) ?? end;
  }
}

/** The offset after the string that opens at `offset`, or the offset of what is wrong with it. */
function scanString(text: string, offset: number): { readonly end: number; readonly fault: boolean } {
  let index = offset + 1;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === 0x22) return { end: index + 1, fault: false };
    if (code < 0x20) return { end: index, fault: true };
    if (code !== 0x5c) {
      index += 1;
      continue;
    }
    const end = matchEnd(escape, text, index);
    if (end === undefined) return { end: index, fault: true };
    index = end;
  }
  return { end: text.length, fault: true };
}

function matchEnd(pattern: RegExp, text: string, offset: number): number | undefined {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
