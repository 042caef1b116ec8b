/**
 * Whether this runs in a container of Docker or Podman, or in a pod, by the files that these mount into each of theirs. `/.dockerenv` is no
 * sign: machines are made of images too.
 */
import { existsSync, readFileSync } from 'node:fs';

export type ContainerEngine =
  | { readonly kind: 'docker' | 'podman'; /** The first of its signs, as commands take it. */ readonly id: string }
  | { readonly kind: 'kubernetes' };

/** @param mountInfo the text of /proc/self/mountinfo @returns undefined on a machine of its own */
export function findContainerEngine(
  mountInfo: string = readMountInfo(),
  hasPodmanFile = existsSync('/run/.containerenv'),
): ContainerEngine | undefined {
  // On the host of a container the same files are mounted elsewhere, if at all.
  if (/\/kubelet\/pods\/\S* \/etc\/hosts /.test(mountInfo)) return { kind: 'kubernetes' };
  const id = /containers\/([\da-f]{64})\/\S* \/etc\/(?:hostname|hosts|resolv\.conf) /.exec(mountInfo)?.[1]?.slice(0, 12);
  return id === undefined ? undefined : { kind: hasPodmanFile ? 'podman' : 'docker', id };
}

function readMountInfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    // Not Linux: no container's either.
    return '';
  }
}
