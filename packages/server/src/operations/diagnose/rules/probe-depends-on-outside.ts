/** Cause: the health check depends on another service. */
import type { Rule } from '../contract.ts';
import { quoteLine } from '../last-words.ts';
import { failingChecks, readyLives, refused } from './probe-signs.ts';

const outside =
  /upstream|database|redis|postgres|mysql|mongo|provider|backend|dependency|dependencies|broker|kafka|rabbit|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|https?:\/\/(?!(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?\/(?:health|ready|live))/i;
const unavailable = /\b50[0-4]\b|unhealthy|not ready|unavailable|failed/i;

export const probeDependsOnOutside: Rule = {
  id: 'probe-depends-on-outside',
  title: 'The health check depends on another service',
  why: 'The check asks whether a database or a provider is there. When that one is away, whoever acts on the check ends a program that is well, and makes one outage two.',
  signs: 'unhealthy, with words about another service in the output of the check; the program itself runs and answers',
  mends: 'Let liveness ask the program alone; the others belong into readiness',
  judge(evidence) {
    const failing = failingChecks(evidence);
    if (failing === undefined) return undefined;
    const ready = readyLives(evidence.lives).at(-1);
    const output = failing.outputs.findLast((each) => outside.test(each) && unavailable.test(each));
    const words = evidence.lives.flatMap(({ lines }) => lines).findLast(({ text }) => outside.test(text) && unavailable.test(text));
    const answered = failing.outputs.some((each) => /\b50[0-4]\b/.test(each));
    if (output === undefined && !(answered && words !== undefined)) return undefined;
    // The check itself finds nobody: that says nothing of others.
    if (
      output !== undefined &&
      ready === undefined &&
      !answered &&
      refused.test(output) &&
      !/upstream|database|provider|dependen/i.test(output)
    )
      return undefined;
    return {
      weight: 84 + (words === undefined ? 0 : 6) + (ready === undefined ? 0 : 4),
      says: 'The program answers; its check fails because another service does not.',
      because: [...failing.quotes, ...(words === undefined ? [] : [quoteLine(words)]), ...(ready === undefined ? [] : [ready.quote])],
      remedy: [
        'let the check ask a path that looks at the program alone (`/healthz`, not `/readyz`)',
        'mend the other service; the program must do without it for a while',
      ],
      disprovedBy: 'The other service is back and the check still fails.',
    };
  },
};
