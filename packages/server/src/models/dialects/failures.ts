/**
 * What a provider's refusal means, whatever its dialect: an error of the catalogue, and how long to wait. The dialects find
 * the words in a body; this file judges status, words and headers.
 *
 * It does not decide whether to try again: see `../attempts.ts`.
 */
import { OpenClawError, type ErrorCode } from '../../core/errors.ts';
import { isJsonObject, type JsonValue } from '../../core/json.ts';
import { retryAfterOf } from '../../core/retry-after.ts';
import type { UpstreamFailure } from './dialect.ts';

/** What a dialect found in the body of a refusal, or in an error inside a stream. */
interface FailureWords {
  readonly message?: string;
  /** The provider's words for the kind of failure (`overloaded_error`, `insufficient_quota`). */
  readonly kinds: readonly string[];
}

interface Failure extends FailureWords {
  readonly provider: string;
  /** 0 for an error inside an answer that began well. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

/** Longer reasons are cut: they go into logs and to clients, and a provider may echo a whole prompt. */
const reasonLimit = 300;

/** What a refusal means: the `classify` of every dialect whose error bodies are JSON with the words where `wordsOf` looks. */
export function classify({ body, ...failure }: UpstreamFailure): OpenClawError {
  return toError({ ...failure, ...wordsOfBody(body) });
}

function toError(failure: Failure): OpenClawError {
  const { provider, status } = failure;
  const reason = readableReason(failure);
  const details = { provider, reason, keySource: `the key for ${provider}`, upstreamStatus: statusOf(failure) };
  const retryAfterMs = retryAfterOf(failure.headers, failure.nowMs);
  const error = new OpenClawError(codeOf(failure), { details, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  const passedOn = error.code === 'upstream_refused' && status >= 400 && status < 600;
  return passedOn ? new OpenClawError(error.code, { details, status }) : error;
}

const quotaKinds = /insufficient_quota|billing|credit|exceeded_current_quota|arrearage|quota_exceeded/i;
const quotaMessages = /credit balance is too low|exceeded your current quota|insufficient (balance|credit|quota|funds)/i;
/**
 * A refusal of the request may quote it, the name of a model for instance, and clients choose that: nobody may make the gateway believe
 * that its account is empty. So there the whole of the words counts.
 */
const quotaSentence = /^your credit balance is too low to access the \w+ api(\. please go to [\w &]+ to upgrade or purchase credits)?\.?$/i;

/** OpenRouter refuses a request that may cost more than is left: the account pays for smaller ones, and any client can ask for too much. */
const asksTooMuch = /fewer max_tokens|can only afford/i;

/** For errors inside a stream, which have no status of their own. */
const statusOfKind: readonly (readonly [RegExp, number])[] = [
  [/overloaded|unavailable|engine_busy/i, 529],
  [/rate_limit|too_many_requests|tokens_per_min/i, 429],
  [/timeout/i, 408],
  [/authentication|invalid_api_key/i, 401],
  [/permission/i, 403],
  [/invalid_request|context_length|bad_request|not_found|content_policy|content_filter/i, 400],
];

function statusOf({ status, kinds }: Failure): number {
  return status || (statusOfKind.find(([pattern]) => kinds.some((kind) => pattern.test(kind)))?.[1] ?? 500);
}

function codeOf(failure: Failure): ErrorCode {
  const { kinds, headers } = failure;
  const status = statusOf(failure);
  if (saysSpent(failure, status)) return 'upstream_quota';
  if (status === 401 || status === 403) return 'upstream_authentication';
  const code = codeOfStatus(status, kinds);
  // A provider that says so knows better than its status.
  const wish = headers['x-should-retry'];
  if (wish === 'false' && code !== 'upstream_rate_limited') return 'upstream_refused';
  return wish === 'true' && code === 'upstream_refused' ? 'upstream_failed' : code;
}

function saysSpent({ kinds, message = '' }: Failure, status: number): boolean {
  if (status === 402) return !asksTooMuch.test(message);
  if (status >= 500) return false;
  const words = status === 429 ? quotaMessages : quotaSentence;
  return kinds.some((kind) => quotaKinds.test(kind)) || words.test(message);
}

function codeOfStatus(status: number, kinds: readonly string[]): ErrorCode {
  if (status === 429) return 'upstream_rate_limited';
  if (status === 503 || status === 529 || (status >= 500 && kinds.some((kind) => /overloaded/i.test(kind)))) return 'upstream_overloaded';
  if (status >= 500 || status === 408 || status === 409 || status === 425) return 'upstream_failed';
  return 'upstream_refused';
}

/** One line, bounded, without anything that looks like a key. */
function readableReason({ message, kinds, status }: Failure): string {
  const said = (message ?? '')
    .slice(0, 4 * reasonLimit)
    // eslint-disable-next-line no-control-regex -- control characters are what is removed
    .replace(/[\s\u0000-\u001f\u007f]+/g, ' ')
    .replace(/\b((?:sk|key|pk|gsk|xai)[-_]|Bearer )[\w*.-]{8,}/gi, '$1…')
    .trim()
    .replace(/\.$/, '');
  const short = said.length > reasonLimit ? `${said.slice(0, reasonLimit).trimEnd()}…` : said;
  if (short !== '') return short;
  return kinds[0] ?? (status === 0 ? 'it gave no reason' : `it answered ${status} without a reason`);
}

/** The words of a JSON body, or of one that is none: `error` as an object, a string, or fields at the top. */
function wordsOfBody(body: string): FailureWords {
  try {
    const parsed: unknown = JSON.parse(body);
    return wordsOf(isJsonObject(parsed) ? (parsed['error'] ?? parsed) : (parsed as JsonValue));
  } catch {
    const text = /^\s*</.test(body) ? (/<title>([^<]*)<\/title>/i.exec(body)?.[1] ?? '') : body;
    return { message: text, kinds: [] };
  }
}

function wordsOf(error: JsonValue): FailureWords {
  if (typeof error === 'string') return { message: error, kinds: [] };
  if (Array.isArray(error) && error[0] !== undefined) return wordsOf(isJsonObject(error[0]) ? (error[0]['error'] ?? error[0]) : error[0]);
  if (!isJsonObject(error)) return { kinds: [] };
  const message = [error['message'], error['detail'], error['msg']].find((value) => typeof value === 'string');
  const kinds = [error['type'], error['code'], error['status']].filter(
    (value) => typeof value === 'string' && value !== '' && value !== 'error',
  );
  return { kinds: kinds as string[], ...(typeof message === 'string' && { message }) };
}

/** The error inside an answer that began well, as an event's error. */
export function inStreamError(error: JsonValue, provider: string): OpenClawError {
  const code = isJsonObject(error) ? Number(error['code'] ?? error['status']) : Number.NaN;
  const status = code >= 400 && code < 600 ? code : 0;
  return toError({ ...wordsOf(error), provider, status, headers: {}, nowMs: 0 });
}

export function malformed(provider: string, reason: string): OpenClawError {
  return new OpenClawError('upstream_malformed', { details: { provider, reason } });
}

/** An answer that ended well, said nothing and counted no token: no model answered, whatever the status says. */
export function emptyAnswer(provider: string): OpenClawError {
  return new OpenClawError('upstream_failed', { details: { provider, reason: 'its answer is empty and counts no output token' } });
}

export function truncated(provider: string, reason: string): OpenClawError {
  return new OpenClawError('upstream_truncated', { details: { provider, reason } });
}
