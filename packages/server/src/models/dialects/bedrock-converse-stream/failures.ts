/**
 * What AWS's exceptions mean, as refusals and as frames of a stream. AWS says the kind of a failure by the name of its
 * exception, and the status is sometimes a poor guide to it: this table turns the name into the status that says the same.
 *
 * It does not judge statuses: see `../failures.ts`.
 */
import type { OpenClawError } from '../../../core/errors.ts';
import { parseObject, type JsonObject } from '../../../core/json.ts';
import type { UpstreamFailure } from '../dialect.ts';
import { classify as classifyByStatus, inStreamError } from '../failures.ts';

const statuses: Readonly<Record<string, number>> = {
  // About one model or one action; the key may be good for all others.
  accessdenied: 403,
  notauthorized: 403,
  expiredtoken: 401,
  incompletesignature: 401,
  invalidclienttokenid: 401,
  invalidsignature: 401,
  missingauthenticationtoken: 401,
  requestexpired: 401,
  signaturedoesnotmatch: 401,
  unrecognizedclient: 401,
  conflict: 409,
  internalfailure: 500,
  internalserver: 500,
  // The model broke down, which another try may not.
  modelerror: 500,
  modelstreamerror: 500,
  modelnotready: 503,
  modeltimeout: 408,
  resourcenotfound: 404,
  serviceunavailable: 503,
  // AWS asks to send it again later: it is a rate, not an empty account.
  servicequotaexceeded: 429,
  throttling: 429,
  throttled: 429,
  toomanyrequests: 429,
  validation: 400,
};

/** `com.amazon.coral.service#ThrottlingException:http://internal.amazon.com/…` → `ThrottlingException` */
function exceptionName(text: string): string {
  return text.replace(/^.*#/, '').replace(/:.*$/, '').trim();
}

function statusOf(name: string): number | undefined {
  const word = name.replace(/(Exception|Error)$/i, '').toLowerCase();
  return Object.hasOwn(statuses, word) ? statuses[word] : undefined;
}

/** A wrong signature is answered with the request that should have been signed, session token and all. That is not for clients. */
function withoutRequest(message: string | undefined): string | undefined {
  return message?.replace(/\s*The (canonical string|string-to-sign)\b[^]*/i, '');
}

/** What a refusal of Bedrock means. */
export function classify(failure: UpstreamFailure): OpenClawError {
  const body = parseObject(failure.body);
  const type = failure.headers['x-amzn-errortype'] ?? stringOf(body, '__type') ?? stringOf(body, 'code') ?? '';
  const name = exceptionName(type);
  const message = withoutRequest(stringOf(body, 'message') ?? stringOf(body, 'Message') ?? stringOf(body, 'errorMessage'));
  // What is not AWS's own form comes from something before it, and is read as any other answer.
  if (name === '' && message === undefined) return classifyByStatus(failure);
  const words = { ...(name !== '' && { type: name }), ...(message !== undefined && { message }) };
  return classifyByStatus({ ...failure, status: statusOf(name) ?? failure.status, body: JSON.stringify({ error: words }) });
}

/** The failure that a frame of a stream reports. Its name begins in lower case there. */
export function exceptionError(name: string, body: JsonObject, provider: string): OpenClawError {
  const message = stringOf(body, 'message') ?? stringOf(body, 'originalMessage') ?? '';
  // What nobody knows counts as a failure of the provider: the answer did not end.
  return inStreamError({ type: name, message, code: statusOf(exceptionName(name)) ?? 500 }, provider);
}

function stringOf(object: JsonObject | undefined, key: string): string | undefined {
  const value = object?.[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
