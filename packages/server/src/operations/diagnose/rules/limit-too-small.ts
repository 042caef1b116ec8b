/** Cause: the memory limit is too small. */
import type { Rule } from '../contract.ts';
import { moreMemory, usageOf } from '../remedies.ts';
import { endedLives, quoteEnd, seconds, uptimeMs } from '../last-words.ts';
import { size } from '../signs.ts';
import { endedForMemory, lastEndedForMemory, quoteMemoryEnd } from './memory-signs.ts';

/** Ended while it was still getting ready: what it needs is more than it may have, from the beginning. */
const startMs = 5000;

export const limitTooSmall: Rule = {
  id: 'limit-too-small',
  title: 'The memory limit is too small',
  why: 'The program needs more memory than the container may have. The kernel ends it at once, without a last word from the program.',
  signs: '`oom` event and exit code 137 without a `kill`; each life ends early',
  mends: 'Raise the limit (`docker update --memory`), or make the program need less',
  judge(evidence) {
    const { memoryBytes } = evidence.limits;
    const lives = endedForMemory(evidence);
    if (!lastEndedForMemory(evidence)) {
      const last = endedLives(evidence).at(-1);
      if (last?.exitCode === undefined) return undefined;
      return {
        notBecause: `no \`oom\` event with the last end, and its exit code is ${last.exitCode}${last.exitCode === 137 ? '' : ', not 137'}`,
      };
    }
    const uptimes = lives.flatMap((life) => uptimeMs(life) ?? []);
    const isEarly = uptimes.length > 0 && uptimes.every((uptime) => uptime < startMs);
    const limit = memoryBytes === undefined ? 'its limit' : size(memoryBytes);
    return {
      weight: isEarly ? 84 : 70,
      says: `It wants more than ${limit} of memory${isEarly ? `, within ${seconds(Math.max(...uptimes))} of its start` : ''}, and the kernel ends it.`,
      because: [...quoteMemoryEnd(evidence), ...quoteEnd(evidence)],
      remedy: [moreMemory(evidence), `${usageOf(evidence)}   # then see what it settles at, and set the limit a third above that`],
      disprovedBy: 'With twice the limit it ends in the same way, only later: then it leaks.',
    };
  },
};
