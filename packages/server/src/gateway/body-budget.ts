/**
 * How many bytes all callers together may have in memory: bodies of requests, whole answers on their way, and what clients do not take.
 * Each alone is bounded, and so are the requests that wait; without this bound a burst of long ones would still be the end of the
 * process. A part is kept for callers that hold little, so that one who holds all it can is not the end of the others.
 *
 * It counts and refuses. It does not read bodies (`body.ts`) and does not know how long they are needed: whoever holds says so.
 */
import { totalmem } from 'node:os';
import type { ServerResponse } from 'node:http';
import { OpenClawError } from '../core/errors.ts';

export interface BodyBudget {
  /** What one request of this caller holds: nothing yet. */
  open(caller: string): BodyHolding;
  readonly figures: BodyFigures;
}

export interface BodyHolding {
  /** Holds this many bytes in all, if it does not hold more. @throws OpenClawError `overloaded` where there is no room for them */
  reach(bytes: number): void;
  /** Holds this many more. @throws OpenClawError `overloaded` where there is no room for them */
  add(bytes: number): void;
  /** The request is over: what its client has not taken yet is held until it has, or is gone. */
  releaseAfter(response: ServerResponse): void;
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

/** Of the budget, for callers that hold no more than this. Larger, and one caller alone could use less of it. */
const keptShare = 1 / 8;

export function createBodyBudget(limitBytes: number): BodyBudget {
  let heldBytes = 0;
  let refused = 0;
  /** Callers that hold something: no more than there are requests. */
  const byCaller = new Map<string, number>();
  const kept = limitBytes * keptShare;

  function take(caller: string, bytes: number, own: number): void {
    const before = byCaller.get(caller) ?? 0;
    // The first of a caller may be as large as any.
    const most = before === own || before + bytes <= kept ? limitBytes : limitBytes - kept;
    if (heldBytes + bytes > most) {
      refused += 1;
      throw new OpenClawError('overloaded', {
        details: { limit: limitBytes, what: 'bytes of requests and answers at once', setting: 'gateway.limits.heldBodyBytes' },
        retryAfterMs,
      });
    }
    count(caller, bytes);
  }

  /** Without asking whether there is room. */
  function count(caller: string, change: number): void {
    heldBytes += change;
    const held = (byCaller.get(caller) ?? 0) + change;
    if (held > 0) byCaller.set(caller, held);
    else byCaller.delete(caller);
  }

  return {
    open(caller) {
      let own = 0;
      let over = false;
      const add = (bytes: number): void => {
        if (over || bytes <= 0) return;
        take(caller, bytes, own);
        own += bytes;
      };
      const become = (bytes: number): void => {
        over = true;
        count(caller, bytes - own);
        own = bytes;
      };
      const release = (): void => become(0);
      return {
        reach: (bytes) => add(bytes - own),
        add,
        release,
        releaseAfter(response) {
          if (response.writableLength === 0 || response.closed) return release();
          become(response.writableLength);
          response.once('close', release);
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
