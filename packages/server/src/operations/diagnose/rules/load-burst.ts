/** Cause: more work arrived than it could hold. */
import type { Rule } from '../contract.ts';
import { quoteEnd } from '../last-words.ts';
import { endedForMemory, growth, lastEndedForMemory, quoteMemoryEnd, readings } from './memory-signs.ts';

const leastTimes = 3;

export const loadBurst: Rule = {
  id: 'load-burst',
  title: 'More work arrived than it could hold',
  why: 'What waits in memory for its turn fills the container. The program does not leak: between bursts it is small.',
  signs: '137 with `oom`; the queue that it logs grows with its memory',
  mends: 'Bound the queue and refuse the rest (429, 503); then scale',
  judge(evidence) {
    if (!lastEndedForMemory(evidence)) return undefined;
    const lives = endedForMemory(evidence);
    const names = ['queue(?: length| size| depth)?', 'queued', 'backlog', 'pending', 'in[- ]?flight', 'waiting'];
    for (const name of names) {
      const found = lives.map((life) => growth(readings(life, name))).findLast((each) => each !== undefined);
      if (found !== undefined && found.to.value >= leastTimes * Math.max(1, found.from.value))
        return {
          weight: 93,
          says: `What waits for its turn grew from ${found.from.value} to ${found.to.value} before the kernel ended it.`,
          because: [found.from.quote, found.to.quote, ...quoteMemoryEnd(evidence), ...quoteEnd(evidence)],
          remedy: [
            'bound the queue in the program, and answer 429 or 503 with Retry-After when it is full',
            'then add instances, or raise the limit by what the bounded queue needs',
          ],
          disprovedBy: 'Its memory stays high when the queue is empty again: then it leaks.',
        };
    }
    return undefined;
  },
};
