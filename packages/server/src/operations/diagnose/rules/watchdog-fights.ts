/** Cause: something restarts it at intervals, whether or not anything is wrong with it. */
import type { Rule } from '../contract.ts';
import type { Evidence, Life } from '../evidence.ts';
import { endedLives, seconds } from '../last-words.ts';

/** Fewer tell of no interval. */
const fewestKills = 3;
/** How far intervals may lie from their mean, as a share of it. */
const evenness = 0.25;

export const watchdogFights: Rule = {
  id: 'watchdog-fights',
  title: 'Something restarts it at intervals',
  why: 'A watchdog (autoheal, watchtower, a cron job, a script) stops or kills it every so often. The program does not fail by itself.',
  signs: 'each life ends with a signal that somebody sent, at even intervals, and the program says nothing that would explain it',
  mends: 'Find who does it, and leave one supervisor alone in charge: the restart policy or the watchdog, not both.',
  judge(evidence) {
    const ended = endedLives(evidence);
    if (ended.length === 0) return undefined;
    const stopped = ended.filter(({ killedBy, outOfMemory }) => killedBy.length > 0 && !outOfMemory);
    if (stopped.length === 0) return { notBecause: 'nobody asked for its end: there is no kill event' };
    if (stopped.length < fewestKills) return undefined;
    const intervals = intervalsOf(stopped);
    const mean = intervals.reduce((sum, interval) => sum + interval, 0) / intervals.length;
    const furthest = Math.max(...intervals.map((interval) => Math.abs(interval - mean)));
    const isEven = furthest <= evenness * mean;
    const isUnhealthy =
      (evidence.health?.status ?? 'none') === 'unhealthy' || evidence.health?.results.some(({ exitCode }) => exitCode !== 0) === true;
    return {
      weight: Math.max(
        20,
        (isEven ? 86 : 62) - (isUnhealthy ? 30 : 0) - (stopped.length < ended.length ? 15 : 0) - (complains(ended) ? 20 : 0),
      ),
      says: `It was stopped from outside ${stopped.length} times, ${isEven ? `every ${seconds(mean)}` : 'at uneven intervals'}; it did not end by itself.`,
      because: stopped.slice(-3).map((life) => ({
        source: evidence.platform === 'docker' ? 'docker events' : 'events',
        text: `kill ${life.killedBy.map(({ signal }) => signal).join(', then ')}, then exit code ${life.exitCode ?? 'unknown'}`,
        ...(life.killedBy[0] === undefined ? {} : { atMs: life.killedBy[0].atMs }),
      })),
      remedy: remedyFor(evidence),
      disprovedBy: 'Stop every watchdog and cron job that knows of it. If it still ends, the cause lies in the program.',
    };
  },
};

function intervalsOf(lives: readonly Life[]): readonly number[] {
  const times = lives.map(({ killedBy }) => killedBy[0]?.atMs ?? 0);
  return times.slice(1).map((time, index) => time - (times[index] ?? time));
}

function complains(lives: readonly Life[]): boolean {
  return lives.some(({ lines }) => lines.slice(-5).some(({ text }) => /\b(?:error|fatal|panic|exception)\b/i.test(text)));
}

function remedyFor({ platform, others, subject }: Evidence): readonly string[] {
  if (platform === 'kubernetes')
    return ['See who deletes or restarts it: `kubectl get events --field-selector involvedObject.name=' + subject.name + '`'];
  const known = others.filter(({ image, name }) => /autoheal|watchtower|ouroboros|deunhealth|diun/i.test(`${image} ${name}`));
  return [
    ...known.map(({ name }) => `\`docker stop ${name}\`, which looks like a watchdog`),
    'Look for whoever else acts on it: `docker ps | grep -Ei "autoheal|watchtower"`, `crontab -l`, `systemctl list-timers`',
  ];
}
