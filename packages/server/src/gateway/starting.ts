/**
 * What answers before the state is open, for instance while the process that is being replaced still holds it: alive, and
 * not ready, with the reason.
 */
import type { RequestHandler } from './listener.ts';
import { replyJson } from './reply.ts';

/** @param reason why it is not ready yet, asked at each request */
export function startingHandler(reason: () => string): RequestHandler {
  return (request, response) => {
    request.resume();
    const path = (request.url ?? '').split('?')[0];
    if (path === '/healthz') {
      replyJson(response, 200, { status: 'ok' });
      return;
    }
    response.setHeader('retry-after', '1');
    replyJson(response, 503, { status: 'starting', ready: false, reason: reason() });
  };
}
