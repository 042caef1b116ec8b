/** Cause: it is given too little processor time. */
import type { Rule } from '../contract.ts';
import { quoteFailedCheck } from '../signs.ts';
import { on } from '../told-by-itself.ts';
import { failingChecks, readyLives, timedOut } from './probe-signs.ts';

/** Of periods of a tenth of a second. */
const leastPeriods = 20;
const muchShare = 0.4;

export const cpuThrottled: Rule = {
  id: 'cpu-throttled',
  title: 'It is given too little processor time',
  why: 'The limit of processor time stops it again and again within each tenth of a second, so that it starts slowly and answers late.',
  signs: 'a `cpus` limit, many throttled periods, checks that time out or a slow start',
  mends: 'Raise `cpus`',
  judge(evidence) {
    const { usage, limits } = evidence;
    const { periods = 0, throttledPeriods = 0 } = usage ?? {};
    if (limits.cpuCores === undefined) return usage === undefined ? undefined : { notBecause: 'it has no limit of processor time' };
    const share = periods === 0 ? 0 : throttledPeriods / periods;
    if (periods < leastPeriods || share < muchShare)
      return usage === undefined ? undefined : { notBecause: `${throttledPeriods} of ${periods} periods were throttled` };
    const late = failingChecks(evidence)?.outputs.some((each) => timedOut.test(each)) === true;
    const isStarting = readyLives(evidence.lives).length === 0;
    return {
      weight:
        48 +
        Math.round(20 * share) +
        (late ? 22 : 0) +
        (isStarting && evidence.health !== undefined ? 12 : 0) +
        (limits.cpuCores < 1 ? 4 : 0),
      says: `Its limit of ${limits.cpuCores} processors stops it in ${Math.round(share * 100)} % of all periods.`,
      because: [
        { source: 'docker stats', text: `${throttledPeriods} of ${periods} periods throttled, limit ${limits.cpuCores} processors` },
        ...(late ? quoteFailedCheck(evidence) : []),
      ],
      remedy: [
        on(evidence, {
          docker: `docker update --cpus ${Math.max(1, limits.cpuCores * 2)} ${evidence.subject.name}   # and \`cpus:\` in the compose file`,
          kubernetes: `kubectl set resources DEPLOYMENT -c CONTAINER --limits=cpu=${Math.max(1, limits.cpuCores * 2)}`,
        }),
      ],
      disprovedBy: 'With twice the limit the checks still time out.',
    };
  },
};
