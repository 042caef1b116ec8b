/**
 * AWS's event stream (`application/vnd.amazon.eventstream`), from bytes to frames: a length, headers, a payload and a checksum
 * over each part. A frame is read when it is whole and both checksums are right, or not at all.
 *
 * It does not interpret payloads: see `decode-response.ts`. The frames themselves are read by AWS's own codec, which is loaded
 * by `prepare` because it would cost the gateway's start 25 ms.
 */
import { crc32 } from 'node:zlib';
import { reasonOf, type OpenClawError } from '../../../core/errors.ts';
import type { FrameParser, Framing, StreamFrame } from '../dialect.ts';
import { malformed } from '../failures.ts';

/** The part of AWS's codec that is used. */
export interface FrameCodec {
  decode(frame: Uint8Array): { readonly headers: Readonly<Record<string, { readonly value: unknown }>>; readonly body: Uint8Array };
}

export interface EventStreamParserOptions {
  readonly codec: FrameCodec;
  /** Who sends the stream, for errors. */
  readonly provider: string;
  /** The longest frame that is taken, as for other streams. @default 16 MiB */
  readonly limitBytes?: number;
}

export const eventStreamDefaults = { limitBytes: 16 * 1024 * 1024 } as const;

/** Before the name of a frame that reports a failure. */
export const exceptionPrefix = 'exception:';

/** Total length, length of the headers, and the checksum over both: four bytes each. */
const preludeBytes = 12;
/** A prelude and the checksum at the end. */
const smallestFrameBytes = preludeBytes + 4;

const empty = Buffer.alloc(0);

/** Creates the parser of one stream. Time is linear in the bytes however they are cut. */
export function createEventStreamParser(options: EventStreamParserOptions): FrameParser {
  const { codec, provider, limitBytes } = { ...eventStreamDefaults, ...options };
  /** The bytes of a frame that is not whole yet, and how many of them are filled. */
  let carry = empty;
  let carried = 0;
  /** Of the frame in `carry`; 0 until its prelude is there. */
  let frameBytes = 0;

  function carryOn(bytes: Buffer): void {
    if (carried + bytes.length > carry.length) {
      // The whole frame at once where its length is known and vouched for; the next bytes of a prelude never need more.
      const grown = Buffer.allocUnsafe(Math.max(frameBytes, carried + bytes.length));
      carry.copy(grown, 0, 0, carried);
      carry = grown;
    }
    bytes.copy(carry, carried);
    carried += bytes.length;
  }

  function read(frame: Buffer): StreamFrame {
    try {
      return readFrame(codec, frame);
    } catch (thrown) {
      throw damaged(provider, reasonOf(thrown));
    }
  }

  return {
    push(chunk) {
      const frames: StreamFrame[] = [];
      let position = 0;
      while (position < chunk.length) {
        if (carried === 0) {
          const length = chunk.length - position < preludeBytes ? 0 : lengthOf(chunk, position, { provider, limitBytes });
          if (length > 0 && position + length <= chunk.length) {
            frames.push(read(chunk.subarray(position, position + length)));
            position += length;
            continue;
          }
          frameBytes = length;
        }
        const wanted = (frameBytes || preludeBytes) - carried;
        const taken = chunk.subarray(position, position + wanted);
        carryOn(taken);
        position += taken.length;
        if (frameBytes === 0 && carried === preludeBytes) frameBytes = lengthOf(carry, 0, { provider, limitBytes });
        if (frameBytes > 0 && carried === frameBytes) {
          frames.push(read(carry));
          carry = empty;
          carried = 0;
          frameBytes = 0;
        }
      }
      return frames;
    },
  };
}

/** The length that a prelude speaks of. @throws OpenClawError `upstream_malformed` where it cannot be one */
function lengthOf(bytes: Buffer, position: number, { provider, limitBytes }: { provider: string; limitBytes: number }): number {
  const length = bytes.readUInt32BE(position);
  if (crc32(bytes.subarray(position, position + 8)) !== bytes.readUInt32BE(position + 8)) {
    throw damaged(provider, 'the checksum of its prelude is wrong');
  }
  if (length > limitBytes) throw malformed(provider, `a frame is longer than ${limitBytes} bytes`);
  if (length < smallestFrameBytes || bytes.readUInt32BE(position + 4) > length - smallestFrameBytes) {
    throw damaged(provider, 'its lengths do not fit each other');
  }
  return length;
}

function damaged(provider: string, reason: string): OpenClawError {
  return malformed(provider, `a frame of its stream is damaged: ${reason}`);
}

function readFrame(codec: FrameCodec, raw: Buffer): StreamFrame {
  const { headers, body } = codec.decode(raw);
  const text = (name: string): string | undefined => {
    const value = Object.hasOwn(headers, name) ? headers[name]?.value : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const data = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  switch (text(':message-type')) {
    case 'event':
      return { name: present(text(':event-type'), ':event-type'), data, raw };
    case 'exception':
      return { name: exceptionPrefix + present(text(':exception-type'), ':exception-type'), data, raw };
    case 'error': {
      // A failure of the connection and not of the model: its words are in headers, and there is no payload.
      const message = JSON.stringify({ message: text(':error-message') ?? '' });
      return { name: exceptionPrefix + present(text(':error-code'), ':error-code'), data: message, raw };
    }
    default:
      throw new Error('its :message-type is none of event, exception and error');
  }
}

function present(value: string | undefined, name: string): string {
  if (value === undefined) throw new Error(`it has no ${name}`);
  return value;
}

let codec: FrameCodec | undefined;

/** Loaded once for the process, as any module is. */
async function loadCodec(): Promise<void> {
  if (codec) return;
  const { EventStreamCodec } = await import('@smithy/core/event-streams');
  codec = new EventStreamCodec(
    (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')),
    (text) => Buffer.from(text, 'utf8'),
  );
}

export const awsEventStream: Framing = {
  contentType: 'application/vnd.amazon.eventstream',
  prepare: loadCodec,
  createParser(provider) {
    if (!codec) throw new Error('a stream of AWS is read before prepare() has loaded its codec');
    return createEventStreamParser({ codec, provider });
  },
};
