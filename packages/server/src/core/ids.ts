/**
 * Ids that sort by time: a prefix, ten characters of milliseconds, sixteen of randomness, in Crockford's base 32.
 *
 * 80 random bits per millisecond need no coordination between processes. The ids say when something began and nothing
 * else; they are not secrets, and two of the same millisecond are in no particular order.
 */
import { randomFillSync } from 'node:crypto';
import { type Clock, systemClock } from './clock.ts';

export interface Ids {
  /** `req_…`, for a request of a client. */
  request(): string;
  /** `key_…`, for a virtual key. */
  key(): string;
  /** `ses_…`, for what a session holds from its beginning or its last reset on. */
  session(): string;
  /** `run_…`, for a durable run. */
  run(): string;
}

export interface IdsOptions {
  readonly clock?: Clock;
  /** Fills the whole buffer with random bytes. */
  readonly fillRandom?: (buffer: Uint8Array) => void;
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const timeCharacters = 10;
const randomBytesPerId = 10;
/** One call of the system's generator per 400 ids: the call costs more than the bytes. */
const batchBytes = 400 * randomBytesPerId;

export function createIds(options: IdsOptions = {}): Ids {
  const clock = options.clock ?? systemClock;
  const fillRandom = options.fillRandom ?? ((buffer) => void randomFillSync(buffer));
  const pairs = characterPairs();
  const batch = new Uint8Array(batchBytes);
  let used = batchBytes;
  let lastMs = -1;
  let lastTime = '';

  const create = (prefix: string): string => {
    const nowMs = clock.now();
    if (nowMs !== lastMs) {
      lastMs = nowMs;
      lastTime = encodeTime(nowMs);
    }
    if (used === batchBytes) {
      fillRandom(batch);
      used = 0;
    }
    const random = encodeFiveBytes(batch, used, pairs) + encodeFiveBytes(batch, used + 5, pairs);
    used += randomBytesPerId;
    return prefix + lastTime + random;
  };

  return { request: () => create('req_'), key: () => create('key_'), session: () => create('ses_'), run: () => create('run_') };
}

/** Every pair of characters, so that ten bits are one look-up. */
function characterPairs(): readonly string[] {
  return Array.from(alphabet).flatMap((first) => Array.from(alphabet, (second) => first + second));
}

function encodeTime(milliseconds: number): string {
  let rest = Math.floor(milliseconds);
  let text = '';
  for (let index = 0; index < timeCharacters; index += 1) {
    text = alphabet.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** 40 bits as eight characters. */
function encodeFiveBytes(bytes: Uint8Array, offset: number, pairs: readonly string[]): string {
  const [a, b, c, d, e] = [bytes[offset]!, bytes[offset + 1]!, bytes[offset + 2]!, bytes[offset + 3]!, bytes[offset + 4]!];
  return pairs[(a << 2) | (b >> 6)]! + pairs[((b & 63) << 4) | (c >> 4)]! + pairs[((c & 15) << 6) | (d >> 2)]! + pairs[((d & 3) << 8) | e]!;
}
