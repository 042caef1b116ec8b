/** Cause: too many open files. */
import { runIn } from '../remedies.ts';
import { quoteSetting } from '../signs.ts';
import { on, toldByItself } from '../told-by-itself.ts';

export const fileDescriptors = toldByItself({
  id: 'file-descriptors',
  title: 'Too many open files',
  why: 'Each file and each connection is one of a limited number. The limit is low, or sockets are opened and never closed.',
  signs: '`EMFILE`, `ENFILE`, `Too many open files`, without a `watch`',
  mends: '`ulimits: { nofile: 65536 }`; if the number grows and grows, find what is not closed',
  pattern: /^(?!.*(?:\bwatch|inotify)|\s*(?:code|errno|syscall): ).*(?:\bE[MN]FILE\b|[Tt]oo many open files)/,
  most: 95,
  weigh(evidence, { byPlatform }) {
    const { openFiles } = evidence.limits;
    if (byPlatform) return undefined;
    return openFiles === undefined ? { adds: 0 } : { adds: 1, because: [quoteSetting(evidence, `ulimit nofile ${openFiles}`)] };
  },
  says: (_found, { limits: { openFiles } }) => `It may not open more files${openFiles === undefined ? '' : ` than ${openFiles}`}.`,
  remedy: (_found, evidence) => [
    on(evidence, {
      docker:
        'add to the service: `ulimits: { nofile: { soft: 65536, hard: 65536 } }` (docker run: --ulimit nofile=65536:65536), and make the container anew',
      kubernetes: 'raise LimitNOFILE of the container runtime on the node: pods have no setting for it',
    }),
    `${runIn(evidence, "sh -c 'ls -l /proc/1/fd | grep -c socket'")}   # twice, minutes apart: if it grows, connections are not closed`,
  ],
  disprovedBy: 'With a limit ten times as high it ends in the same way, only later: then it never closes them.',
});
