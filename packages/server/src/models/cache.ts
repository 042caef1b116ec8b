/**
 * Answers that are used again: kept in memory for a while, under everything that changes them and under who asked. Identical
 * requests under way are joined: one asks, the others wait for its answer.
 *
 * What is kept are events and not bytes, so that a stream and a whole answer serve each other. Off unless the operator wants it.
 * It does not know who may ask, and answers nobody: see `service.ts` and `replay.ts`.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { ModelCall } from './call.ts';
import type { ModelEvent } from './dialects/events.ts';

export interface CacheSettings {
  readonly enabled: boolean;
  readonly ttlMs: number;
  /** All kept answers together. */
  readonly maxBytes: number;
}

export interface CachedAnswer {
  readonly events: readonly ModelEvent[];
  /** Who answered then. */
  readonly target: string;
}

export type CacheEntry =
  | { readonly kind: 'hit'; readonly answer: CachedAnswer }
  /** Nobody asks this yet: whoever got this asks, and says how it ended. */
  | { readonly kind: 'lead'; readonly lead: Lead }
  /** Somebody asks this already; resolves with the answer, or with nothing if there was none. */
  | { readonly kind: 'wait'; readonly answer: Promise<CachedAnswer | undefined> };

export interface Lead {
  /** Once; without an answer the next who waits asks. Later calls do nothing. */
  settle(answer: CachedAnswer | undefined): void;
}

export interface AnswerCache {
  enter(key: string): CacheEntry;
  /** Forgets all answers; what is asked for just now is kept when it comes. */
  clear(): void;
  readonly figures: {
    readonly hits: number;
    readonly misses: number;
    readonly joined: number;
    readonly bytes: number;
    readonly entries: number;
  };
}

/** One answer may take this share of the room; a larger one would push out too many others. */
const largestShare = 1 / 8;
/** What an event weighs beside its text. */
const eventOverheadBytes = 100;

interface Kept {
  readonly answer: CachedAnswer;
  readonly bytes: number;
  readonly expiresMs: number;
}

export function createAnswerCache(settings: CacheSettings, clock: Clock): AnswerCache {
  const shelf = new Shelf(settings, clock);
  const underWay = new Map<string, Promise<CachedAnswer | undefined>>();
  const counts = { hits: 0, misses: 0, joined: 0 };

  function lead(key: string): Lead {
    const { promise, resolve } = Promise.withResolvers<CachedAnswer | undefined>();
    underWay.set(key, promise);
    let settled = false;
    return {
      settle(answer) {
        if (settled) return;
        settled = true;
        underWay.delete(key);
        if (answer) shelf.keep(key, answer);
        resolve(answer);
      },
    };
  }

  return {
    enter(key) {
      const answer = shelf.find(key);
      if (answer) {
        counts.hits += 1;
        return { kind: 'hit', answer };
      }
      const asked = underWay.get(key);
      if (asked) {
        counts.joined += 1;
        return { kind: 'wait', answer: asked };
      }
      counts.misses += 1;
      return { kind: 'lead', lead: lead(key) };
    },
    clear: () => shelf.clear(),
    get figures() {
      return { ...counts, bytes: shelf.bytes, entries: shelf.size };
    },
  };
}

/** What is kept, within its room and its time; the least used gives way. */
class Shelf {
  readonly #settings: CacheSettings;
  readonly #clock: Clock;
  /** In the order of their last use: the first is the one that nobody wanted for longest. */
  readonly #kept = new Map<string, Kept>();
  bytes = 0;

  constructor(settings: CacheSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  get size(): number {
    return this.#kept.size;
  }

  find(key: string): CachedAnswer | undefined {
    const found = this.#kept.get(key);
    if (!found) return undefined;
    this.#kept.delete(key);
    if (found.expiresMs <= this.#clock.monotonicMs()) {
      this.bytes -= found.bytes;
      return undefined;
    }
    this.#kept.set(key, found);
    return found.answer;
  }

  keep(key: string, answer: CachedAnswer): void {
    const { maxBytes, ttlMs } = this.#settings;
    const bytes = sizeOf(answer);
    if (bytes > maxBytes * largestShare) return;
    this.#remove(key);
    this.#kept.set(key, { answer, bytes, expiresMs: this.#clock.monotonicMs() + ttlMs });
    this.bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.bytes <= maxBytes) return;
      this.#remove(oldest);
    }
  }

  clear(): void {
    this.#kept.clear();
    this.bytes = 0;
  }

  #remove(key: string): void {
    this.bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}

function sizeOf({ events }: CachedAnswer): number {
  return events.length * eventOverheadBytes + JSON.stringify(events).length * 2;
}

/** Headers that change an answer. */
const tellingHeaders = ['anthropic-beta', 'anthropic-version', 'openai-beta', 'x-openclaw-session'] as const;
/** Fields that change only how it is handed over. */
const tellingNothing: ReadonlySet<string> = new Set(['stream', 'stream_options']);

/**
 * Everything that changes the answer, and who asks. `undefined` where an answer must not be used again: the client forbids it,
 * or the request goes on from what a provider remembers.
 */
export function cacheKeyOf(call: ModelCall, body: JsonObject): string | undefined {
  if (/\bno-(?:cache|store)\b/i.test(String(call.headers['cache-control'] ?? ''))) return undefined;
  if (call.dialect === 'openai-responses' && body['store'] !== false) return undefined;
  if (isGiven(body['previous_response_id']) || isGiven(body['conversation']) || body['background'] === true) return undefined;
  const hash = createHash('sha256');
  hash.update(JSON.stringify([call.caller.id, call.dialect, tellingHeaders.map((name) => call.headers[name] ?? null)]));
  // In the client's own order: another order is another request, which costs a miss and never a wrong answer.
  for (const [name, value] of Object.entries(body)) {
    if (!tellingNothing.has(name)) hash.update(`\n${JSON.stringify(name)}:${JSON.stringify(value)}`);
  }
  return hash.digest('base64url');
}

function isGiven(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null;
}

/** Takes down the events of one answer, and gives up where it grows beyond what may be kept. */
export class Recording {
  readonly #limitBytes: number;
  #events: ModelEvent[] | undefined = [];
  #bytes = 0;

  constructor(settings: CacheSettings) {
    this.#limitBytes = settings.maxBytes * largestShare;
  }

  push(events: readonly ModelEvent[]): void {
    if (!this.#events) return;
    for (const event of events) {
      this.#bytes += eventOverheadBytes + (event.type === 'blockDelta' ? lengthOf(event.delta) * 2 : 0);
      this.#events.push(event);
    }
    if (this.#bytes > this.#limitBytes) this.#events = undefined;
  }

  /** The whole answer, if it ended well and is small enough. */
  get events(): readonly ModelEvent[] | undefined {
    const last = this.#events?.findLast(({ type }) => type === 'finish' || type === 'error');
    return last?.type === 'finish' && reusable.has(last.reason) ? this.#events : undefined;
  }
}

/** Ends that another try may not have are not kept: a filter's, a pause, and words that nobody knows. */
const reusable: ReadonlySet<string> = new Set(['stop', 'stopSequence', 'length', 'toolCalls']);

function lengthOf(delta: Extract<ModelEvent, { type: 'blockDelta' }>['delta']): number {
  if (delta.kind === 'text') return delta.text.length;
  if (delta.kind === 'arguments') return delta.json.length;
  return delta.kind === 'signature' ? delta.signature.length : JSON.stringify(delta.value).length;
}
