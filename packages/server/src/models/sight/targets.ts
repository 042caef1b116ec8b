/** Rows of `openclaw models status`: how each target is (admission) beside how it did (statistics). It knows neither's insides. */
import type { TargetFigures, TargetRow } from '@openclaw/protocol';
import type { TargetStatus } from '../admission/contract.ts';
import { Totals } from './series.ts';

/** Targets in the order of admission, then those that only the statistics know (shared series, targets that are gone). */
export function joinTargets(states: readonly TargetStatus[], figures: readonly TargetFigures[]): TargetRow[] {
  const left = new Map(figures.map((one) => [nameOf(one), one]));
  const rows = states.map((state): TargetRow => {
    const found = left.get(nameOf(state));
    left.delete(nameOf(state));
    const { target, key, breaker, heldOpen, pausedMs, reason = null, limit, underWay, waiting } = state;
    return { ...(found ?? new Totals().figures()), ...{ target, key, breaker, heldOpen, pausedMs, reason, limit, underWay, waiting } };
  });
  const unasked = { breaker: 'closed', heldOpen: false, pausedMs: 0, reason: null, limit: null, underWay: 0, waiting: 0 } as const;
  return [...rows, ...Array.from(left.values(), (one): TargetRow => ({ ...one, ...unasked }))];
}

function nameOf({ target, key }: { readonly target: string; readonly key: string }): string {
  return `${key} ${target}`;
}
