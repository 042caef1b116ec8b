/**
 * What Google's refusals mean beyond what holds for every provider: a key that is not valid is a 400 there, every 429 speaks
 * of quota, and how long to wait stands in the body.
 */
import { OpenClawError, type ErrorCode } from '../../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import type { UpstreamFailure } from '../dialect.ts';
import { classify as classifyAny, inStreamError } from '../failures.ts';

export function classify(failure: UpstreamFailure): OpenClawError {
  return refine(classifyAny(failure), errorOfBody(failure.body));
}

/** The error inside an answer that began well. */
export function errorInStream(error: JsonValue, provider: string): OpenClawError {
  return refine(inStreamError(error, provider), isJsonObject(error) ? error : undefined);
}

function refine(error: OpenClawError, said: JsonObject | undefined): OpenClawError {
  const details = Array.isArray(said?.['details']) ? said['details'].filter(isJsonObject) : [];
  const code = codeOf(error, said, details) ?? error.code;
  const retryAfterMs = error.retryAfterMs ?? (code === 'upstream_quota' ? undefined : retryDelayOf(details));
  if (code === error.code && retryAfterMs === error.retryAfterMs) return error;
  const status = code === error.code ? { status: error.status } : {};
  return new OpenClawError(code, { details: error.details, ...status, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

function codeOf(error: OpenClawError, said: JsonObject | undefined, details: readonly JsonObject[]): ErrorCode | undefined {
  if (details.some(({ reason }) => reason === 'API_KEY_INVALID' || reason === 'API_KEY_EXPIRED')) return 'upstream_authentication';
  // An older form of the same refusal has no details.
  if (error.code === 'upstream_refused' && /^API key (not valid|expired)/i.test(String(said?.['message'])))
    return 'upstream_authentication';
  if (said?.['status'] !== 'RESOURCE_EXHAUSTED') return undefined;
  // "You exceeded your current quota" is what it says of the limit per minute too.
  return isSpentForToday(details) ? 'upstream_quota' : 'upstream_rate_limited';
}

function isSpentForToday(details: readonly JsonObject[]): boolean {
  const violations = details.flatMap(({ violations: list }) => (Array.isArray(list) ? list.filter(isJsonObject) : []));
  return violations.some(({ quotaId }) => typeof quotaId === 'string' && /PerDay/i.test(quotaId));
}

/** `RetryInfo.retryDelay`: seconds with up to nine decimals and an `s`. */
function retryDelayOf(details: readonly JsonObject[]): number | undefined {
  for (const { retryDelay } of details) {
    const [, seconds] = /^(\d{1,5}(?:\.\d{1,9})?)s$/.exec(typeof retryDelay === 'string' ? retryDelay : '') ?? [];
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000);
  }
  return undefined;
}

/** The body is the error, or a list of it where the request streamed. */
function errorOfBody(body: string): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
    return isJsonObject(first) && isJsonObject(first['error']) ? first['error'] : undefined;
  } catch {
    return undefined;
  }
}
