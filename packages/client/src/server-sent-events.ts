/**
 * Server-sent events, from text to events, as the HTML standard defines them. It does not interpret data, decode bytes or reconnect.
 */

export interface ServerSentEvent {
  /** `event:`, or `message` where there was none. */
  readonly name: string;
  /** `data:` lines joined by a line feed. */
  readonly data: string;
}

export interface ServerSentEventParser {
  /** Takes the next text of the stream, gives the events that it completes. An event without its blank line is none, as the standard has it. */
  push(text: string): ServerSentEvent[];
  /** Characters that are held for an event that is not complete. */
  readonly heldCharacters: number;
}

/** Creates the parser of one stream. Time is linear in the text however it is cut. */
export function createServerSentEventParser(): ServerSentEventParser {
  /** A line that has begun, in the pieces in which it came. */
  let pieces: string[] = [];
  let pieceCharacters = 0;
  let afterCarriageReturn = false;
  let name = '';
  let data: string[] = [];
  let dataCharacters = 0;

  function takeLine(line: string): ServerSentEvent | undefined {
    if (line !== '') {
      readField(line);
      return undefined;
    }
    const event = data.length > 0 ? { name: name || 'message', data: data.join('\n') } : undefined;
    name = '';
    data = [];
    dataCharacters = 0;
    return event;
  }

  function readField(line: string): void {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') name = value;
    if (field !== 'data') return;
    data.push(value);
    dataCharacters += value.length;
  }

  return {
    push(text) {
      const events: ServerSentEvent[] = [];
      let start = afterCarriageReturn && text.startsWith('\n') ? 1 : 0;
      if (text !== '') afterCarriageReturn = text.endsWith('\r');
      const terminators = /\r\n|\n|\r/g;
      terminators.lastIndex = start;
      for (let match = terminators.exec(text); match; match = terminators.exec(text)) {
        const line = pieces.join('') + text.slice(start, match.index);
        pieces = [];
        pieceCharacters = 0;
        start = terminators.lastIndex;
        const event = takeLine(line);
        if (event) events.push(event);
      }
      if (start < text.length) {
        pieces.push(text.slice(start));
        pieceCharacters += text.length - start;
      }
      return events;
    },
    get heldCharacters() {
      return pieceCharacters + dataCharacters;
    },
  };
}
