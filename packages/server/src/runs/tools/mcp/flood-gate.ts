/** Says when somebody sends more than anybody needs: so many messages and bytes within a while. */
import type { Clock } from '../../../core/clock.ts';

export interface FloodGate {
  /** @returns whether it may go on */
  pass(bytes: number, messages: number): boolean;
}

export const floodLimits = { windowMs: 5000, bytes: 64 * 1024 * 1024, messages: 5000 } as const;
/** Of one message; a result that is larger is of no use to a model. */
export const messageLimitBytes = 8 * 1024 * 1024;

export function createFloodGate(clock: Clock): FloodGate {
  let startMs = clock.monotonicMs();
  let seen = { bytes: 0, messages: 0 };
  return {
    pass(bytes, messages) {
      const nowMs = clock.monotonicMs();
      if (nowMs - startMs > floodLimits.windowMs) {
        startMs = nowMs;
        seen = { bytes: 0, messages: 0 };
      }
      seen.bytes += bytes;
      seen.messages += messages;
      return seen.bytes <= floodLimits.bytes && seen.messages <= floodLimits.messages;
    },
  };
}
