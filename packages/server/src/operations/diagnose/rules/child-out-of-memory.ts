/** Cause: a child process was ended for its memory. */
import type { Rule } from '../contract.ts';
import { quoteEnd } from '../last-words.ts';
import { moreMemory, runIn } from '../remedies.ts';
import { quoteEvents, size } from '../signs.ts';
import { killedCode } from './memory-signs.ts';

export const childOutOfMemory: Rule = {
  id: 'child-out-of-memory',
  title: 'A child process was ended for its memory',
  why: 'The kernel ended a process that the program had started, not the program itself. `OOMKilled` is false while it lives on, and true after it has ended for another reason.',
  signs: '`oom` event while the first process lives on, or ends with another code than 137',
  mends: 'Fewer tools at the same time, or a larger limit',
  judge(evidence) {
    const life = evidence.lives.findLast(({ outOfMemory }) => outOfMemory);
    if (life === undefined || life !== evidence.lives.at(-1) || life.exitCode === killedCode) return undefined;
    if (life.exitCode === undefined && evidence.state.status !== 'running') return undefined;
    const { memoryBytes } = evidence.limits;
    const words = life.lines.filter(({ text }) => /\b137\b|SIGKILL|\bKilled\b|killed/.test(text)).slice(-2);
    const kernel = evidence.host.kernel.filter(
      ({ text, atMs = 0 }) => /Killed process/.test(text) && atMs >= (life.startedAtMs ?? 0) && atMs <= (life.endedAtMs ?? evidence.atMs),
    );
    return {
      weight: life.exitCode === undefined ? 90 : 78,
      says: `The kernel ended a process in it for its memory${memoryBytes === undefined ? '' : ` (limit ${size(memoryBytes)})`}, and the first process ${life.exitCode === undefined ? 'lives on' : `ended with ${life.exitCode}`}.`,
      because: [
        ...quoteEvents(evidence, 'oom'),
        ...words.map(({ text, atMs }) => ({ source: 'log', text: text.trim(), ...(atMs === undefined ? {} : { atMs }) })),
        ...kernel.slice(-1),
        ...(life.exitCode === undefined ? [] : quoteEnd(evidence)),
      ],
      remedy: [
        `${evidence.platform === 'docker' ? `docker top ${evidence.subject.name} -o pid,rss,args` : runIn(evidence, 'ps -o pid,rss,args')}   # which of its processes is large`,
        'run fewer of them at the same time, or give them a container of their own',
        moreMemory(evidence),
      ],
      disprovedBy: 'The processes in it are all small, and the first one grows.',
    };
  },
};
