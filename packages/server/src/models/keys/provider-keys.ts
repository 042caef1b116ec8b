/**
 * The keys of one provider: each with its weight, the header that it is sent in, and the file that it lies in, if any. The
 * headers of a key change when it is rotated or its provider is configured anew; whoever holds the key need not know.
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
  /** Where the keys are sent. A key that is sent elsewhere is another one: nothing is known of it there. @default nowhere */
  readonly endpoint?: string;
  /** Where what is sent without a key has its credentials from, for people. @default it has none */
  readonly sourceWithoutKey?: string;
  /** Keys of the same provider before its configuration changed: those that stay go on. @default none */
  readonly before?: readonly ProviderKey[];
}

export interface HeldKeys {
  /** At least one: a provider that wants no key has one that is empty. */
  readonly keys: readonly ProviderKey[];
  readonly followed: readonly FollowedKey[];
  /** Puts in force what has changed about the keys that stay; until then nobody sees anything of it. */
  commit(): void;
}

export function holdKeys(sources: readonly KeySource[], options: HoldOptions): HeldKeys {
  const left = (options.before ?? []).filter((key): key is HeldKey => key instanceof HeldKey);
  const wanted: readonly (KeySource | undefined)[] = sources.length === 0 ? [undefined] : sources;
  const staying = wanted.map((source) => {
    const index = left.findIndex((key) => key.isSame(source?.secret, options.endpoint));
    return index < 0 ? undefined : left.splice(index, 1)[0];
  });
  const numbers = new Set(staying.map((key) => key?.id));
  const followed: FollowedKey[] = [];
  const changes: (() => void)[] = [];
  const keys = wanted.map((source, index) => {
    const kept = staying[index];
    const key = kept ?? new HeldKey(freeNumber(numbers), source, options);
    if (kept) changes.push(() => kept.describe(source, options));
    const { provider } = options;
    if (source?.file) followed.push({ provider, key, file: source.file, secret: source.secret, rotate: (next) => key.rotate(next) });
    return key;
  });
  return { keys, followed, commit: () => changes.splice(0).forEach((change) => change()) };
}

/** What the configuration has no more. */
export function letGo(key: ProviderKey): void {
  if (key instanceof HeldKey) key.gone = true;
}

/** The lowest that no key has. */
function freeNumber(taken: Set<string | undefined>): string {
  let number = 1;
  while (taken.has(String(number))) number += 1;
  taken.add(String(number));
  return String(number);
}

type Sending = Pick<HoldOptions, 'credential' | 'fixed'>;

class HeldKey implements ProviderKey {
  readonly id: string;
  source = '';
  weight = 1;
  absent?: true;
  gone = false;
  headers: Readonly<Record<string, string>> = {};
  hide?: (text: string) => string;
  readonly #endpoint: string | undefined;
  /** The one before too: requests that were sent with it may still be under way. */
  #secrets: readonly string[];
  #sending: Sending;

  constructor(id: string, found: KeySource | undefined, options: HoldOptions) {
    this.id = id;
    this.#endpoint = options.endpoint;
    this.#secrets = found ? [found.secret] : [];
    this.#sending = options;
    if (found) this.hide = (text) => this.#secrets.reduce(withoutSecret, text);
    else if (options.sourceWithoutKey === undefined) this.absent = true;
    this.describe(found, options);
  }

  isSame(secret: string | undefined, endpoint: string | undefined): boolean {
    return this.#secrets[0] === secret && this.#endpoint === endpoint;
  }

  /** What is said and sent of it now. */
  describe(found: KeySource | undefined, options: HoldOptions): void {
    // Not the options themselves: they lead to the keys before, and those to the ones before them.
    const { credential, fixed } = options;
    this.#sending = { credential, fixed };
    this.source = found?.source ?? options.sourceWithoutKey ?? 'no key';
    this.weight = found?.weight ?? 1;
    this.#writeHeaders();
  }

  rotate(next: string): void {
    this.#secrets = [next, ...this.#secrets.slice(0, 1)];
    this.#writeHeaders();
  }

  #writeHeaders(): void {
    const [secret] = this.#secrets;
    this.headers = secret === undefined ? this.#sending.fixed : headersOf(secret, this.#sending);
  }
}

function headersOf(secret: string, { credential, fixed }: Sending): Readonly<Record<string, string>> {
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
