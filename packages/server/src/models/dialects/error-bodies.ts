/**
 * The body of an error, in the words of the client's dialect, so that its SDK raises the class that fits. The hint is part
 * of the message, since that is what people see; `openclaw` has code and hint for programs.
 *
 * It does not choose the status: that is the error's own.
 */
import type { ErrorCode, OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ClientDialectName } from './dialect.ts';

export function encodeErrorBody(dialect: ClientDialectName, error: OpenClawError, requestId: string): JsonObject {
  const message = error.hint === '' ? error.message : `${error.message} ${error.hint}`;
  const openclaw: JsonObject = { code: error.code, hint: error.hint, retryable: error.retryable };
  if (dialect !== 'anthropic-messages') {
    const type = openaiTypes[error.status] ?? (error.status >= 500 ? 'server_error' : 'invalid_request_error');
    return { error: { message, type, param: error.param ?? null, code: openaiCodes[error.code] ?? error.code, openclaw } };
  }
  const type = anthropicTypes[error.status] ?? (error.status >= 500 ? 'api_error' : 'invalid_request_error');
  return { type: 'error', error: { type, message, openclaw }, request_id: requestId };
}

const openaiTypes: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  429: 'rate_limit_error',
};

/** Where OpenAI has a word for it, programs look for that. */
const openaiCodes: Partial<Record<ErrorCode, string>> = {
  missing_credentials: 'invalid_api_key',
  invalid_credentials: 'invalid_api_key',
  upstream_rate_limited: 'rate_limit_exceeded',
  upstream_quota: 'insufficient_quota',
};

const anthropicTypes: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};
