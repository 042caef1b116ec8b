/** What can be wrong with a secret that lies elsewhere, and what every source asks of a value. */
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { parseObject } from '../../core/json.ts';

type Failure = (where: string, reason: string, cause?: unknown) => OpenClawError;

export const missing: Failure = (where, reason, cause) => new OpenClawError('secret_missing', { details: { where, reason }, cause });
export const refused: Failure = (where, reason, cause) => new OpenClawError('secret_refused', { details: { where, reason }, cause });
export const down: Failure = (where, reason, cause) => new OpenClawError('secret_source_down', { details: { where, reason }, cause });
export const unusable: Failure = (where, reason) => new OpenClawError('secret_unusable', { details: { where, reason } });

export const secretLimitBytes = 64 * 1024;

/** A value that can be used; of a JSON object the one that `key` names. @throws OpenClawError `secret_unusable`, `secret_missing` */
export function usable(where: string, text: unknown, key?: string): string {
  const value = key === undefined ? text : valueAt(where, text, key);
  if (typeof value !== 'string') throw unusable(where, 'it is not a text');
  if (value === '') throw unusable(where, 'it is empty');
  if (Buffer.byteLength(value) > secretLimitBytes) throw unusable(where, 'it is larger than 64 KiB');
  return value;
}

function valueAt(where: string, text: unknown, key: string): unknown {
  // Without the parser's own words, which would quote what it read.
  const whole = typeof text === 'string' ? parseObject(text) : undefined;
  if (whole === undefined) throw unusable(where, `it is no JSON object, so it has no key ${key}`);
  if (!Object.hasOwn(whole, key)) throw missing(where, `its JSON has no key ${key}`);
  return whole[key];
}

/** A failure of the network or of a file, as one that says where; what is aborted stays what it is. */
export function asDown(where: string, thrown: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  return thrown instanceof OpenClawError ? thrown : down(where, reasonOf(thrown), thrown);
}
