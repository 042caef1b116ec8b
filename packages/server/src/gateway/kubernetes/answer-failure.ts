/** What went wrong, answered in the form that clients of Kubernetes read. */
import { toOpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { replyError, replyJson } from '../reply.ts';
import type { GatewayRequest } from '../request.ts';
import { statusOf } from './status.ts';

export function answerFailure(request: GatewayRequest, thrown: unknown, log: Log): void {
  const { response, requestId, raw, path, dialect } = request;
  const error = toOpenClawError(thrown, requestId);
  if (error.code === 'internal_error') log.error('request failed', { requestId, path, error });
  if (response.headersSent) return replyError(response, { error, dialect, requestId });
  response.setHeader('x-request-id', requestId);
  if (error.status === 401) response.setHeader('www-authenticate', 'Bearer realm="openclaw"');
  if (error.retryAfterMs !== undefined) response.setHeader('retry-after', Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  const { allow } = error.details;
  if (error.code === 'method_not_allowed' && allow !== undefined) response.setHeader('allow', allow);
  if (!raw.complete) response.setHeader('connection', 'close');
  replyJson(response, error.status || 500, statusOf(error));
}
