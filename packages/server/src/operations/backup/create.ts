/** Makes one backup of a state directory and puts it into a place. Whoever owns the directory goes on working meanwhile. */
import { OpenClawError } from '../../core/errors.ts';
import type { Clock } from '../../core/clock.ts';
import { readStateIdentity } from '../state-identity/index.ts';
import { formatNumber, writeArchive, type BackupHeader, type LeftOut } from './archive.ts';
import { encode, isEncrypting, type EncryptFor } from './coding.ts';
import { collect, type Collection } from './collect.ts';
import { backupName, type Place } from './place.ts';

export interface CreateOptions {
  readonly stateDirectory: string;
  readonly encryptFor?: EncryptFor;
  readonly clock: Clock;
  /** Of the program. */
  readonly version: string;
  /** Called for each piece that was read. */
  readonly onProgress?: (doneBytes: number, allBytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface BackupMade {
  readonly name: string;
  /** What `verify` and `restore` take. */
  readonly address: string;
  readonly createdAt: string;
  readonly stateId?: string;
  readonly bytes: number;
  readonly contentBytes: number;
  readonly encrypted: boolean;
  readonly leftOut: readonly LeftOut[];
  readonly tookMs: number;
}

/** What an archive is made from, as one stream of a tar; for places of their own making. */
export interface OpenedArchive {
  readonly header: BackupHeader;
  readonly tar: AsyncIterable<Buffer>;
  readonly leftOut: readonly LeftOut[];
  close(): Promise<void>;
}

/** @throws OpenClawError `backup_failed`, `storage_damaged` */
export async function openArchive(options: CreateOptions): Promise<OpenedArchive> {
  const { stateDirectory, clock, version } = options;
  const collection = await collect(stateDirectory);
  const identity = readStateIdentity(stateDirectory);
  const header: BackupHeader = {
    ...{ format: formatNumber, version, createdAt: new Date(clock.now()).toISOString() },
    ...(identity && { stateId: identity.id }),
    contentBytes: collection.bytes,
  };
  return {
    header,
    tar: watched(writeArchive(header, collection.sources(), collection.leftOut), collection, options),
    leftOut: collection.leftOut,
    close: () => collection.close(),
  };
}

/**
 * @returns once the backup is durable in its place
 * @throws OpenClawError `backup_failed`, `backup_room`, `backup_place`, `storage_damaged`; then nothing is left in the place
 */
export async function createBackup(options: CreateOptions & { readonly place: Place }): Promise<BackupMade> {
  const { place, clock, encryptFor = {} } = options;
  const beganMs = clock.monotonicMs();
  const opened = await openArchive(options);
  try {
    const { header } = opened;
    const { stateId, createdAt, contentBytes } = header;
    await checkRoom(place, contentBytes);
    const encrypted = isEncrypting(encryptFor);
    const name = backupName({ stateId, createdAtMs: Date.parse(createdAt), encrypted });
    const { bytes } = await place.put(name, encode(opened.tar, encryptFor), { contentBytes });
    return {
      ...{ name, createdAt, bytes, contentBytes, encrypted, leftOut: opened.leftOut },
      ...(stateId !== undefined && { stateId }),
      address: `${place.address.replace(/\/$/, '')}/${name}`,
      tookMs: clock.monotonicMs() - beganMs,
    };
  } finally {
    await opened.close();
  }
}

/** A backup often lies on the volume that it is of, which it must not fill; so what could be needed counts, and not what will be. */
async function checkRoom(place: Place, contentBytes: number): Promise<void> {
  const free = await place.freeBytes();
  if (free === undefined || free > contentBytes) return;
  const details = { directory: place.address, free: sizeInWords(free), needed: sizeInWords(contentBytes) };
  throw new OpenClawError('backup_room', { details });
}

export function sizeInWords(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

async function* watched(tar: AsyncIterable<Buffer>, { bytes }: Collection, { onProgress, signal }: CreateOptions): AsyncGenerator<Buffer> {
  let done = 0;
  for await (const chunk of tar) {
    signal?.throwIfAborted();
    done += chunk.length;
    onProgress?.(Math.min(done, bytes), bytes);
    yield chunk;
  }
}
