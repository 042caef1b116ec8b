/**
 * The one place that asks sources for secrets: it keeps what was read last, asks again in time, and says how each of them is.
 *
 * What lies on this machine is read at every look, which files announce by themselves. What lies beyond it is asked for again after a while, no
 * two at the same moment; while it cannot be had, what was read last goes on holding. Values are in memory alone, and in no message.
 */
import type { SecretKind, SecretTargets } from '@openclaw/protocol';

import type { Clock, Timer } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { SecretReading, SecretSource, SourceContext } from './contract.ts';
import { down } from './failures.ts';
import { openSource } from './sources/index.ts';

export interface SecretRequest extends Omit<SourceContext, 'clock'> {
  readonly kind: SecretKind;
  readonly target: SecretTargets[SecretKind];
  /** Another one: sources read their credentials anew. */
  readonly environmentStamp: string;
}

/** How one secret is; no values. */
export interface SecretStatus {
  readonly kind: SecretKind;
  /** Where it lies, for people. */
  readonly where: string;
  /** `degraded`: its source cannot be asked, and what was read last holds. `failed`: it was never read. */
  readonly state: 'ok' | 'degraded' | 'failed';
  /** Why it is not `ok`. */
  readonly reason?: string;
  /** When it was read last, found to be another one, and written, in ISO 8601. */
  readonly readAt?: string;
  readonly rotatedAt?: string;
  readonly madeAt?: string;
  readonly version?: string;
}

export interface SecretStore {
  /** @throws OpenClawError where nothing was ever read, as `SecretSource.read` */
  read(request: SecretRequest): Promise<SecretReading & { readonly describe: string }>;
  status(request: SecretRequest): SecretStatus | undefined;
  /** From now on these are followed, and all others forgotten. */
  follow(requests: readonly SecretRequest[]): void;
  close(): void;
}

export interface SecretStoreOptions {
  readonly clock: Clock;
  /** From 0 to 1. @default Math.random */
  readonly random?: () => number;
  readonly log?: () => Log | undefined;
  /** A value that is followed is another one. */
  readonly onRotated?: () => void;
  /** One that is followed was asked for, or its state is another one. */
  readonly onStatus?: () => void;
}

interface Entry {
  request: SecretRequest;
  where: string;
  reading: SecretReading | undefined;
  /** What the source was told of itself when it was read. */
  stamp: string;
  failure: OpenClawError | undefined;
  failures: number;
  readAtMs: number | undefined;
  rotatedAtMs: number | undefined;
  /** Monotonic. */
  dueMs: number;
  timer: Timer | undefined;
  running: Promise<void> | undefined;
}

const firstRetryMs = 2000;
const shortestMs = 1000;

export function createSecretStore(options: SecretStoreOptions): SecretStore {
  return new Store(options);
}

class Store implements SecretStore {
  readonly #options: SecretStoreOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #sources = new Map<SecretKind, { readonly stamp: string; readonly source: Promise<SecretSource> }>();
  readonly #closing = new AbortController();
  #followed: ReadonlySet<string> = new Set();

  constructor(options: SecretStoreOptions) {
    this.#options = options;
  }

