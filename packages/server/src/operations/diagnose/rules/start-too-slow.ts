/** Cause: it starts more slowly than the check allows. */
import type { Rule } from '../contract.ts';
import { endedLives, quoteEnd, quoteLine, seconds, uptimeMs } from '../last-words.ts';
import { quoteSetting } from '../signs.ts';
import { on } from '../told-by-itself.ts';
import { failingChecks, patienceMs, readyLives, refused, timedOut } from './probe-signs.ts';

export const startTooSlow: Rule = {
  id: 'start-too-slow',
  title: 'It starts more slowly than the check allows',
  why: 'The check gives up before the program is ready, and whoever acts on it starts it again: it never gets there.',
  signs: 'ended by a `kill` near the end of the patience of the check; no error, and it never said that it listens',
  mends: 'A longer `start_period` (a startup probe in Kubernetes)',
  judge(evidence) {
    const failing = failingChecks(evidence);
    if (failing === undefined) return undefined;
    const { health, outputs, isActedOn, quotes } = failing;
    if (outputs.some((each) => each !== '' && !refused.test(each) && !timedOut.test(each))) return undefined;
    const lives = evidence.lives.filter(({ lines }) => lines.length > 0);
    if (lives.length === 0 || readyLives(lives).length > 0) return undefined;
    const living = lives.at(-1);
    const ended = endedLives(evidence);
    const longest = Math.max(0, ...ended.map((life) => uptimeMs(life) ?? 0));
    const isTalking = living !== undefined && living.lines.length > 1;
    const line = living?.lines.at(-1);
    return {
      weight: 66 + (isActedOn ? 16 : 0) + (isTalking ? 6 : 0),
      says: `It is still starting when the check gives up, ${seconds(patienceMs(health))} after the start${longest > 0 ? `; it was ended after ${seconds(longest)}` : ''}.`,
      because: [
        ...quotes,
        ...(line === undefined ? [] : [quoteLine(line)]),
        quoteSetting(
          evidence,
          `start period ${seconds(health.startPeriodMs)}, then ${health.retries} tries every ${seconds(health.intervalMs)}`,
        ),
        ...quoteEnd(evidence),
      ],
      remedy: [
        on(evidence, {
          docker: 'in the compose file: `healthcheck: { start_period: 5m }`, then `docker compose up -d`',
          kubernetes: '`startupProbe: { tcpSocket: { port: PORT }, periodSeconds: 5, failureThreshold: 60 }`',
        }),
        'and find out what takes so long: a model that is loaded, a migration, a download at each start',
      ],
      disprovedBy: 'Without the check it is not ready after ten minutes either: then it hangs.',
    };
  },
};
