/** Reads the body of a request into memory, up to a limit. It does not parse it; how long it may take is the listener's to see to. */
import type { IncomingMessage } from 'node:http';
import { OpenClawError } from '../core/errors.ts';
import type { BodyHolding } from './body-budget.ts';

/**
 * How much of a refused body is still read, so that the client gets to see the refusal instead of a reset connection.
 * More would let a client keep us busy with what we do not want.
 */
const discardLimitBytes = 64 * 1024 * 1024;

/** What Node takes for each piece of a body beside its bytes: a body that comes byte by byte is far larger than it says. */
const pieceBytes = 256;

/**
 * @param holding counts what is read against the budget of all; whoever opened it releases it
 * @throws OpenClawError `body_too_large`, `unsupported_media_type`, `client_closed`, `overloaded`
 */
export function readBody(request: IncomingMessage, limitBytes: number, holding?: BodyHolding): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    discard(request);
    const details = { contentType: `${request.headers['content-type'] ?? ''} in ${encoding}`.trim() };
    return Promise.reject(new OpenClawError('unsupported_media_type', { details }));
  }
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  try {
    if (announcedBytes > limitBytes) throw tooLarge(limitBytes);
    // Before any of it is read: of a burst some get through, and not each a part of its way.
    holding?.reach(announcedBytes);
  } catch (thrown) {
    discard(request);
    return Promise.reject(thrown);
  }
  return collect(request, limitBytes, holding);
}

function collect(request: IncomingMessage, limitBytes: number, holding: BodyHolding | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      chunks.push(chunk);
      try {
        if (length > limitBytes) throw tooLarge(limitBytes);
        holding?.reach(length + (chunks.length - 1) * pieceBytes);
      } catch (thrown) {
        stop(thrown as OpenClawError);
      }
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
      chunks.length = 0;
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
