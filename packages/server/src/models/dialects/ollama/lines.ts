/**
 * Newline-delimited JSON, from bytes to lines. Each line keeps its bytes; empty ones hold no data.
 *
 * It does not parse the JSON: see `decode-response.ts`.
 */
import { OpenClawError } from '../../../core/errors.ts';
import type { FrameParser, Framing, StreamFrame } from '../dialect.ts';
import { createCarry } from '../server-sent-events.ts';

export interface LineParserOptions {
  /** The longest line that is taken. Larger lets one stream hold more memory. @default 16 MiB */
  readonly limitBytes?: number;
  /** Who sends the stream, for errors. @default 'The provider' */
  readonly provider?: string;
}

const lineParserDefaults = { limitBytes: 16 * 1024 * 1024, provider: 'The provider' } as const;

const lineFeed = 0x0a;

/** Creates the parser of one stream. Time is linear in the bytes however they are cut. */
export function createLineParser(options: LineParserOptions = {}): FrameParser {
  const { limitBytes, provider } = { ...lineParserDefaults, ...options };
  const carry = createCarry();

  function bounded(length: number): void {
    if (length <= limitBytes) return;
    throw new OpenClawError('upstream_malformed', { details: { provider, reason: `a line is longer than ${limitBytes} bytes` } });
  }

  return {
    push(chunk) {
      const frames: StreamFrame[] = [];
      let start = 0;
      for (let feed = chunk.indexOf(lineFeed); feed !== -1; feed = chunk.indexOf(lineFeed, start)) {
        bounded(carry.length() + feed - start);
        frames.push(frameOf(carry.take(chunk.subarray(start, feed + 1))));
        start = feed + 1;
      }
      bounded(carry.length() + chunk.length - start);
      if (start < chunk.length) carry.add(chunk.subarray(start));
      return frames;
    },
  };
}

function frameOf(raw: Buffer): StreamFrame {
  const text = raw.toString('utf8').trim();
  return { name: 'message', data: text === '' ? undefined : text, raw };
}

export const jsonLines: Framing = {
  contentType: 'application/x-ndjson',
  createParser: (provider) => createLineParser({ provider }),
};
