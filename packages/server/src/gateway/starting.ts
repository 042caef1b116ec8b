/**
 * What answers before the state is open, for instance while the process that is being replaced still holds it: alive, and
 * not ready, with the reason.
 */
import { OpenClawError } from '../core/errors.ts';
import type { RequestHandler } from './listener.ts';
import { createUnreadyHandler } from './unready.ts';

const retryAfterMs = 1000;

/** @param reason why it is not ready yet, asked at each request; for everybody */
export function startingHandler(reason: () => string): RequestHandler {
  return createUnreadyHandler(() => {
    const words = reason();
    return {
      state: 'starting',
      problem: new OpenClawError('not_ready', { details: { reason: words }, retryAfterMs }),
      details: { reason: words },
      page: { status: 503, text: `OpenClaw is starting: ${words}.\n` },
    };
  });
}
