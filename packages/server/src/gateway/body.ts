/** Reads the body of a request into memory, up to a limit. It does not parse it; how long it may take is the listener's to see to. */
import type { IncomingMessage } from 'node:http';
import { OpenClawError } from '../core/errors.ts';

/**
 * How much of a refused body is still read, so that the client gets to see the refusal instead of a reset connection.
 * More would let a client keep us busy with what we do not want.
 */
const discardLimitBytes = 64 * 1024 * 1024;

/** @throws OpenClawError `body_too_large`, `unsupported_media_type`, `client_closed` */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    discard(request);
    const details = { contentType: `${request.headers['content-type'] ?? ''} in ${encoding}`.trim() };
    return Promise.reject(new OpenClawError('unsupported_media_type', { details }));
  }
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) {
    discard(request);
    return Promise.reject(tooLarge(limitBytes));
  }
  return collect(request, limitBytes);
}

function collect(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > limitBytes) stop(tooLarge(limitBytes));
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      release();
      const [only] = chunks;
      resolve(chunks.length === 1 && only ? only : Buffer.concat(chunks, length));
    };
    const onClose = (): void => stop(new OpenClawError('client_closed'));
    const release = (): void => {
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
