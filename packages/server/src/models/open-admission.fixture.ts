/** An admission that has room for everybody, for tests of what lies behind it: only a request's own back-off is waited for. */
import { sleep, type Clock } from '../core/clock.ts';
import type { Admission, Permit } from './admission/contract.ts';
import type { Target } from './target.ts';

export function createOpenAdmission(clock: Clock): Admission {
  const permit = (target: Target, waitedMs: number): Permit => ({ target, waitedMs, release: () => {} });
  return {
    enter({ candidates, signal }) {
      const ready = candidates.reduce((best, candidate) => (candidate.notBeforeMs < best.notBeforeMs ? candidate : best));
      const delayMs = ready.notBeforeMs - clock.monotonicMs();
      if (delayMs <= 0) return permit(ready.target, 0);
      return sleep(clock, delayMs, signal).then(() => permit(ready.target, delayMs));
    },
    tryEnter: ([first]) => first && permit(first.target, 0),
    underWay: () => 0,
    whyNot: () => 'it had no room',
    status: () => [],
    override: () => 0,
    figures: { waiting: 0, underWay: 0, refused: 0, admitted: 0, waitedMsTotal: 0 },
    reconfigure: () => {},
    close: () => {},
  };
}
