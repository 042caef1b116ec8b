/** Cause: it starts, says that it listens, and then answers nobody for a long time. */
import type { Rule } from '../contract.ts';
import { quoteLine } from '../last-words.ts';

const listening = /\b(?:listening|ready|started|serving)\b/i;
const timedOut = /timed? ?out|exceeded timeout|deadline exceeded/i;
const busyPercent = 80;

export const wedgedAfterRestart: Rule = {
  id: 'wedged-after-restart',
  title: 'It hangs after each start',
  why: 'The program has opened its port and then waits for something, so that every probe runs into its timeout until the wait is over or it is restarted again.',
  signs: 'probes time out (they are not refused), the program said that it listens, the processor is idle',
  mends:
    'Give it a start period as long as the wait, stop restarting it meanwhile, and find what it waits for: a lock, a slow volume, a cache that is built anew.',
  judge({ health, lives, usage, subject, platform }) {
    if (health === undefined || health.results.length === 0) return undefined;
    const late = health.results.filter(({ output }) => timedOut.test(output));
    const last = health.results.at(-1);
    if (late.length === 0 || last === undefined || !timedOut.test(last.output)) return undefined;
    if (usage?.cpuPercent !== undefined && usage.cpuPercent > busyPercent)
      return { notBecause: `it is not idle: it uses ${Math.round(usage.cpuPercent)} % of a processor` };
    const said = lives.at(-1)?.lines.find(({ text }) => listening.test(text));
    if (said === undefined) return undefined;
    const isIdle = usage?.cpuPercent !== undefined;
    const isEachTime = lives.length > 1 && lives.every(({ lines }) => lines.some(({ text }) => listening.test(text)));
    return {
      weight: 58 + (isIdle ? 12 : 0) + (isEachTime ? 10 : 0),
      says: `It says that it is up, and ${late.length} of the last ${health.results.length} probes got no answer in time${isIdle ? ' though its processor is idle' : ''}.`,
      because: [{ source: 'health log', text: last.output.trim(), atMs: last.endedAtMs }, quoteLine(said)],
      remedy: [
        platform === 'kubernetes'
          ? `\`kubectl exec ${subject.name} -- sh -c 'cat /proc/1/stack /proc/1/wchan'\` says what it waits for`
          : `\`docker exec ${subject.name} sh -c 'cat /proc/1/wchan; ls -l /proc/1/fd'\` says what it waits for`,
        'Give it longer before a probe counts (a startup probe, `--health-start-period`), so that it is not restarted in the middle of the wait',
      ],
      disprovedBy: 'A probe by hand answers at once, or is refused: then it is the probe, or nothing listens.',
    };
  },
};
