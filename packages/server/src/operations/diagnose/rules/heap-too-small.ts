/** Cause: the heap of V8 is smaller than the program needs. */
import { size } from '../signs.ts';
import { on, toldByItself } from '../told-by-itself.ts';
import { heapMessage } from './memory-signs.ts';

const mebibyte = 2 ** 20;
const heapShare = 0.75;

export const heapTooSmall = toldByItself({
  id: 'heap-too-small',
  title: 'The heap of V8 is smaller than the program needs',
  why: 'Node ends itself when its heap is full, however much memory the container still has.',
  signs: '`JavaScript heap out of memory`, exit code 134 (SIGABRT), no `oom` event',
  mends: '`NODE_OPTIONS=--max-old-space-size=` about three quarters of the limit in MiB; if it fills that too, it leaks',
  pattern: heapMessage,
  most: 96,
  // V8 writes pages of numbers after it.
  weigh: (_evidence, { weight }) => ({ adds: Math.max(0, 92 - weight) }),
  says: (_found, { program: { heapLimitBytes }, limits: { memoryBytes } }) =>
    `Node's heap was full${heapLimitBytes === undefined ? '' : ` at ${size(heapLimitBytes)}`}${memoryBytes === undefined ? '' : `, while the container may have ${size(memoryBytes)}`}.`,
  remedy(_found, evidence) {
    const { memoryBytes } = evidence.limits;
    const heap = memoryBytes === undefined ? 'MEBIBYTES' : String(Math.floor((memoryBytes * heapShare) / mebibyte));
    const setting = `NODE_OPTIONS=--max-old-space-size=${heap}`;
    return [
      on(evidence, {
        docker: `set ${setting} in the environment (compose: \`environment:\`; docker run: \`--env ${setting}\`) and make the container anew`,
        kubernetes: `set ${setting} in \`env:\` of the container`,
      }),
    ];
  },
  disprovedBy: 'It fills the larger heap as well, at the same pace: then it leaks.',
});
