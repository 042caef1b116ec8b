/**
 * How many bytes of request bodies all callers together may have in memory. Each body alone is bounded, and so are the requests
 * that wait; without this bound a burst of long prompts would still be the end of the process.
 *
 * It counts and refuses. It does not read bodies (`body.ts`) and does not know how long they are needed: whoever holds says so.
 */
import { totalmem } from 'node:os';
import { OpenClawError } from '../core/errors.ts';

export interface BodyBudget {
  /** What one request holds: nothing yet. */
  open(): BodyHolding;
  readonly figures: BodyFigures;
}

export interface BodyHolding {
  /** Holds this many bytes in all, if it does not hold more. @throws OpenClawError `overloaded` where there is no room for them */
  reach(bytes: number): void;
  /** Gives everything back, for good. Later calls do nothing. */
  release(): void;
}

export interface BodyFigures {
  readonly heldBytes: number;
  readonly limitBytes: number;
  /** Requests, since the start. */
  readonly refused: number;
}

/** Room comes back when any answer ends, which is a matter of seconds. */
const retryAfterMs = 1000;

/**
 * The share of its memory that a process may fill with bodies. While an answer is awaited a body is there twice, as it came and as
 * it was sent, so that a half is left for everything else.
 */
const share = 1 / 4;

export function createBodyBudget(limitBytes: number): BodyBudget {
  let heldBytes = 0;
  let refused = 0;

  function take(bytes: number): void {
    if (heldBytes + bytes > limitBytes) {
      refused += 1;
      throw new OpenClawError('overloaded', {
        details: { limit: limitBytes, what: 'bytes of request bodies at once', setting: 'gateway.limits.heldBodyBytes' },
        retryAfterMs,
      });
    }
    heldBytes += bytes;
  }

  return {
    open() {
      let own = 0;
      let over = false;
      return {
        reach(bytes) {
          if (over || bytes <= own) return;
          take(bytes - own);
          own = bytes;
        },
        release() {
          over = true;
          heldBytes -= own;
          own = 0;
        },
      };
    },
    get figures() {
      return { heldBytes, limitBytes, refused };
    },
  };
}

/** A share of what the process may use: of the limit of its control group (a container's), or of the machine. */
export function defaultBudgetBytes(constrainedBytes = process.constrainedMemory(), machineBytes = totalmem()): number {
  // Without a limit the system says 0, or a number that no machine has.
  const usableBytes = constrainedBytes > 0 ? Math.min(constrainedBytes, machineBytes) : machineBytes;
  return Math.floor(usableBytes * share);
}
