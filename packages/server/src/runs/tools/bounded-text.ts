/**
 * Keeps the beginning and the end of a text that may be endless, and says how much is missing between them.
 *
 * Memory stays within the limit whatever comes. It counts characters as JavaScript does.
 */
import { outputLimitCharacters } from './contract.ts';

export interface BoundedText {
  add(text: string): void;
  /** Characters that came, kept or not. */
  readonly length: number;
  toString(): string;
}

/** Room for the words about what is missing. */
const noteCharacters = 80;

/** @param limitCharacters of what `toString` gives; more than 200 */
export function createBoundedText(limitCharacters = outputLimitCharacters): BoundedText {
  const half = Math.floor((limitCharacters - noteCharacters) / 2);
  let head = '';
  let tail = '';
  let length = 0;
  return {
    add(text) {
      length += text.length;
      const room = half - head.length;
      if (room > 0) head += text.slice(0, room);
      const rest = room > 0 ? text.slice(room) : text;
      if (rest === '') return;
      tail += rest.length > 2 * half ? rest.slice(-half) : rest;
      // Cut now and then, not with every piece: a copy of the whole tail per line would be slow.
      if (tail.length > 2 * half) tail = tail.slice(-half);
    },
    get length() {
      return length;
    },
    toString() {
      if (length <= limitCharacters && head.length + tail.length === length) return head + tail;
      const end = tail.slice(-half);
      const missing = length - head.length - end.length;
      return `${wholeAtEnd(head)}\n[… ${missing} characters are left out here …]\n${wholeAtStart(end)}`;
    },
  };
}

/** @returns the text itself if it is short enough */
export function boundText(text: string, limitCharacters = outputLimitCharacters): string {
  if (text.length <= limitCharacters) return text;
  const bounded = createBoundedText(limitCharacters);
  bounded.add(text);
  return bounded.toString();
}

/** Half of a surrogate pair is no character, and some providers refuse it. */
function wholeAtEnd(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}

function wholeAtStart(text: string): string {
  return /^[\udc00-\udfff]/.test(text) ? text.slice(1) : text;
}
