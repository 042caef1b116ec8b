/** Cause: the heap of V8 may grow beyond the container. */
import type { Rule } from '../contract.ts';
import { quoteEnd } from '../last-words.ts';
import { quoteSetting, size } from '../signs.ts';
import { heapMessage, lastEndedForMemory, quoteMemoryEnd } from './memory-signs.ts';

const mebibyte = 2 ** 20;
const heapShare = 0.75;
/** Beside its heap a program of Node needs some tens of mebibytes. */
const largestShare = 0.9;

export const heapLargerThanLimit: Rule = {
  id: 'heap-larger-than-limit',
  title: 'The heap of V8 may grow beyond the container',
  why: 'Node believes that it may use more than the container has, collects garbage too late, and the kernel ends it without a word.',
  signs: '137 with `oom`, no message of V8, `--max-old-space-size` near or above the memory limit',
  mends: 'Lower `--max-old-space-size` to three quarters of the limit, or raise the limit',
  judge(evidence) {
    const { heapLimitBytes } = evidence.program;
    const { memoryBytes } = evidence.limits;
    if (heapLimitBytes === undefined || memoryBytes === undefined || heapLimitBytes < memoryBytes * largestShare) return undefined;
    if (!lastEndedForMemory(evidence) || evidence.lives.some(({ lines }) => lines.some(({ text }) => heapMessage.test(text))))
      return undefined;
    const right = Math.floor((memoryBytes * heapShare) / mebibyte);
    return {
      weight: 91,
      says: `Node may use a heap of ${size(heapLimitBytes)} in a container of ${size(memoryBytes)}.`,
      because: [
        quoteSetting(evidence, `--max-old-space-size=${heapLimitBytes / mebibyte}, memory limit ${size(memoryBytes)}`),
        ...quoteMemoryEnd(evidence),
        ...quoteEnd(evidence),
      ],
      remedy: [
        `set --max-old-space-size=${right} (NODE_OPTIONS or the command) and make the container anew`,
        'or leave the flag out: Node 20 and later fit their heap to the limit',
      ],
      disprovedBy: 'With the smaller heap it still ends with 137 and not with the message of V8: then the memory is not in the heap.',
    };
  },
};
