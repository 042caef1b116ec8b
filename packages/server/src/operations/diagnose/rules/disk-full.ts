/** Cause: the disk is full. */
import type { Evidence, Quote, Room } from '../evidence.ts';
import { toldByItself } from '../told-by-itself.ts';
import { mountOf, pathIn, size } from '../signs.ts';
import type { Rule } from '../contract.ts';

const scarceShare = 0.02;

const told = toldByItself({
  id: 'disk-full',
  title: 'The disk is full',
  why: 'What it writes finds no room: the disk of the machine, a volume or a tmpfs with a limit. Many programs end at once.',
  signs: '`ENOSPC`, `No space left on device`, `SQLITE_FULL`; no room, or no inodes, where it writes',
  mends: 'Make room, then bound logs and data; more for the tmpfs or the volume',
  // The same code is used for watches of files.
  pattern:
    /^(?!.*(?:\bwatch|inotify)|\s*(?:code|errno|syscall): ).*(?:\bENOSPC\b|[Nn]o space left on device|SQLITE_FULL|database or disk is full|\bEDQUOT\b|[Qq]uota exceeded.*disk|[Dd]isk quota exceeded)/,
  most: 95,
  weigh(evidence, { match }) {
    const full = fullPlaces(evidence, pathIn(match.input));
    return { adds: full.length > 0 ? 2 : 0, because: full };
  },
  says({ match }, evidence) {
    const path = pathIn(match.input);
    const mount = path === undefined ? undefined : mountOf(evidence, path);
    if (mount === undefined) return `There is no room left${path === undefined ? '' : ` for ${path}`}.`;
    return `There is no room left on ${mount.target} (${mount.kind}${mount.room === undefined ? '' : ` of ${size(mount.room.totalBytes)}`}).`;
  },
  remedy({ match }, evidence) {
    const path = pathIn(match.input);
    const mount = path === undefined ? undefined : mountOf(evidence, path);
    if (mount?.kind === 'tmpfs') return [`give the tmpfs more: \`tmpfs: ["${mount.target}:size=256m"]\`, or put a volume there`];
    return [
      'df -h; df -i; docker system df   # what is full, and whether it is Docker that filled it',
      'docker system prune   # stopped containers and images that nobody uses; asks first',
      'bound the logs: `logging: { options: { max-size: 10m, max-file: "3" } }`',
    ];
  },
  disprovedBy: '`df -h` and `df -i` show room where it writes: then a quota, or a limit of watches, is meant.',
});

export const diskFull: Rule = {
  ...told,
  judge(evidence) {
    const verdict = told.judge(evidence);
    if (verdict !== undefined) return verdict;
    const { root } = evidence.host;
    if (root?.room === undefined || isScarce(root.room)) return undefined;
    return { notBecause: `${size(root.room.freeBytes)} free in ${root.path}` };
  },
};

function fullPlaces(evidence: Evidence, path: string | undefined): readonly Quote[] {
  const mount = path === undefined ? undefined : mountOf(evidence, path);
  const places = [
    ...(mount?.room === undefined ? [] : [{ name: mount.target, room: mount.room }]),
    ...(evidence.host.root?.room === undefined ? [] : [{ name: evidence.host.root.path, room: evidence.host.root.room }]),
  ];
  return places
    .filter(({ room }) => isScarce(room))
    .map(({ name, room }) => ({
      source: 'host',
      text: `${name}: ${size(room.freeBytes)} of ${size(room.totalBytes)} free, ${room.freeInodes} of ${room.totalInodes} inodes`,
    }));
}

function isScarce({ freeBytes, totalBytes, freeInodes, totalInodes }: Room): boolean {
  return freeBytes < scarceShare * totalBytes || (totalInodes > 0 && freeInodes < scarceShare * totalInodes);
}
