/**
 * The one error class of the client, and how an answer or a failed connection becomes one.
 *
 * It does not decide whether to try again: see `retry.ts`. What the caller aborted is rejected with the reason of the caller's signal,
 * as `fetch` does, and is no error of this class.
 */
import { errorCatalogue, type ErrorCode, type ErrorEntry } from '@openclaw/protocol';

/** A code of OpenClaw's catalogue, or the word of another server that speaks the same API. */
export type OpenClawErrorCode = ErrorCode | (string & Record<never, never>);

export interface OpenClawErrorOptions {
  readonly message: string;
  readonly code: OpenClawErrorCode;
  /** HTTP status of the answer. @default 0, for: there was none */
  readonly status?: number | undefined;
  /** @default false */
  readonly retryable?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly hint?: string | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/**
 * Any failure of a call.
 *
 * @example
 * try {
 *   await client.chat.completions.create(request);
 * } catch (error) {
 *   if (error instanceof OpenClawError && error.code === 'model_not_found') console.error(error.hint);
 *   else throw error;
 * }
 */
export class OpenClawError extends Error {
  override readonly name = 'OpenClawError' as const;
  /** What happened, for programs: `upstream_rate_limited`, `circuit_open`, … `docs/errors.md` lists them. */
  readonly code: OpenClawErrorCode;
  /** HTTP status of the answer; 0 where there was none. */
  readonly status: number;
  /**
   * Whether sending the same request again makes sense. False where the server says so (`x-should-retry: false`), since the gateway has made its
   * own tries by then, and false once a part of a stream was delivered.
   */
  readonly retryable: boolean;
  /** No earlier than this may the request be sent again. */
  readonly retryAfterMs: number | undefined;
  /** What can be done about it, if the gateway or this package knows. */
  readonly hint: string | undefined;
  /** Finds the request in the gateway's log. */
  readonly requestId: string | undefined;

  constructor(options: OpenClawErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.status = options.status ?? 0;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.hint = options.hint;
    this.requestId = options.requestId;
  }
}

export interface ErrorDetails {
  readonly details: Readonly<Record<string, string | number>>;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/** An error of this package itself: a row of the catalogue with its places filled in. */
export function clientError(code: ErrorCode, { details, ...options }: ErrorDetails): OpenClawError {
  const entry: ErrorEntry = errorCatalogue[code];
  return new OpenClawError({
    code,
    status: 0,
    retryable: entry.retryable,
    message: fillIn(entry.message, details),
    hint: fillIn(entry.hint, details),
    ...options,
  });
}

function fillIn(template: string, details: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => String(details[name] ?? place));
}

/** An option that cannot be. */
export function optionError(option: string, wanted: string): OpenClawError {
  return clientError('usage_error', { details: { reason: `${option} has to be ${wanted}`, suggestion: `Set ${option} to ${wanted}.` } });
}

/** The deepest cause of a failed `fetch` says more than its "fetch failed". */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const message = thrown.cause instanceof Error ? reasonOf(thrown.cause) : thrown.message || thrown.name;
  return message.replace(/\s+/g, ' ').replace(/\.$/, '');
}

/** The same failure after something was delivered that cannot be taken back. The caller's own reasons stay as they are. */
export function withoutRetry(error: unknown): unknown {
  if (!(error instanceof OpenClawError) || !error.retryable) return error;
  const { message, code, status, retryAfterMs, hint, requestId } = error;
  return new OpenClawError({ message, code, status, retryAfterMs, hint, requestId, retryable: false, cause: error });
}

export interface AnswerHead {
  readonly status: number;
  readonly headers: Headers;
}

/**
 * The error that an HTTP answer tells of: OpenClaw's own words, else OpenAI's, else those of its status.
 *
 * @param body the text of the answer, JSON or not
 * @param nowMs wall clock, for a `Retry-After` that is a date
 */
export function errorFromAnswer({ status, headers }: AnswerHead, body: string, nowMs: number): OpenClawError {
  const described = describe(parseObject(body));
  return new OpenClawError({
    code: described.code ?? `http_${status}`,
    message: described.message ?? `The server answered with status ${status}.`,
    status,
    retryable: isRetryableAnswer({ status, headers }, described.retryable),
    retryAfterMs: readRetryAfterMs(headers, nowMs),
    hint: described.hint,
    requestId: requestIdOf(headers),
  });
}

/** The error in an event of a stream that was answered with 200. */
export function errorFromEvent(event: unknown, { headers }: AnswerHead): OpenClawError {
  const described = describe(asObject(event));
  const entry = (errorCatalogue as Readonly<Record<string, ErrorEntry>>)[described.code ?? ''];
  return new OpenClawError({
    code: described.code ?? 'stream_broken',
    message: described.message ?? 'The stream broke off with an error.',
    status: entry?.status ?? 0,
    retryable: headers.get('x-should-retry') === 'false' ? false : (described.retryable ?? entry?.retryable ?? true),
    hint: described.hint,
    requestId: requestIdOf(headers),
  });
}

export function requestIdOf(headers: Headers): string | undefined {
  return headers.get('x-openclaw-request-id') ?? headers.get('x-request-id') ?? undefined;
}

/** What may pass by itself: the server gave up waiting, is busy, or failed. */
const retryableStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504, 529]);

/** The server's own wish comes first, then what OpenClaw's body says, then the status. */
function isRetryableAnswer({ status, headers }: AnswerHead, said: boolean | undefined): boolean {
  const wish = headers.get('x-should-retry');
  if (wish === 'false') return false;
  if (wish === 'true') return true;
  return said ?? retryableStatuses.has(status);
}

/**
 * When the answer says that another try makes sense, from `retry-after-ms`, else from `Retry-After` in seconds or as a date.
 *
 * @returns milliseconds from now, or `undefined` if it says nothing that can be understood
 */
export function readRetryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const milliseconds = readNumber(headers.get('retry-after-ms'));
  if (milliseconds !== undefined) return milliseconds;
  const text = headers.get('retry-after');
  const seconds = readNumber(text);
  if (seconds !== undefined) return seconds * 1000;
  // Only what begins with the name of a day is a date of HTTP; `Date.parse` alone takes "-1" for one.
  const dateMs = text !== null && /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

function readNumber(text: string | null): number | undefined {
  return text !== null && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}

interface Described {
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly hint: string | undefined;
  readonly retryable: boolean | undefined;
}

/** `{ error: { message, type, code, openclaw: { code, hint, retryable } } }`, or as much of it as there is; some servers put words alone there. */
function describe(body: Readonly<Record<string, unknown>>): Described {
  const error = asObject(body['error']);
  const openclaw = asObject(error['openclaw']);
  return {
    code: asText(openclaw['code']) ?? asText(error['code']) ?? asText(error['type']),
    message: asText(error['message']) ?? asText(body['error']) ?? asText(body['message']) ?? asText(body['detail']),
    hint: asText(openclaw['hint']),
    retryable: typeof openclaw['retryable'] === 'boolean' ? openclaw['retryable'] : undefined,
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return asObject(JSON.parse(text));
  } catch {
    // A proxy between answers with a page; its status says enough.
    return {};
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
