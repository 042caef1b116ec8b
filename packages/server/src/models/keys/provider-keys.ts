/**
 * The keys of one provider: each with its weight, the header that it is sent in, and the file that it lies in, if any. The
 * headers of a key change when it is rotated; whoever holds the key need not know.
 *
 * It does not read files (`key-files.ts`) and does not know which keys are good (`keys.ts`).
 */
import type { SecretFile } from '../../config/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import { redactedText, shortestSecret } from '../../core/redact.ts';
import type { Vendor } from '../catalogue/index.ts';
import type { ProviderKey } from '../target.ts';

/** A key as it was found. */
export interface KeySource {
  readonly secret: string;
  /** For people; never the key. */
  readonly source: string;
  readonly weight?: number;
  /** Where it can be read again. */
  readonly file?: SecretFile | undefined;
}

/** A key that lies in a file, and what to do when another lies there. */
export interface FollowedKey {
  readonly provider: string;
  readonly key: ProviderKey;
  readonly file: SecretFile;
  /** What it is now. */
  readonly secret: string;
  rotate(secret: string): void;
}

export interface HoldOptions {
  readonly provider: string;
  readonly credential: Vendor['credential'];
  /** Sent with every request, whatever the key. */
  readonly fixed: Readonly<Record<string, string>>;
}

export interface HeldKeys {
  /** At least one: a provider that wants no key has one that is empty. */
  readonly keys: readonly ProviderKey[];
  readonly followed: readonly FollowedKey[];
}

export function holdKeys(sources: readonly KeySource[], options: HoldOptions): HeldKeys {
  if (sources.length === 0) return { keys: [{ id: '1', source: 'no key', weight: 1, absent: true, headers: options.fixed }], followed: [] };
  const followed: FollowedKey[] = [];
  const keys = sources.map((found, index) => {
    let headers = headersOf(found.secret, options);
    /** The one before too: requests that were sent with it may still be under way. */
    let secrets = [found.secret];
    const key: ProviderKey = {
      id: String(index + 1),
      source: found.source,
      weight: found.weight ?? 1,
      get headers() {
        return headers;
      },
      hide: (text) => secrets.reduce(withoutSecret, text),
    };
    const { file, secret } = found;
    if (file) {
      const rotate = (next: string): void => {
        headers = headersOf(next, options);
        secrets = [next, ...secrets.slice(0, 1)];
      };
      followed.push({ provider: options.provider, key, file, secret, rotate });
    }
    return key;
  });
  return { keys, followed };
}

function headersOf(secret: string, { credential, fixed }: HoldOptions): Readonly<Record<string, string>> {
  return { ...(credential === 'bearer' ? { authorization: `Bearer ${secret}` } : { [credential]: secret }), ...fixed };
}

function withoutSecret(text: string, secret: string): string {
  return secret.length < shortestSecret ? text : text.replaceAll(secret, redactedText);
}

/** What a provider said, without the key that it was asked with: its words go to clients, who have keys of their own for a reason. */
export function withoutKey(error: OpenClawError, { hide }: ProviderKey): OpenClawError {
  const { reason } = error.details;
  if (!hide || typeof reason !== 'string') return error;
  const clean = hide(reason);
  if (clean === reason) return error;
  const { code, status, param, retryAfterMs, cause } = error;
  return new OpenClawError(code, {
    ...{ details: { ...error.details, reason: clean }, status, cause },
    ...(param !== undefined && { param }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
