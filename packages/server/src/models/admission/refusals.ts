/** The words of admission's refusals. It decides nothing: see `admission.ts`. */
import { OpenClawError } from '../../core/errors.ts';

export interface Refused {
  /** The target that would have had room first. */
  readonly target: string;
  readonly retryAfterMs: number;
}

export function queueFull({ target, retryAfterMs }: Refused, maxWaiting: number): OpenClawError {
  return refusal(`${target} is used to the brim, and ${maxWaiting} requests wait already`, { target, retryAfterMs });
}

export function tooLate({ target, retryAfterMs }: Refused, waitMs: number): OpenClawError {
  return refusal(`${target} will have no room within the ${Math.max(0, Math.round(waitMs))} ms that the request can wait`, {
    target,
    retryAfterMs,
  });
}

export function waitedInVain({ target, retryAfterMs }: Refused, waitedMs: number): OpenClawError {
  return refusal(`${target} had no room within ${Math.round(waitedMs)} ms`, { target, retryAfterMs });
}

export function allUnavailable({ target, retryAfterMs }: Refused, reason: string): OpenClawError {
  return new OpenClawError('targets_unavailable', { details: { target, reason }, retryAfterMs: bounded(retryAfterMs) });
}

export function removed(target: string): OpenClawError {
  return new OpenClawError('target_removed', { details: { target } });
}

/** Nobody keeps a request for longer than a day, and nothing here is known to hold for longer. */
const longestMs = 86_400_000;

function bounded(retryAfterMs: number): number {
  return Math.min(longestMs, Math.max(1, retryAfterMs));
}

function refusal(reason: string, { target, retryAfterMs }: Refused): OpenClawError {
  return new OpenClawError('admission_refused', { details: { reason, target }, retryAfterMs: bounded(retryAfterMs) });
}
