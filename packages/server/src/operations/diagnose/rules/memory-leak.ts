/** Cause: a memory leak. */
import type { Rule } from '../contract.ts';
import { quoteEnd, seconds } from '../last-words.ts';
import { runIn } from '../remedies.ts';
import { size } from '../signs.ts';
import { loadBurst } from './load-burst.ts';
import { endedForMemory, evenUptimesMs, growth, lastEndedForMemory, quoteMemoryEnd, readings } from './memory-signs.ts';
import { nativeMemory } from './native-memory.ts';

/** A life that short ended while it began, and tells nothing about growth. */
const leastLifeMs = 30_000;
const leastGrowth = 1.15;

export const memoryLeak: Rule = {
  id: 'memory-leak',
  title: 'A memory leak',
  why: 'The program keeps what it should let go. Each life fills at the same pace, until the kernel or V8 ends it; a larger limit only makes the lives longer.',
  signs: '137 with `oom`, or 134, after lives of about the same length; what it logs of its memory grows in each of them',
  mends: 'Find what grows (heap snapshots); restart it on purpose at a quiet hour until then',
  judge(evidence) {
    if (!lastEndedForMemory(evidence)) return undefined;
    const lives = endedForMemory(evidence);
    const grown = lives.flatMap((life) => {
      const found = growth(readings(life, 'rss'));
      return found !== undefined && found.to.value > found.from.value * leastGrowth ? [found] : [];
    });
    const evenMs = evenUptimesMs(lives);
    const last = grown.at(-1);
    if (last === undefined && (evenMs === undefined || evenMs < leastLifeMs)) return undefined;
    const isSeenInEach = grown.length === lives.length;
    // It does grow; these two say what with.
    const isKnownBetter = [nativeMemory, loadBurst].some((rule) => rule.judge(evidence) !== undefined);
    return {
      weight: (isKnownBetter ? 42 : 62) + (last === undefined ? 0 : 14) + (isSeenInEach ? 6 : 0) + (evenMs === undefined ? 0 : 8),
      says: [
        last === undefined ? 'It fills its memory' : `Its memory grows from ${size(last.from.value)} to ${size(last.to.value)} in one life`,
        evenMs === undefined ? '' : `, and each life lasts about ${seconds(evenMs)}`,
        '.',
      ].join(''),
      because: [...(last === undefined ? [] : [last.from.quote, last.to.quote]), ...quoteMemoryEnd(evidence), ...quoteEnd(evidence)],
      remedy: [
        'Do not raise the limit: that only makes the lives longer.',
        `${runIn(evidence, 'kill -USR2 1')}   # with node --heapsnapshot-signal=SIGUSR2: two snapshots, minutes apart, show what grows`,
      ],
      disprovedBy: 'With twice the limit its memory settles below it and stays there: then the limit was too small.',
    };
  },
};
