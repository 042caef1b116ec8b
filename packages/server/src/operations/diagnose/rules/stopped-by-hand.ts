/** Cause: somebody stopped it. */
import type { Rule } from '../contract.ts';
import { endedLives, quoteEnd } from '../last-words.ts';
import { called, quoteEvents } from '../signs.ts';

const askedOf = { docker: 'Docker', kubernetes: 'the cluster', systemd: 'systemd' } as const;

export const stoppedByHand: Rule = {
  id: 'stopped-by-hand',
  title: 'Somebody stopped it',
  why: 'A `docker stop`, `docker kill`, `compose down` or a deployment ended it. Exit codes 137 and 143 then say nothing of memory.',
  signs: 'a `kill` event before the end, and no `oom`',
  mends: 'Start it again; see who stops it',
  judge(evidence) {
    const last = endedLives(evidence).at(-1);
    if (last === undefined) return undefined;
    if (last.killedBy.length === 0) return evidence.events.length === 0 ? undefined : { notBecause: 'no `kill` event before its last end' };
    if (last.outOfMemory) return undefined;
    // What the kubelet does over a probe is nobody's hand.
    if (evidence.events.some(({ action, message }) => action === 'Killing' && /failed (?:liveness|startup) probe/.test(message)))
      return undefined;
    const signals = last.killedBy.map(({ signal }) => signal).join(', then ');
    const isDown = evidence.state.status === 'exited';
    return {
      weight: isDown ? 82 : 45,
      says: `Somebody asked ${askedOf[evidence.platform]} for its end (${signals}).`,
      because: [...quoteEvents(evidence, 'kill'), ...quoteEnd(evidence)],
      remedy: [
        ...(isDown && evidence.platform === 'docker' ? [`docker start ${called(evidence)}`] : []),
        evidence.platform === 'kubernetes'
          ? `kubectl get events -n ${evidence.subject.namespace ?? 'default'} --field-selector involvedObject.name=${evidence.subject.name}   # who asked for it`
          : 'journalctl -u docker --since "1 hour ago"; last; crontab -l   # who was here, and what runs by itself (autoheal, watchtower, a deployment)',
      ],
      disprovedBy: `Nobody and nothing spoke to ${askedOf[evidence.platform]} at that time.`,
    };
  },
};
