/** Cause: the program does its work and ends well, and the policy starts it again. */
import type { Rule } from '../contract.ts';
import { endedLives, quoteEnd, quoteLine, seconds, uptimeMs } from '../last-words.ts';
import { on } from '../told-by-itself.ts';

const complaint = /\b(?:error|fatal|panic|exception|refused|denied|failed)\b/i;
const restartWords = /SIGUSR1|restart/i;

export const processFinishes: Rule = {
  id: 'process-finishes',
  title: 'The program ends by itself, with success',
  why: 'It does its work, ends with 0, and the policy `always` starts it again: it is a job, not a service. Or a service went into the background, and its shell ended.',
  signs: 'exit 0 each time, nobody stopped it, no error in its lines, policy always or unless-stopped',
  mends: 'Run it as a job with the policy `on-failure` or `no`; or keep the service in the foreground.',
  judge(evidence) {
    const ended = endedLives(evidence);
    const last = ended.at(-1);
    if (last === undefined) return undefined;
    if (last.exitCode !== 0) return { notBecause: `it does not end well: exit code ${last.exitCode ?? 'unknown'}` };
    if (ended.some(({ exitCode, outOfMemory, killedBy }) => exitCode !== 0 || outOfMemory || killedBy.length > 0)) return undefined;
    const { policy, count } = evidence.restarts;
    if (policy === 'no' || policy === 'on-failure') return undefined;
    const tail = last.lines.slice(-5);
    const says = tail.findLast(({ text }) => text.trim() !== '');
    const uptime = uptimeMs(last);
    return {
      weight:
        90 -
        (tail.some(({ text }) => complaint.test(text)) ? 30 : 0) -
        (tail.some(({ text }) => restartWords.test(text)) ? 30 : 0) -
        (count === 0 ? 20 : 0),
      says: `It ends with 0${uptime === undefined ? '' : ` after ${seconds(uptime)}`} each time, and the policy ${policy} starts it again.`,
      because: [
        ...(says === undefined ? [] : [quoteLine(says)]),
        ...quoteEnd(evidence),
        { source: on(evidence, { docker: 'docker inspect', kubernetes: 'pod spec' }), text: `the restart policy is ${policy}` },
      ],
      remedy: on(evidence, {
        docker: [
          `If it is a job: \`docker update --restart=no ${evidence.subject.name}\`, or \`restart: on-failure\` in the compose file`,
          'If it is a service: start it in the foreground (`daemon off;`, `--no-daemonize`, `exec` as the last line of the script), or give it the terminal that it wants (`tty: true`)',
        ],
        kubernetes: ['If it is a job, make it a `Job` with `restartPolicy: OnFailure`', 'If it is a service, start it in the foreground'],
      }),
      disprovedBy: 'It is meant to go on, and its last line says why it did not.',
    };
  },
};
