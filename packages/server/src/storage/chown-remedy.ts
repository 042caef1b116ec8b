/**
 * The command that gives a directory to who runs this, from where it can be run: in a container nobody is root, so it has to be said for the
 * machine outside. It reads what the kernel tells of mounts, and changes nothing.
 */
import { existsSync, readFileSync } from 'node:fs';

export interface Place {
  /** The text of /proc/self/mountinfo; empty where there is none. */
  readonly mountInfo: string;
  readonly isContainer: boolean;
}

export interface Wish {
  readonly directory: string;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

export function thisPlace(): Place {
  return { mountInfo: readMountInfo(), isContainer: existsSync('/.dockerenv') || existsSync('/run/.containerenv') };
}

export function chownRemedy({ directory, uid, gid }: Wish, { mountInfo, isContainer }: Place): string {
  const owner = `${uid}:${gid}`;
  if (/\/kubelet\/|kubernetes\.io~/.test(mountInfo))
    return `Set securityContext.fsGroup: ${gid} for the pod: its volumes then belong to that group`;
  const container = /\/containers\/([\da-f]{64})\/\S* \/etc\/(?:hostname|hosts|resolv\.conf) /.exec(mountInfo)?.[1]?.slice(0, 12);
  if (container !== undefined) {
    const image = `$(docker inspect --format '{{.Config.Image}}' ${container})`;
    return `On the host run: docker run --rm --user 0 --volumes-from ${container} --entrypoint chown ${image} -R ${owner} ${quote(directory)}`;
  }
  if (isContainer) return `On the host run: chown -R ${owner} on the directory that is mounted at ${directory}`;
  return `Run: sudo chown -R ${owner} ${quote(directory)}`;
}

function readMountInfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    // Not Linux: no container's either.
    return '';
  }
}

export function quote(path: string): string {
  return /^[\w/.@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
