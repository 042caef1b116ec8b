/** Cause: two supervisors start the same program. */
import type { Rule } from '../contract.ts';
import { endedLives, quoteEnd, quoteLine } from '../last-words.ts';
import { saidListening } from '../signs.ts';

const taken = /EADDRINUSE|[Aa]ddress (?:is )?already in use|[Aa]lready (?:running|listening)/;
const restarts =
  /\b(?:re-?starting|restart requested|respawn\w*|spawn(?:ing|ed)? (?:a )?(?:new|another|replacement)|supervisor|relaunch\w*)\b/i;

export const twoSupervisors: Rule = {
  id: 'two-supervisors',
  title: 'Two supervisors start the same program',
  why: 'The program starts a successor itself when it restarts, and whoever watches it starts another one: both want the same port.',
  signs: 'it listened on the port itself, spoke of a restart, and then found the port taken',
  mends: 'One owner: let it exit and be started by Docker, or switch off its own restart',
  judge(evidence) {
    const life = endedLives(evidence).findLast(({ lines }) => lines.some(({ text }) => taken.test(text)));
    if (life === undefined) return undefined;
    const at = life.lines.findIndex(({ text }) => taken.test(text));
    const before = life.lines.slice(0, at);
    const own = saidListening({ ...life, lines: before })[0];
    const restart = before.findLast(({ text }) => restarts.test(text) && !taken.test(text));
    const line = life.lines[at];
    if (own === undefined || restart === undefined || line === undefined) return undefined;
    return {
      weight: 94,
      says: `It listened on port ${own.port}, restarted itself, and its successor found the port taken by another of its own processes.`,
      because: [own.quote, quoteLine(restart), quoteLine(line), ...quoteEnd(evidence)],
      remedy: [
        'let it exit with a code other than 0 when it wants a restart, and let the restart policy do the rest',
        'or switch off whichever starts it a second time: its own supervisor (pm2, forever, nodemon, a loop in the start script) or its restart by itself',
      ],
      disprovedBy: 'Only one process of it is ever seen by `docker top`.',
    };
  },
};