  async read(request: SecretRequest): Promise<SecretReading & { readonly describe: string }> {
    const key = keyOf(request);
    const entry = this.#entries.get(key) ?? newEntry(request);
    this.#entries.set(key, entry);
    entry.request = request;
    if (!this.#isFresh(entry)) await this.#ask(entry);
    const { reading, failure, where } = entry;
    // On this machine what holds is what is there: the keeper of the configuration keeps what was before.
    if (failure && (reading === undefined || isLocal(request))) throw failure;
    if (reading === undefined) throw down(where, 'it was never read');
    return { ...reading, describe: where };
  }

  status(request: SecretRequest): SecretStatus | undefined {
    const entry = this.#entries.get(keyOf(request));
    return entry && statusOf(entry);
  }

  follow(requests: readonly SecretRequest[]): void {
    this.#followed = new Set(requests.map(keyOf));
    for (const [key, entry] of this.#entries) {
      if (this.#followed.has(key)) this.#schedule(key, entry);
      else {
        entry.timer?.cancel();
        this.#entries.delete(key);
      }
    }
  }

  close(): void {
    this.#closing.abort(new Error('the gateway stops'));
    this.follow([]);
  }

  #isFresh({ request, stamp, dueMs, reading, failure }: Entry): boolean {
    if (isLocal(request) || (reading === undefined && failure === undefined)) return false;
    return stamp === stampOf(request) && this.#options.clock.monotonicMs() < dueMs;
  }

  /** One at a time for each secret; whoever comes meanwhile waits for the same answer. */
  #ask(entry: Entry): Promise<void> {
    entry.running ??= this.#askNow(entry).finally(() => {
      entry.running = undefined;
    });
    return entry.running;
  }

  async #askNow(entry: Entry): Promise<void> {
    const { clock } = this.#options;
    const { request } = entry;
    const before = statusOf(entry);
    entry.stamp = stampOf(request);
    try {
      const source = await this.#sourceOf(request);
      entry.where = source.describe(request.target);
      const reading = await this.#withTimeout(entry, (signal) => source.read(request.target, signal));
      if (entry.reading !== undefined && entry.reading.value !== reading.value) entry.rotatedAtMs = clock.now();
      [entry.reading, entry.failure, entry.failures] = [reading, undefined, 0];
      entry.readAtMs = clock.now();
    } catch (thrown) {
      entry.failure = thrown instanceof OpenClawError ? thrown : down(entry.where, reasonOf(thrown), thrown);
      entry.failures += 1;
    }
    entry.dueMs = clock.monotonicMs() + this.#waitMs(entry);
    this.#tell(entry, before);
  }

  async #withTimeout(entry: Entry, read: (signal: AbortSignal) => Promise<SecretReading>): Promise<SecretReading> {
    const { timeoutMs } = entry.request.settings;
    const late = new AbortController();
    const timer = this.#options.clock.after(timeoutMs, () => late.abort(down(entry.where, `no answer within ${timeoutMs} ms`)));
    try {
      return await read(AbortSignal.any([late.signal, this.#closing.signal]));
    } finally {
      timer.cancel();
    }
  }

  #sourceOf(request: SecretRequest): Promise<SecretSource> {
    const stamp = stampOf(request);
    const known = this.#sources.get(request.kind);
    if (known?.stamp === stamp) return known.source;
    const { settings, environment, directory, kind } = request;
    const source = openSource<SecretKind>(kind, { settings, environment, directory, clock: this.#options.clock });
    this.#sources.set(kind, { stamp, source });
    return source;
  }

  /** Spread by a tenth either way, so that many gateways do not ask in step. */
  #waitMs({ request, reading, failure, failures }: Entry): number {
    const { refreshMs } = request.settings;
    const usualMs = Math.min(refreshMs, ((reading?.goodForMs ?? Infinity) * 2) / 3);
    const wantedMs = failure ? Math.min(refreshMs, firstRetryMs * 2 ** Math.min(failures - 1, 20)) : usualMs;
    return Math.max(shortestMs, wantedMs * (0.9 + 0.2 * (this.#options.random ?? Math.random)()));
  }

  #schedule(key: string, entry: Entry): void {
    const { clock } = this.#options;
    if (isLocal(entry.request) || entry.timer) return;
    entry.timer = clock.after(Math.max(shortestMs, entry.dueMs - clock.monotonicMs()), () => void this.#poll(key, entry));
  }

  async #poll(key: string, entry: Entry): Promise<void> {
    const before = entry.reading?.value;
    // Somebody may have looked meanwhile.
    if (!this.#isFresh(entry)) await this.#ask(entry);
    entry.timer = undefined;
    if (!this.#followed.has(key)) return;
    this.#schedule(key, entry);
    this.#options.onStatus?.();
    if (entry.reading?.value !== before) this.#options.onRotated?.();
  }

  #tell(entry: Entry, before: SecretStatus): void {
    if (!this.#followed.has(keyOf(entry.request))) return;
    const now = statusOf(entry);
    const log = this.#options.log?.();
    const fields = { source: entry.where };
    if (now.state !== before.state && now.state === 'ok') log?.info('a secret can be read again', fields);
    if (now.state === 'degraded' && now.reason !== before.reason) {
      log?.warn('a secret cannot be read; what was read last holds', { ...fields, reason: now.reason });
    }
    if (now.rotatedAt !== before.rotatedAt) log?.info('a secret was rotated', fields);
    if (now.state !== before.state || now.rotatedAt !== before.rotatedAt) this.#options.onStatus?.();
  }
}

function newEntry(request: SecretRequest): Entry {
  return {
    ...{ request, where: request.kind, reading: undefined, stamp: '', failure: undefined, failures: 0 },
    ...{ readAtMs: undefined, rotatedAtMs: undefined, dueMs: 0, timer: undefined, running: undefined },
  };
}

function isLocal({ kind }: SecretRequest): boolean {
  return kind === 'env' || kind === 'file';
}

function keyOf({ kind, target }: SecretRequest): string {
  return JSON.stringify([kind, target]);
}

/** What a source of this kind is opened with. */
function stampOf({ kind, settings, environmentStamp, directory }: SecretRequest): string {
  const own = kind === 'vault' || kind === 'aws' || kind === 'azure' || kind === 'google' ? settings[kind] : {};
  return JSON.stringify([own, environmentStamp, directory]);
}

function statusOf({ request, where, reading, failure, readAtMs, rotatedAtMs }: Entry): SecretStatus {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    kind: request.kind,
    where,
    state: failure === undefined ? 'ok' : reading === undefined ? 'failed' : 'degraded',
    ...(failure === undefined ? {} : { reason: failure.message }),
    ...(readAtMs === undefined ? {} : { readAt: iso(readAtMs) }),
    ...(rotatedAtMs === undefined ? {} : { rotatedAt: iso(rotatedAtMs) }),
    ...(reading?.madeAt === undefined ? {} : { madeAt: reading.madeAt }),
    ...(reading?.version === undefined ? {} : { version: reading.version }),
  };
}
