/**
 * What goes wrong, in the words of the wire: the errors of the catalogue become the few codes that clients know.
 *
 * It does not decide who may do what.
 */
import type { WireError, WireErrorCode } from '@openclaw/protocol';
import type { OpenClawError } from '../../core/errors.ts';

/** A refusal whose shape clients know already, such as `CRON_JOB_NOT_FOUND`. Thrown by a method, it goes out as it is. */
export class WireRefusal extends Error {
  override readonly name = 'WireRefusal' as const;
  readonly error: WireError;
  /** Some methods say what they have beside the error. */
  readonly payload: unknown;

  constructor(error: WireError, payload?: unknown) {
    super(error.message);
    this.error = error;
    this.payload = payload;
  }
}

/** The error of the catalogue as clients of the control plane see it; its own code and the hint are in `details`. */
export function toWireError(error: OpenClawError): WireError {
  const { param, retryAfterMs } = error;
  return {
    code: wireCodeOf(error),
    message: error.message,
    details: { openclawCode: error.code, hint: error.hint, ...(param === undefined ? {} : { param }) },
    retryable: error.retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }),
  };
}

/** Something that nobody foresaw: the log has it under the request's id, and the client learns no more than that id. */
export function internalWireError(requestId: string): WireError {
  return { code: 'UNAVAILABLE', message: 'internal error', details: { openclawCode: 'internal_error', requestId }, retryable: true };
}

export function missingScope(scope: string): WireError {
  const details = { code: 'MISSING_SCOPE', missingScope: scope, requiredScopes: [scope] };
  return { code: 'FORBIDDEN', message: `missing scope: ${scope}`, details };
}

function wireCodeOf({ status, retryable }: OpenClawError): WireErrorCode {
  if (status === 403) return 'FORBIDDEN';
  return retryable || status >= 500 ? 'UNAVAILABLE' : 'INVALID_REQUEST';
}
