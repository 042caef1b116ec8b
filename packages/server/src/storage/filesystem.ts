/**
 * Finds out what the state directory lies on. A journal that is appended to, synced and renamed is safe on all of them; the live
 * database is not: SQLite's WAL needs memory that processes share, which network file systems and FUSE do not promise.
 *
 * So there the live database, a cache that can be rebuilt, lies in a directory of this machine. Where two machines could hold the
 * lock at once, it refuses.
 */
import { lstatSync, mkdirSync, readFileSync, realpathSync, statfsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpenClawError } from '../core/errors.ts';
import { currentUser, storeDirectory } from './state-directory.ts';

/** What is asked of the system, so that tests can be on other file systems. */
export interface FileSystemFacts {
  /** The `f_type` of statfs(2). */
  typeOf(path: string): number;
  /** The text of /proc/self/mountinfo; empty where there is none. */
  mountInfo(): string;
  /** A directory on this machine. */
  readonly localDirectory: string;
}

/** statfs(2), <linux/magic.h> and the kernel's own headers. Other systems have other numbers, of which none is here. */
const remoteTypes: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x786f4256, 'vboxsf'],
]);

/** Mounts that take a lock without telling the other machines. */
const localLockOptions = /(?:^|,)(?:nolock|local_lock=(?:all|posix)|nobrl)(?:,|$)/;
/** Object stores and remote shells behind FUSE: no append in place, no rename that is all or nothing, or no locks. */
const unsafeFuse = /^fuse\.(?:s3fs|sshfs|rclone|gcsfuse|goofys|mountpoint-s3|blobfuse2?|davfs2?|curlftpfs)$/;

export const systemFacts: FileSystemFacts = {
  typeOf: (path) => statfsSync(path).type,
  mountInfo() {
    try {
      return readFileSync('/proc/self/mountinfo', 'utf8');
    } catch {
      // Not Linux: options of mounts are then not known.
      return '';
    }
  },
  get localDirectory() {
    return tmpdir();
  },
};

/**
 * @returns where the live database belongs
 * @throws OpenClawError `state_filesystem` with the remedy
 */
export function placeLiveDatabase(stateDirectory: string, facts: FileSystemFacts = systemFacts): string {
  const type = remoteTypeOf(stateDirectory, facts);
  if (type === undefined) return storeDirectory(stateDirectory);
  const mount = findMount(realpathSync(stateDirectory), facts.mountInfo());
  if (mount && localLockOptions.test(mount.options)) {
    throw unsafe(stateDirectory, mount.type, {
      reason: `it is mounted so that locks hold on one machine only (${mount.options})`,
      suggestion: 'Mount it with locks (for NFS: without nolock and local_lock), or use a volume of this machine: OPENCLAW_STATE_DIR.',
    });
  }
  if (mount && unsafeFuse.test(mount.type)) {
    throw unsafe(stateDirectory, mount.type, {
      reason: 'it keeps no promise about appending, renaming and locking',
      suggestion:
        'Use a volume of this machine (OPENCLAW_STATE_DIR) and keep copies there: a plain tar of the live directory can be restored.',
    });
  }
  return localCache(stateDirectory, type, facts);
}

function remoteTypeOf(path: string, facts: FileSystemFacts): string | undefined {
  return remoteTypes.get(facts.typeOf(path) >>> 0);
}

function localCache(stateDirectory: string, type: string, facts: FileSystemFacts): string {
  const { uid } = currentUser();
  const name = createHash('sha256').update(realpathSync(stateDirectory)).digest('hex').slice(0, 16);
  const directory = join(facts.localDirectory, `openclaw-${uid ?? 'user'}-${name}`);
  const suggestion = `Make ${facts.localDirectory} a writable directory of this machine (TMPDIR names another), or use a volume of this machine: OPENCLAW_STATE_DIR.`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (remoteTypeOf(directory, facts) !== undefined) throw new Error('it is not a directory of this machine either');
    // Others may write to a temporary directory too: what they put there in advance is not ours.
    const found = lstatSync(directory);
    if (!found.isDirectory() || (uid !== undefined && (found.uid !== uid || (found.mode & 0o077) !== 0)))
      throw new Error('somebody else made it');
  } catch (thrown) {
    throw unsafe(stateDirectory, type, {
      reason: `its database file must lie elsewhere, and ${directory} cannot be used: ${(thrown as Error).message}`,
      suggestion,
    });
  }
  return directory;
}

export interface Mount {
  /** Where it is mounted. */
  readonly point: string;
  /** Which directory of the file system is mounted there: not `/` for a bind mount or a volume. */
  readonly root: string;
  readonly type: string;
  /** A device, a remote path, or a word of no meaning. */
  readonly source: string;
  /** Of the file system; those of the mount itself are others. */
  readonly options: string;
}

/** The mount that a path lies on: that with the longest mount point above it, the last of equals. */
export function findMount(path: string, mountInfo: string): Mount | undefined {
  let found: Mount | undefined;
  for (const line of mountInfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', point] = before.split(' ').map(unescapeOctal);
    const [type = '', source = '', options = ''] = after.split(' ');
    if (point === undefined || !`${path}/`.startsWith(point === '/' ? '/' : `${point}/`)) continue;
    if (found === undefined || point.length >= found.point.length) found = { point, root, type, source, options };
  }
  return found;
}

function unescapeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function unsafe(directory: string, filesystem: string, details: { readonly reason: string; readonly suggestion: string }): OpenClawError {
  return new OpenClawError('state_filesystem', { details: { directory, filesystem, ...details } });
}
