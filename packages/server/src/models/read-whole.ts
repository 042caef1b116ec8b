/** Reads an answer that does not stream, within bounds. It does not know what it means: see the dialects. */
import { OpenClawError, reasonOf } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ModelCall } from './call.ts';
import type { UpstreamResponse } from './upstream.ts';

/** A whole answer larger than this is not taken. Larger would let one provider fill the memory. */
export const wholeLimitBytes = 64 * 1024 * 1024;

/** What is held for each byte while it is read and parsed, and for each piece: one that comes byte by byte is far larger than it says. */
const heldPerByte = 2;
const heldPerPiece = 256;

/** @throws OpenClawError `answer_too_large`, `overloaded`, `upstream_truncated`, `upstream_timeout` */
export async function readWhole(response: UpstreamResponse, provider: string, { hold }: Pick<ModelCall, 'hold'>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > wholeLimitBytes) throw tooLarge(provider);
    hold?.(heldPerByte * chunk.length + heldPerPiece);
  }
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks, length);
}

/** @throws OpenClawError `upstream_malformed`, without quoting what was sent */
export function parseAnswer(bytes: Buffer, provider: string): JsonObject {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (isJsonObject(value)) return value;
  } catch (thrown) {
    const reason = `its answer is not JSON: ${reasonOf(thrown).replace(/"[^"]*"\.*/g, '…')}`;
    throw new OpenClawError('upstream_malformed', { details: { provider, reason } });
  }
  throw new OpenClawError('upstream_malformed', { details: { provider, reason: 'its answer is not a JSON object' } });
}

export function tooLarge(provider: string): OpenClawError {
  return new OpenClawError('answer_too_large', { details: { provider, limitBytes: wholeLimitBytes } });
}
