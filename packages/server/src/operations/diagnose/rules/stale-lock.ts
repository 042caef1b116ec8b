/** Cause: a lock of an earlier life was left behind. */
import { lookInside } from '../remedies.ts';
import { pathIn } from '../signs.ts';
import { toldByItself } from '../told-by-itself.ts';

export const staleLock = toldByItself({
  id: 'stale-lock',
  title: 'A lock of an earlier life was left behind',
  why: 'The life before ended without removing its lock or PID file, which lies on a volume, and the next one takes it for a running instance. In containers the number in it is often its own.',
  signs: '`already running`, `lock file exists`, with no other process there',
  mends: 'Remove the file; let the program check whether the owner is alive',
  pattern:
    /\b(?:is )?already running\b|(?:lock|pid) ?file\b.*\b(?:exists|already|held|found)|\b(?:is|already|still) locked by\b|[Aa]nother (?:instance|process|server) (?:is|of|may|seems)|could not (?:acquire|get|obtain) (?:the )?lock|\.(?:pid|lock)['"]? (?:already )?exists|lock is held|failed to obtain (?:node )?locks?/i,
  most: 90,
  weigh(evidence, { match, byPlatform }) {
    if (byPlatform || /SQLITE|database is locked|EADDRINUSE/.test(match.input)) return undefined;
    const before = evidence.lives.slice(0, -1).some(({ exitCode, killedBy }) => (exitCode ?? 0) >= 128 || killedBy.length > 0);
    return { adds: before ? 3 : 0 };
  },
  says: ({ match }) => `It believes that it runs already${pathIn(match.input) === undefined ? '' : `, by ${pathIn(match.input)}`}.`,
  remedy({ match }, evidence) {
    const path = pathIn(match.input) ?? 'THE-FILE';
    return [
      `docker ps --filter volume=NAME   # no other container may use the same volume; then:`,
      evidence.platform === 'kubernetes'
        ? `${lookInside(evidence)}, then rm ${path}`
        : `docker run --rm --volumes-from ${evidence.subject.name} --entrypoint rm ${evidence.subject.image} -f ${path}`,
    ];
  },
  disprovedBy: 'Another container or process does use the same state: then that one is to be stopped.',
});
