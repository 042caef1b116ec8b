/**
 * Reads HTTP/1.1 messages from a socket's bytes: just enough for the two ends of the bench, which must cost far less
 * than what they measure. Knows `content-length` and `chunked`.
 *
 * It is not a general parser: no upgrades, no bodies that end with the connection, no limits. Never use it in the gateway.
 */

export interface MessageHandlers {
  /** The start line and the headers, without the empty line. */
  onHead(head: string): void;
  /** A piece of the body, without chunk framing; may come several times, also in the middle of an event. */
  onBody(piece: Buffer): void;
  onEnd(): void;
}

type State = 'head' | 'fixed' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailer';

const empty: Buffer = Buffer.alloc(0);

/** Returns a function to which every piece that arrives is given. */
export function createMessageReader(handlers: MessageHandlers): (bytes: Buffer) => void {
  let state: State = 'head';
  let remaining = 0;
  let kept: Buffer = empty;

  /** Handles what it can from `at`; returns how far it came. */
  function step(bytes: Buffer, at: number): number {
    switch (state) {
      case 'head':
        return readHead(bytes, at);
      case 'fixed':
      case 'chunk-data':
        return readBody(bytes, at);
      default:
        return readLine(bytes, at);
    }
  }

  function readHead(bytes: Buffer, at: number): number {
    const end = bytes.indexOf('\r\n\r\n', at);
    if (end < 0) return at;
    const head = bytes.toString('latin1', at, end);
    handlers.onHead(head);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    remaining = length === null ? 0 : Number(length[1]);
    if (length === null && /\r\ntransfer-encoding: *chunked/i.test(head)) state = 'chunk-size';
    else if (remaining > 0) state = 'fixed';
    else handlers.onEnd();
    return end + 4;
  }

  function readBody(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + remaining);
    if (end === at) return at;
    remaining -= end - at;
    const finished = remaining === 0;
    handlers.onBody(bytes.subarray(at, end));
    if (finished && state === 'fixed') {
      state = 'head';
      handlers.onEnd();
    } else if (finished) state = 'chunk-end';
    return end;
  }

  function readLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return at;
    if (state === 'chunk-end') state = 'chunk-size';
    else if (state === 'chunk-size') {
      remaining = Number.parseInt(bytes.toString('latin1', at, end), 16);
      state = remaining === 0 ? 'trailer' : 'chunk-data';
    } else if (end === at) {
      state = 'head';
      handlers.onEnd();
    }
    return end + 2;
  }

  return (arrived) => {
    const bytes = kept.length === 0 ? arrived : Buffer.concat([kept, arrived]);
    let at = 0;
    while (at < bytes.length) {
      const next = step(bytes, at);
      if (next === at) break;
      at = next;
    }
    kept = at === bytes.length ? empty : bytes.subarray(at);
  };
}
