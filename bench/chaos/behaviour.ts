/**
 * How a chaos upstream behaves, as data: it travels as JSON on a command line, through a control endpoint, in a header of one
 * request or in its prompt.
 *
 * It does nothing; see `upstream.ts`.
 */

/** From the arrival of a request to the first byte of its answer. All 0: at once, without a timer. */
export interface Latency {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** A time in which something holds, again and again: for `lastMs` at the end of every `everyMs`. */
export interface Recurring {
  readonly everyMs: number;
  readonly lastMs: number;
}

/** The forms in which providers name a time, and those in which they should not. The last three name none that can be used, or a long one. */
export type RetryAfterForm = 'seconds' | 'date' | 'milliseconds' | 'none' | 'minute' | 'negative' | 'garbage';

export interface RateLimit {
  /** `bucket` refills steadily; `window` starts again with every second of the clock. */
  readonly kind: 'bucket' | 'window';
  readonly perSecond: number;
  /** Most tokens that a bucket holds, or that a window grants. */
  readonly burst: number;
  /** Tokens that a refused request takes. Above 0 as at OpenAI, where "continuously resending a request won't work". */
  readonly refusedCost: number;
  readonly retryAfter: RetryAfterForm;
}

export interface ConcurrencyLimit {
  readonly atMost: number;
  /** What becomes of a request above the limit. */
  readonly refusal: 429 | 503 | 529 | 'reset';
  readonly retryAfter: RetryAfterForm;
  /** How long a refusal asks to stay away. */
  readonly awayMs: number;
}

/** What goes wrong with a request. `stream` faults come after the deltas that `after` counts. */
export type FaultKind =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: RetryAfterForm; readonly awayMs?: number }
  /** A connection reset before the head, after it, or in the middle of the answer. */
  | { readonly kind: 'reset'; readonly at: 'accept' | 'head' | 'stream'; readonly after?: number }
  /** Silence for good, with the connection open. */
  | { readonly kind: 'stall'; readonly at: 'accept' | 'head' | 'stream'; readonly after?: number }
  /** Silence for a while, then the answer goes on. Without a time: until it is released, by who runs the upstream in its own process. */
  | { readonly kind: 'silence'; readonly at: 'accept' | 'head' | 'stream'; readonly ms?: number; readonly after?: number }
  /** The connection ends in the middle of an event, of a JSON body, or between events without the last ones. */
  | { readonly kind: 'half-frame' | 'truncated'; readonly after?: number }
  /** An error inside a 200, at once or after some deltas. */
  | { readonly kind: 'error-event'; readonly after?: number; readonly status?: number }
  /** A page of some other server, with status 200. */
  | { readonly kind: 'html' }
  /** A good answer under a wrong content type. */
  | { readonly kind: 'text-plain' }
  /** The head arrives byte by byte over this time. */
  | { readonly kind: 'slow-head'; readonly ms: number };

export type Fault = FaultKind & {
  /** Part of the requests that it befalls, drawn from the seed. @default 1 */
  readonly share?: number;
  /** It befalls at most this many. */
  readonly times?: number;
  readonly during?: Recurring;
};

export interface Behaviour {
  readonly seed: number;
  readonly latency: Latency;
  /** Added to the latency for every request that came before: a server that gets slower as it works. */
  readonly slowerByMs: number;
  readonly spike: (Recurring & { readonly factor: number }) | undefined | null;
  /** Of a streamed answer. */
  readonly deltas: number;
  readonly paceMs: number;
  /** `null`, which JSON can carry, takes a limit away like `undefined`. */
  readonly rate: RateLimit | undefined | null;
  readonly concurrency: ConcurrencyLimit | undefined | null;
  /** The first that fits befalls a request. */
  readonly faults: readonly Fault[];
  /** A request this short after a refusal may have been under way, and is not held against the client. */
  readonly graceMs: number;
}

export const calm: Behaviour = {
  seed: 1,
  latency: { p50Ms: 0, p95Ms: 0, p99Ms: 0 },
  slowerByMs: 0,
  spike: undefined,
  deltas: 4,
  paceMs: 0,
  rate: undefined,
  concurrency: undefined,
  faults: [],
  graceMs: 50,
};

/** The header of one request that changes the behaviour towards it, as JSON of a part of `Behaviour`. */
export const chaosHeader = 'x-chaos';

const mark = '[chaos ';

/** The same for requests that pass a gateway, which forwards no header that it does not know: a line for the prompt. */
export function promptFor(change: Partial<Behaviour>): string {
  return `${mark}${JSON.stringify(change).replaceAll('"', "'")}]`;
}

/** What a request asks for itself, from its header or else its prompt. */
export function readChange(header: string | undefined, body: string): Partial<Behaviour> | undefined {
  if (header !== undefined) return JSON.parse(header) as Partial<Behaviour>;
  // The last one: earlier ones stand in the history of a conversation.
  const at = body.lastIndexOf(mark);
  if (at < 0) return undefined;
  const text = /^\[chaos (\{.*?\})\](?=["\\ ]|$)/.exec(body.slice(at))?.[1];
  return text === undefined ? undefined : (JSON.parse(text.replaceAll("'", '"')) as Partial<Behaviour>);
}

/** What JSON leaves out comes back as the calm default. */
export function toBehaviour(change: Partial<Behaviour>): Behaviour {
  return { ...calm, ...change };
}

export function inRecurring({ everyMs, lastMs }: Recurring, nowMs: number): boolean {
  return nowMs % everyMs >= everyMs - lastMs;
}
