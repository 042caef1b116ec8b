/**
 * Mounts of a unit as shell commands, for a mount namespace of its own: so nothing is mounted for anybody else, and all of it is gone with the unit.
 *
 * Only root may make such a namespace. What needs none works for everybody: a directory of this machine at its own path. Mount points are not made: the unit sees the files of this
 * machine, and an empty directory that appears there would be seen by all.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { UnitMount } from '../driver.ts';
import { quote } from './shim.ts';

export interface MountPlan {
  readonly commands: readonly string[];
  /** Directories that have to be made first. */
  readonly directories: readonly string[];
}

export interface MountPlaces {
  /** Of the unit; what is scratch lies below it. */
  readonly unitDirectory: string;
  /** Where named volumes lie, which outlive units. */
  readonly volumesDirectory: string;
  readonly mayMount: boolean;
}

/** @throws Error in words that follow "cannot be started:" */
export async function planMounts(mounts: readonly UnitMount[], places: MountPlaces): Promise<MountPlan> {
  const commands: string[] = [];
  const directories: string[] = [];
  for (const [index, mount] of mounts.entries()) {
    const { path, source, readOnly } = mount;
    if (source.kind === 'host' && source.path === path && !readOnly) continue;
    if (!places.mayMount)
      throw new Error(
        `the mount at ${path} needs a namespace of mounts, which only root may make; run the gateway as root, use the driver docker, or give the path that it has on this machine`,
      );
    await checkDirectory(path, `there is no ${path} on this machine to mount on; make the directory first`);
    if (source.kind === 'memory') {
      const size = source.limitBytes === undefined ? '' : `,size=${source.limitBytes}`;
      commands.push(`mount -t tmpfs -o mode=1777${size}${readOnly ? ',ro' : ''} openclaw ${quote(path)}`);
      continue;
    }
    const from = sourcePath(source, index, places);
    if (source.kind === 'host') await checkDirectory(from, `there is no ${from} on this machine`);
    else directories.push(from);
    commands.push(`mount --bind ${quote(from)} ${quote(path)}`);
    if (readOnly) commands.push(`mount -o remount,bind,ro ${quote(path)}`);
  }
  return { commands, directories };
}

function sourcePath(source: Exclude<UnitMount['source'], { readonly kind: 'memory' }>, index: number, places: MountPlaces): string {
  if (source.kind === 'host') return source.path;
  if (source.kind === 'named') return join(places.volumesDirectory, encodeURIComponent(source.name).replace(/^\.+$/, '_'));
  return join(places.unitDirectory, 'scratch', String(index));
}

async function checkDirectory(path: string, otherwise: string): Promise<void> {
  try {
    await stat(path);
  } catch (thrown) {
    throw new Error(otherwise, { cause: thrown });
  }
}
