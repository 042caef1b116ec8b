/** Cause: the first process does not end when it is asked to, so that every stop takes the whole grace and ends with SIGKILL. */
import type { Rule } from '../contract.ts';
import type { Evidence, Life } from '../evidence.ts';
import { endedLives, seconds } from '../last-words.ts';
import { on } from '../told-by-itself.ts';

/** Of the grace; what ends sooner was not waited for. */
const wholeGrace = 0.8;

export const ignoresSigterm: Rule = {
  id: 'ignores-sigterm',
  title: 'It does not end when it is asked to',
  why: 'The first process of a container gets SIGTERM only if it handles it: a shell that starts the program without `exec` passes nothing on. So each stop waits for its grace and kills.',
  signs: 'SIGTERM, then SIGKILL when the grace is over, then exit 137, without an OOM event',
  mends: 'Handle SIGTERM, start the program with `exec`, or let a small init pass signals on (`--init`).',
  judge(evidence) {
    const ended = endedLives(evidence);
    const stopped = ended.filter((life) => graceOf(life) !== undefined);
    const last = ended.at(-1);
    if (stopped.length === 0) {
      if (last?.exitCode !== 137) return undefined;
      return last.outOfMemory ? { notBecause: 'it was not stopped: the kernel ended it for its memory' } : undefined;
    }
    const graces = stopped.map((life) => graceOf(life) ?? 0);
    const longest = Math.max(...graces);
    const isWhole = graces.every((grace) => grace >= wholeGrace * Math.min(evidence.program.stopTimeoutMs, longest));
    return {
      weight: Math.max(
        20,
        (isWhole ? 84 : 66) +
          (stopped.length > 1 ? 6 : 0) -
          (evidence.program.hasInit ? 15 : 0) -
          (last === undefined || graceOf(last) === undefined ? 25 : 0),
      ),
      says: `Asked to stop it went on for ${seconds(longest)} and was killed${stopped.length > 1 ? `, ${stopped.length} times` : ''}.`,
      because: stopped.slice(-3).map((life) => quoteStop(life, evidence)),
      remedy: on(evidence, {
        docker: [
          'Start the program with `exec` as the last line of the script, or in the list form: `CMD ["node", "server.js"]`',
          '`init: true` in the compose file (`docker run --init`) passes signals on; in the program: `process.on("SIGTERM", …)`',
        ],
        kubernetes: [
          'Handle SIGTERM in the program, and start it with `exec`',
          'Raise `terminationGracePeriodSeconds` only if it needs the time to finish work',
        ],
      }),
      disprovedBy: `\`${on(evidence, { docker: `docker kill -s TERM ${evidence.subject.name}`, kubernetes: `kubectl exec ${evidence.subject.name} -- kill -TERM 1` })}\` ends it at once.`,
    };
  },
};

/** From the polite signal to SIGKILL; `undefined` where it was not so. */
function graceOf({ killedBy, outOfMemory }: Life): number | undefined {
  const asked = killedBy.find(({ signal }) => signal !== 'SIGKILL');
  const killed = killedBy.findLast(({ signal }) => signal === 'SIGKILL');
  return outOfMemory || asked === undefined || killed === undefined || killed.atMs < asked.atMs ? undefined : killed.atMs - asked.atMs;
}

function quoteStop(life: Life, evidence: Evidence) {
  const signals = life.killedBy.map(({ signal }) => signal).join(', ');
  const text = `${signals} with ${seconds(graceOf(life) ?? 0)} between them, exit code ${life.exitCode ?? 'unknown'}`;
  return {
    source: on(evidence, { docker: 'docker events', kubernetes: 'events' }),
    text,
    ...(life.endedAtMs === undefined ? {} : { atMs: life.endedAtMs }),
  };
}
