/** Cause: the machine had no memory left. */
import type { Rule } from '../contract.ts';
import { endedLives, quoteEnd } from '../last-words.ts';
import { size } from '../signs.ts';
import { on } from '../told-by-itself.ts';
import { killedCode } from './memory-signs.ts';

const nearMs = 2000;
/** Of the host's memory. */
const scarceShare = 0.05;

export const hostOutOfMemory: Rule = {
  id: 'host-out-of-memory',
  title: 'The machine had no memory left',
  why: 'The machine itself ran out of memory, and the kernel chose this container, whatever its own limit is.',
  signs: '137 without `oom` and without `kill`; the kernel log says `Out of memory: Killed process`',
  mends: 'More memory or swap for the machine, limits for the containers that take it',
  judge(evidence) {
    const last = endedLives(evidence).at(-1);
    if (last?.exitCode !== killedCode || last.outOfMemory || last.killedBy.length > 0) return undefined;
    const { host, unseen } = evidence;
    const line = host.kernel.findLast(
      ({ text, atMs = 0 }) => text.startsWith('Out of memory: Killed process') && Math.abs(atMs - (last.endedAtMs ?? 0)) < nearMs,
    );
    const available = host.memoryAvailableBytes;
    const isScarce = available !== undefined && host.memoryBytes !== undefined && available < scarceShare * host.memoryBytes;
    const canRead = !unseen.some(({ what }) => what.includes('kernel'));
    const hasEnd = evidence.events.some(({ action, atMs }) => action === 'die' && Math.abs(atMs - (last.endedAtMs ?? 0)) < nearMs);
    // Somebody may have used `kill -9`; where the kernel's log is there and silent, that is what is left.
    const weight = line !== undefined ? 93 : isScarce ? 66 : canRead ? 26 : hasEnd ? 45 : 30;
    return {
      weight,
      says:
        line === undefined
          ? 'Something sent it SIGKILL, and it was neither its own limit nor Docker.'
          : 'The machine ran out of memory, and the kernel ended it.',
      because: [
        ...(line === undefined ? [] : [line]),
        ...(isScarce ? [{ source: 'host', text: `${size(available)} of memory available now` }] : []),
        ...quoteEnd(evidence),
      ],
      remedy: [
        'dmesg -T | grep -i "killed process"   # who was ended, and how large it was',
        'free -m; docker stats --no-stream   # who takes the memory; give that one a limit',
        on(evidence, {
          docker: `docker update --memory-reservation 512m ${evidence.subject.name}   # so that it is not chosen first`,
          kubernetes: '`resources.requests.memory` of what it needs, so that the kernel does not choose it first',
        }),
      ],
      disprovedBy: 'The kernel log has no such line at that time: then somebody used `kill -9` on the machine.',
    };
  },
};
