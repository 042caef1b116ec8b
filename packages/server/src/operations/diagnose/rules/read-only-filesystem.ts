/** Cause: it writes where nothing may be written. */
import { mountOf, quoteSetting, pathIn } from '../signs.ts';
import { toldByItself } from '../told-by-itself.ts';

export const readOnlyFilesystem = toldByItself({
  id: 'read-only-filesystem',
  title: 'It writes where nothing may be written',
  why: 'The root of the container, or a mount, is read-only, and the program wants to write there.',
  signs: '`EROFS`, `Read-only file system`; `read_only: true`, or `:ro` behind the mount',
  mends: 'A volume or a tmpfs on that path',
  pattern: /\bEROFS\b|[Rr]ead-only file ?system|attempt to write a readonly database|SQLITE_READONLY/,
  most: 95,
  weigh(evidence, { match, byPlatform }) {
    if (byPlatform) return undefined;
    const path = pathIn(match.input);
    const mount = path === undefined ? undefined : mountOf(evidence, path);
    const kernel = evidence.host.kernel.filter(({ text }) => /remounting filesystem read-only/i.test(text));
    if (mount?.readOnly === true) return { adds: 2, because: [quoteSetting(evidence, `${mount.target} is mounted read-only`)] };
    if (mount === undefined && evidence.program.readOnlyRoot)
      return { adds: 2, because: [quoteSetting(evidence, 'the root of the container is read-only')] };
    return { adds: 0, because: kernel.slice(-1) };
  },
  says: ({ match }, { program }) =>
    `It writes to ${pathIn(match.input) ?? 'a path'}, which is read-only${program.readOnlyRoot ? ' as the whole container is' : ''}.`,
  remedy({ match }, evidence) {
    const path = pathIn(match.input);
    const mount = path === undefined ? undefined : mountOf(evidence, path);
    if (mount?.readOnly === true) return [`take \`:ro\` from the mount ${mount.target}, or let it write elsewhere`];
    const folder = path?.replace(/\/[^/]*$/, '') || path || 'PATH';
    return [`add to the service: \`tmpfs: [${folder}]\` if it may be lost, else \`volumes: [NAME:${folder}]\``];
  },
  disprovedBy:
    'Neither the root nor the mount is read-only: then the disk of the machine had an error and was set read-only (`dmesg -T | grep -i remount`).',
});
