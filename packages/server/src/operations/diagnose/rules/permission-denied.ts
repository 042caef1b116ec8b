/** Cause: it may not read or write where it has to. */
import type { Evidence } from '../evidence.ts';
import { lastWords } from '../last-words.ts';
import { giveTo } from '../remedies.ts';
import { mountOf, pathIn } from '../signs.ts';
import { toldByItself } from '../told-by-itself.ts';

const notExecutable = 126;
const privilegedPort = /listen EACCES|bind.*(?:EACCES|[Pp]ermission denied)|:(\d{1,3})\b.*[Pp]ermission denied/;

export const permissionDenied = toldByItself({
  id: 'permission-denied',
  title: 'It may not read or write where it has to',
  why: 'The folder belongs to another user than the one the program runs as. A fresh volume belongs to root, a bind mount to whoever made it on the machine.',
  signs: '`EACCES`, `EPERM`, `permission denied` on a path; the owner of the mount is another than the user of the container',
  mends: '`chown` the volume to the user of the image, or set `user:`',
  // What Node prints below the message says no path.
  pattern:
    /^(?!\s*(?:code|errno|syscall): ).*(?:\bEACCES\b|\bEPERM\b|[Pp]ermission denied|[Oo]peration not permitted|PermissionError|AccessDeniedException)/,
  most: 92,
  weigh(evidence, { match, byPlatform }) {
    if (byPlatform || lastCode(evidence) === notExecutable) return undefined;
    // A door that is closed on the network, and a service that refuses a user, are other matters.
    if (/publickey|password|ssh|connect (?:EACCES|EPERM)|for user|spawn .*EACCES/.test(match.input)) return undefined;
    // Node says the code once more, on a line of its own.
    if (/^\s*code: /.test(match.input) && lastWords(evidence, /connect E(?:ACCES|PERM)/, 90) !== undefined) return undefined;
    const path = pathIn(match.input);
    const mount = path === undefined ? undefined : mountOf(evidence, path);
    const { userId } = evidence.program;
    if (mount?.ownerUid === undefined || userId === undefined) return { adds: 0 };
    const text = `${mount.target} belongs to uid ${mount.ownerUid}, mode ${(mount.mode ?? 0).toString(8)}; the program runs as uid ${userId}`;
    return { adds: mount.ownerUid === userId ? -4 : 5, because: [{ source: 'mount', text }] };
  },
  says({ match }, { program }) {
    if (privilegedPort.test(match.input)) return `User ${program.user || 'root'} may not listen on a port below 1024.`;
    const who = program.userId === undefined ? `user ${program.user}` : `uid ${program.userId}`;
    return `It runs as ${who} and may not use ${pathIn(match.input) ?? 'a file'}.`;
  },
  remedy({ match }, evidence) {
    if (privilegedPort.test(match.input))
      return ['let it listen on a port above 1024 inside (for example 8080) and publish that one: `ports: ["80:8080"]`'];
    return [giveTo(evidence, pathIn(match.input)), `or run it as who owns it: \`user: "UID:GID"\` in the compose file`];
  },
  disprovedBy:
    'The owner is right and it is refused all the same: then SELinux (`:z` behind the mount), a dropped capability or a read-only mount is in the way.',
});

function lastCode({ lives, state }: Evidence): number | undefined {
  return lives.findLast(({ exitCode }) => exitCode !== undefined)?.exitCode ?? state.exitCode;
}
