/**
 * How much room the parts of a state directory take, and what is free where they lie. It reads names and sizes, in small steps and up to
 * a bound, and changes nothing. Links are not followed.
 */
import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir, realpath, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findMount, type Mount } from '../../storage/filesystem.ts';
import { areaNames, areaOf, placesOfAreas, type Area, type AreaName } from './areas.ts';

export interface MeasureOptions {
  readonly stateDirectory: string;
  /** What lies elsewhere by the configuration. */
  readonly elsewhere: readonly Area[];
  /** The text of /proc/self/mountinfo. */
  readonly mountInfo: string;
  /** Files and directories that are looked at; beyond them sizes are too small, and that is said. */
  readonly limitEntries?: number;
  readonly signal?: AbortSignal;
}

export interface MeasuredArea extends Area {
  /** What its files take on the disk. */
  readonly bytes: number;
  readonly files: number;
  readonly uid: number;
  /** The permission bits of what is there. */
  readonly mode: number;
  /** Where it is mounted; undefined where the system does not tell. */
  readonly mount: Mount | undefined;
}

export interface MeasuredVolume {
  readonly mount: Mount | undefined;
  /** Of what lies on it, the path that is shortest. */
  readonly path: string;
  readonly sizeBytes: number;
  /** By everybody. */
  readonly usedBytes: number;
  /** For us. */
  readonly freeBytes: number;
}

export interface Measured {
  readonly areas: readonly MeasuredArea[];
  readonly volumes: readonly MeasuredVolume[];
  /** Whether everything was looked at. */
  readonly isWhole: boolean;
}

export const measureDefaults = { limitEntries: 300_000 } as const;
const blockBytes = 512;

interface Sum {
  bytes: number;
  files: number;
  /** Of the first that was seen, which is the one nearest to the top. */
  stats: Stats | undefined;
  path: string;
}

export async function measure(options: MeasureOptions): Promise<Measured> {
  const { stateDirectory, elsewhere, mountInfo } = options;
  const walk = new Walk(options.limitEntries ?? measureDefaults.limitEntries, options.signal);
  const inside = await walk.sumUp(stateDirectory, areaOf);
  const outside = await Promise.all(
    elsewhere.map(async ({ name, path }) => ({ name, sum: (await walk.sumUp(path, () => name)).get(name), path })),
  );
  const found = [
    ...areaNames.flatMap((name) => {
      const sum = inside.get(name);
      return sum ? [{ name, sum, path: join(stateDirectory, placesOfAreas[name]) }] : [];
    }),
    ...outside.flatMap(({ name, sum, path }) => (sum ? [{ name, sum, path }] : [])),
  ];
  const areas: MeasuredArea[] = [];
  for (const { name, sum, path } of found) {
    const { bytes, files, stats } = sum;
    const mount = findMount(await resolved(sum.path), mountInfo);
    areas.push({ ...{ name, path, bytes, files, mount }, uid: stats?.uid ?? 0, mode: (stats?.mode ?? 0) & 0o777 });
  }
  return { areas, volumes: await volumesOf(stateDirectory, areas, mountInfo), isWhole: walk.isWhole };
}

/** That of the state directory first. */
async function volumesOf(stateDirectory: string, areas: readonly MeasuredArea[], mountInfo: string): Promise<readonly MeasuredVolume[]> {
  const own = await nearestExisting(stateDirectory);
  const points = new Map<string, { readonly mount: Mount | undefined; readonly path: string }>();
  for (const { mount, path } of [{ mount: findMount(await resolved(own), mountInfo), path: own }, ...areas]) {
    if (!points.has(mount?.point ?? '')) points.set(mount?.point ?? '', { mount, path });
  }
  return Promise.all(
    [...points.values()].map(async ({ mount, path }) => {
      const { blocks, bfree, bavail, bsize } = await statfs(await nearestExisting(path));
      return { mount, path, sizeBytes: blocks * bsize, usedBytes: (blocks - bfree) * bsize, freeBytes: bavail * bsize };
    }),
  );
}

/** One after the other, so that a large tree costs the disk and the event loop little at a time. */
class Walk {
  #left: number;
  readonly #signal: AbortSignal | undefined;

  constructor(limitEntries: number, signal: AbortSignal | undefined) {
    this.#left = limitEntries;
    this.#signal = signal;
  }

  get isWhole(): boolean {
    return this.#left > 0;
  }

  async sumUp(root: string, nameOf: (path: string) => AreaName): Promise<Map<AreaName, Sum>> {
    const sums = new Map<AreaName, Sum>();
    await this.#visit(root, '', (path, stats) => {
      if (path === '' && stats.isDirectory()) return;
      const name = nameOf(path);
      const sum: Sum = sums.get(name) ?? { bytes: 0, files: 0, stats: undefined, path: join(root, path) };
      sum.stats ??= stats;
      sum.bytes += stats.blocks * blockBytes;
      sum.files += stats.isDirectory() ? 0 : 1;
      sums.set(name, sum);
    });
    return sums;
  }

  async #visit(root: string, path: string, onFound: (path: string, stats: Stats) => void): Promise<void> {
    if (this.#left <= 0) return;
    this.#left -= 1;
    this.#signal?.throwIfAborted();
    const stats = await lstat(join(root, path)).catch(gone);
    if (!stats) return;
    onFound(path, stats);
    if (!stats.isDirectory()) return;
    const entries: readonly Dirent[] = (await readdir(join(root, path), { withFileTypes: true }).catch(gone)) ?? [];
    for (const { name } of entries) await this.#visit(root, path === '' ? name : `${path}/${name}`, onFound);
  }
}

/** Whoever works there may take something away at any time; what may not be looked at is not counted. */
function gone(thrown: unknown): undefined {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code !== 'ENOENT' && code !== 'EACCES' && code !== 'ENOTDIR') throw thrown;
}

async function resolved(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

async function nearestExisting(path: string): Promise<string> {
  const stats = await lstat(path).catch(() => undefined);
  return stats || dirname(path) === path ? path : nearestExisting(dirname(path));
}
