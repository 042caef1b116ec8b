/**
 * How quick the disk below the state directory is: what a commit waits for (fsync of a small append), and random and sequential reading and
 * writing. Bounded in bytes and in time; what it writes lies in one file of its own, which it removes, also when it is interrupted.
 *
 * Reading is from a file that was just written, so it may come from the memory of the system; the report says so.
 */
import { constants, existsSync } from 'node:fs';
import { open, rm, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';

export interface BenchOptions {
  readonly directory: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Size of the file. @default 64 MiB */
  readonly limitBytes?: number;
  /** Of each of its five parts. @default 2000 */
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
}

export interface BenchReport {
  readonly directory: string;
  readonly fileBytes: number;
  /** An append of 4 KiB and its fsync: what every commit of the gateway waits for. */
  readonly fsync: { readonly count: number; readonly p50Ms: number; readonly p99Ms: number };
  readonly sequentialWriteBytesPerSecond: number;
  readonly sequentialReadBytesPerSecond: number;
  readonly randomWritesPerSecond: number;
  readonly randomReadsPerSecond: number;
}

export const benchDefaults = { limitBytes: 64 * 2 ** 20, limitMs: 2000 } as const;
const blockBytes = 4096;
const chunkBytes = 2 ** 20;
/** Enough for a p99 of which more than one sample is above. */
const mostSyncs = 500;
const fileName = '.openclaw-bench';

/** @throws OpenClawError `volume_bench` */
export async function benchVolume(options: BenchOptions): Promise<BenchReport> {
  const { directory, clock } = options;
  const { limitBytes, limitMs } = { ...benchDefaults, ...options };
  const path = join(directory, fileName);
  try {
    const { bavail, bsize } = await statfs(directory);
    // It must not be the one who fills the disk.
    const fileBytes = Math.floor(Math.min(limitBytes, (bavail * bsize) / 10) / chunkBytes) * chunkBytes;
    if (fileBytes < chunkBytes) throw new Error('there is no room for it: ten times as much as is written must be free');
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    try {
      const part: Part = { handle, clock, limitMs, fileBytes, random: options.random, signal: options.signal };
      const fsync = await syncs(part);
      const sequentialWriteBytesPerSecond = await sequential(part, 'write');
      const sequentialReadBytesPerSecond = await sequential(part, 'read');
      const randomWritesPerSecond = await atRandom(part, 'write');
      const randomReadsPerSecond = await atRandom(part, 'read');
      const rates = { sequentialWriteBytesPerSecond, sequentialReadBytesPerSecond, randomWritesPerSecond, randomReadsPerSecond };
      return { directory, fileBytes, fsync, ...rates };
    } finally {
      await handle.close();
      await rm(path, { force: true });
    }
  } catch (thrown) {
    options.signal?.throwIfAborted();
    const reason = existsSync(path) ? `${path} is there already; if no other measurement runs, remove it` : reasonOf(thrown);
    throw new OpenClawError('volume_bench', { details: { directory, reason }, cause: thrown });
  }
}

interface Part extends Required<Pick<BenchOptions, 'clock' | 'limitMs' | 'random'>> {
  readonly handle: FileHandle;
  readonly fileBytes: number;
  readonly signal: AbortSignal | undefined;
}

async function syncs({ handle, clock, limitMs, signal }: Part): Promise<BenchReport['fsync']> {
  const block = Buffer.alloc(blockBytes, 'openclaw');
  const tookMs: number[] = [];
  const untilMs = clock.monotonicMs() + limitMs;
  while (tookMs.length < mostSyncs && (tookMs.length === 0 || clock.monotonicMs() < untilMs)) {
    signal?.throwIfAborted();
    const beganMs = clock.monotonicMs();
    await handle.write(block, 0, blockBytes, tookMs.length * blockBytes);
    await handle.datasync();
    tookMs.push(clock.monotonicMs() - beganMs);
  }
  tookMs.sort((one, other) => one - other);
  const at = (share: number): number => tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * share))] ?? 0;
  return { count: tookMs.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** The end of what is written is synced within the time: else it would be the speed of memory. */
async function sequential({ handle, clock, limitMs, fileBytes, signal }: Part, kind: 'write' | 'read'): Promise<number> {
  const chunk = Buffer.alloc(chunkBytes, 'openclaw');
  const beganMs = clock.monotonicMs();
  let bytes = 0;
  for (; bytes < fileBytes && (bytes === 0 || clock.monotonicMs() - beganMs < limitMs); bytes += chunkBytes) {
    signal?.throwIfAborted();
    await touch(handle, kind, { buffer: chunk, position: bytes });
  }
  if (kind === 'write') await handle.datasync();
  return rate(bytes, clock.monotonicMs() - beganMs);
}

async function atRandom({ handle, clock, limitMs, fileBytes, random, signal }: Part, kind: 'write' | 'read'): Promise<number> {
  const block = Buffer.alloc(blockBytes, 'openclaw');
  const blocks = fileBytes / blockBytes;
  const beganMs = clock.monotonicMs();
  let count = 0;
  for (; count < blocks && (count === 0 || clock.monotonicMs() - beganMs < limitMs); count += 1) {
    signal?.throwIfAborted();
    await touch(handle, kind, { buffer: block, position: Math.floor(random() * blocks) * blockBytes });
  }
  if (kind === 'write') await handle.datasync();
  return rate(count, clock.monotonicMs() - beganMs);
}

async function touch(
  handle: FileHandle,
  kind: 'write' | 'read',
  { buffer, position }: { readonly buffer: Buffer; readonly position: number },
): Promise<void> {
  if (kind === 'write') await handle.write(buffer, 0, buffer.length, position);
  else await handle.read(buffer, 0, buffer.length, position);
}

function rate(amount: number, tookMs: number): number {
  return Math.round((amount * 1000) / Math.max(tookMs, 0.001));
}
