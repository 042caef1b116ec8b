/** Reads the body of a request into memory, up to a limit and within a time. It does not parse it. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';

export interface BodyLimits {
  readonly bodyBytes: number;
  readonly bodyTimeoutMs: number;
}

/**
 * How much of a refused body is still read, so that the client gets to see the refusal instead of a reset connection.
 * More would let a client keep us busy with what we do not want.
 */
const discardLimitBytes = 64 * 1024 * 1024;

/** @throws OpenClawError `body_too_large`, `request_timeout`, `unsupported_media_type`, `client_closed` */
export function readBody(request: IncomingMessage, limits: BodyLimits, clock: Clock): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    discard(request);
    const details = { contentType: `${request.headers['content-type'] ?? ''} in ${encoding}`.trim() };
    return Promise.reject(new OpenClawError('unsupported_media_type', { details }));
  }
  if (Number(request.headers['content-length'] ?? 0) > limits.bodyBytes) {
    discard(request);
    return Promise.reject(tooLarge(limits.bodyBytes));
  }
  return collect(request, limits, clock);
}

function collect(request: IncomingMessage, limits: BodyLimits, clock: Clock): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const timer = clock.after(limits.bodyTimeoutMs, () => {
      stop(new OpenClawError('request_timeout', { details: { timeoutMs: limits.bodyTimeoutMs } }));
    });
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > limits.bodyBytes) stop(tooLarge(limits.bodyBytes));
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      release();
      const [only] = chunks;
      resolve(chunks.length === 1 && only ? only : Buffer.concat(chunks, length));
    };
    const onClose = (): void => stop(new OpenClawError('client_closed'));
    const release = (): void => {
      timer.cancel();
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    };
    const stop = (error: OpenClawError): void => {
      release();
      discard(request);
      reject(error);
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/** Reads and forgets what is still coming, up to a limit; then the connection is cut. */
function discard(request: IncomingMessage): void {
  let discardedBytes = 0;
  request.on('error', () => {
    // The client has its answer or is gone; either way nobody waits for this body.
  });
  request.on('data', (chunk: Buffer) => {
    discardedBytes += chunk.length;
    if (discardedBytes > discardLimitBytes) request.destroy();
  });
}

function tooLarge(limitBytes: number): OpenClawError {
  return new OpenClawError('body_too_large', { details: { limitBytes } });
}
