/** Cause: memory outside of the heap. */
import type { Rule } from '../contract.ts';
import { quoteEnd } from '../last-words.ts';
import { size } from '../signs.ts';
import { endedForMemory, growth, lastEndedForMemory, quoteMemoryEnd, readings } from './memory-signs.ts';

/** Of the growth, this much lies outside of the heap. */
const leastShare = 0.7;
const leastGrowth = 1.15;

export const nativeMemory: Rule = {
  id: 'native-memory',
  title: 'Memory outside of the heap',
  why: 'Buffers, images, caches of a database or a native library fill the container while the heap of the language stays small, so that no heap snapshot shows it.',
  signs: '137 with `oom`; in what it logs of its memory `rss` grows and `heapUsed` does not',
  mends: 'Look for buffers that are kept, image work (sharp), caches of SQLite, thread pools; bound them',
  judge(evidence) {
    if (!lastEndedForMemory(evidence)) return undefined;
    const life = endedForMemory(evidence).findLast((each) => growth(readings(each, 'rss')) !== undefined);
    const rss = life && growth(readings(life, 'rss'));
    const heap = life && growth(readings(life, 'heap(?:_?used)?'));
    if (rss === undefined || heap === undefined) return undefined;
    const grown = rss.to.value - rss.from.value;
    const outside = grown - Math.max(0, heap.to.value - heap.from.value);
    if (rss.to.value < rss.from.value * leastGrowth || outside < leastShare * grown) return undefined;
    return {
      weight: 93,
      says: `Its memory grows from ${size(rss.from.value)} to ${size(rss.to.value)} while its heap stays at ${size(heap.to.value)}.`,
      because: [rss.from.quote, rss.to.quote, ...quoteMemoryEnd(evidence), ...quoteEnd(evidence)],
      remedy: [
        'compare `process.memoryUsage()` over time: `arrayBuffers` and `external` are buffers, the rest of `rss` is native code',
        'bound what keeps buffers; `MALLOC_ARENA_MAX=2` in the environment helps where glibc keeps what was freed',
      ],
      disprovedBy: 'A heap snapshot of the last minute is as large as the container.',
    };
  },
};
