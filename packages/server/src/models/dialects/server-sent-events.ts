/**
 * Server-sent events, from bytes to events, as the HTML standard defines them, with one addition: each event keeps the
 * bytes it was made of, so that a stream can be passed on byte for byte.
 *
 * It does not interpret data: see the dialects.
 */
import { OpenClawError } from '../../core/errors.ts';
import type { Framing } from './dialect.ts';

export interface ServerSentEvent {
  /** `event:`, or `message` where there was none. */
  readonly name: string;
  /** `data:` lines joined by a line feed; `undefined` for a block of comments only. */
  readonly data: string | undefined;
  /** Every byte of the event with its blank line at the end. */
  readonly raw: Buffer;
}

export interface ServerSentEventParserOptions {
  /** The longest event that is taken. Smaller refuses whole images in one event; larger lets one stream hold more memory. @default 16 MiB */
  readonly limitBytes?: number;
  /** Who sends the stream, for errors. @default 'The provider' */
  readonly provider?: string;
}

export const serverSentEventDefaults = { limitBytes: 16 * 1024 * 1024, provider: 'The provider' } as const;

export interface ServerSentEventParser {
  /**
   * Takes the next bytes of the stream, gives the events that they complete. An event that lies in one chunk is a slice of
   * it, not a copy. An event ends at its blank line at once: where a CR LF is cut in two there, the LF opens the next event's `raw`.
   * @throws OpenClawError `upstream_malformed` for an event over the limit
   */
  push(chunk: Buffer): ServerSentEvent[];
  /** The stream is over; `incomplete` holds the bytes after the last whole event. */
  end(): { readonly incomplete: Buffer };
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const empty = Buffer.alloc(0);

/** Creates the parser of one stream. Time is linear in the bytes however they are cut. */
export function createServerSentEventParser(options: ServerSentEventParserOptions = {}): ServerSentEventParser {
  const { limitBytes, provider } = { ...serverSentEventDefaults, ...options };
  const carry = createCarry();
  let lineHasBytes = false;
  let afterCarriageReturn = false;
  let first = true;

  function complete(tail: Buffer): ServerSentEvent {
    const raw = carry.take(tail);
    if (raw.length > limitBytes) throw tooLarge(provider, limitBytes);
    const event = readEvent(raw, first);
    first = false;
    return event;
  }

  return {
    push(chunk) {
      const events: ServerSentEvent[] = [];
      if (chunk.length === 0) return events;
      let eventStart = 0;
      let position = 0;
      if (afterCarriageReturn && chunk[0] === lineFeed) position = 1;
      afterCarriageReturn = false;
      let nextFeed = chunk.indexOf(lineFeed, position);
      let nextReturn = chunk.indexOf(carriageReturn, position);
      while (nextFeed !== -1 || nextReturn !== -1) {
        const isReturn = nextReturn !== -1 && (nextFeed === -1 || nextReturn < nextFeed);
        const terminator = isReturn ? nextReturn : nextFeed;
        const blank = terminator === position && !lineHasBytes;
        lineHasBytes = false;
        position = terminator + 1;
        if (isReturn) {
          if (position === chunk.length) afterCarriageReturn = true;
          else if (chunk[position] === lineFeed) position++;
        }
        if (blank) {
          events.push(complete(chunk.subarray(eventStart, position)));
          eventStart = position;
        }
        if (nextFeed !== -1 && nextFeed < position) nextFeed = chunk.indexOf(lineFeed, position);
        if (nextReturn !== -1 && nextReturn < position) nextReturn = chunk.indexOf(carriageReturn, position);
      }
      if (position < chunk.length) lineHasBytes = true;
      if (eventStart < chunk.length) carry.add(eventStart === 0 ? chunk : chunk.subarray(eventStart));
      if (carry.length() > limitBytes) throw tooLarge(provider, limitBytes);
      return events;
    },
    end: () => ({ incomplete: carry.take(empty) }),
  };
}

function tooLarge(provider: string, limitBytes: number): OpenClawError {
  return new OpenClawError('upstream_malformed', { details: { provider, reason: `an event is longer than ${limitBytes} bytes` } });
}

/** The bytes of an event, or of a line, that is not complete yet. It grows by doubling, so that a byte is copied a bounded number of times. */
export function createCarry() {
  let bytes = empty;
  let length = 0;
  return {
    length: () => length,
    add(chunk: Buffer): void {
      if (length + chunk.length > bytes.length) {
        const grown = Buffer.allocUnsafe(Math.max(1024, 2 * (length + chunk.length)));
        bytes.copy(grown, 0, 0, length);
        bytes = grown;
      }
      chunk.copy(bytes, length);
      length += chunk.length;
    },
    /** What was carried with `tail` after it; the carry is empty then. */
    take(tail: Buffer): Buffer {
      if (length === 0) return tail;
      if (tail.length > 0) this.add(tail);
      const taken = bytes.subarray(0, length);
      bytes = empty;
      length = 0;
      return taken;
    },
  };
}

const byteOrderMark = '\ufeff';

function readEvent(raw: Buffer, first: boolean): ServerSentEvent {
  let text = raw.toString('utf8');
  if (first && text.startsWith(byteOrderMark)) text = text.slice(1);
  if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n');
  let name = 'message';
  let data: string | undefined;
  let lineStart = 0;
  for (let lineEnd = text.indexOf('\n'); lineEnd !== -1; lineEnd = text.indexOf('\n', lineStart)) {
    if (text.startsWith('data', lineStart)) {
      const value = fieldValue(text, lineStart + 4, lineEnd);
      if (value !== undefined) data = data === undefined ? value : `${data}\n${value}`;
    } else if (text.startsWith('event', lineStart)) {
      const value = fieldValue(text, lineStart + 5, lineEnd);
      if (value !== undefined) name = value === '' ? 'message' : value;
    }
    lineStart = lineEnd + 1;
  }
  return { name, data, raw };
}

/** What follows a field's name: after its colon and one space, or nothing. `undefined` if the name goes on, so that it is another field. */
function fieldValue(text: string, nameEnd: number, lineEnd: number): string | undefined {
  if (nameEnd >= lineEnd) return nameEnd === lineEnd ? '' : undefined;
  if (text.charCodeAt(nameEnd) !== 0x3a) return undefined;
  const valueStart = text.charCodeAt(nameEnd + 1) === 0x20 ? nameEnd + 2 : nameEnd + 1;
  return text.slice(valueStart, lineEnd);
}

/** The framing of most dialects. */
export const serverSentEvents: Framing = {
  contentType: 'text/event-stream',
  createParser: (provider) => createServerSentEventParser({ provider }),
};
