/**
 * Brings a backup back: into a state directory, or somewhere for a moment to see that it could be.
 *
 * Everything is unpacked, compared and opened as the next start would open it, before anything of what is there gives way; that is
 * then all of it or nothing, also if the process is killed (`storage/replacement.ts`).
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import {
  abandonReplacement,
  acquireStateLock,
  commitReplacement,
  contentOf,
  finishReplacement,
  prepareReplacement,
  proveState,
  type RecoveryReport,
} from '../../storage/index.ts';
import type { ArchiveFacts } from './archive.ts';
import { backupDamaged, naming } from './damage.ts';
import { unpack } from './unpack.ts';

/** An archive to read from its beginning, without its outer layers: a tar. */
export interface ArchiveToRead {
  /** For people. */
  readonly name: string;
  readTar(): AsyncIterable<Buffer>;
}

export interface ReadBack extends ArchiveFacts {
  /** How the database was opened. */
  readonly recovery: RecoveryReport;
}

export interface Restored extends ReadBack {
  /** Where what was there before is kept; absent if there was nothing. */
  readonly keptIn?: string;
}

export interface RestoreOptions {
  readonly stateDirectory: string;
  /** Whether what is there gives way. */
  readonly force: boolean;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** @throws OpenClawError `restore_not_empty`, `state_locked`, `backup_*`, `storage_*`; nothing has changed then */
export async function restoreBackup(archive: ArchiveToRead, options: RestoreOptions): Promise<Restored> {
  const { stateDirectory, force, clock } = options;
  if (!force) refuseContent(stateDirectory);
  const existed = existsSync(stateDirectory);
  const lock = await acquireStateLock(stateDirectory, { clock });
  let isDone = false;
  try {
    finishReplacement(lock.directory);
    if (!force) refuseContent(lock.directory);
    const directory = prepareReplacement(lock.directory);
    const readBack = await readInto(archive, { ...options, directory, durable: true });
    const keptIn = commitReplacement(lock.directory, labelOf(clock));
    isDone = true;
    return { ...readBack, ...(keptIn !== undefined && { keptIn }) };
  } finally {
    if (!isDone) abandonReplacement(lock.directory);
    lock.release();
    // Nobody else can have used it: it came into being with this attempt.
    if (!isDone && !existed) rmSync(lock.directory, { recursive: true, force: true });
  }
}

/** Reads all of it back, compares each sum and opens the database, in a temporary directory. @throws OpenClawError `backup_*`, `storage_*` */
export function verifyBackup(archive: ArchiveToRead, options: { readonly clock: Clock; readonly signal?: AbortSignal }): Promise<ReadBack> {
  return withRestored(archive, options, (readBack) => Promise.resolve(readBack));
}

/** Restores into a temporary directory for as long as `use` takes. */
export async function withRestored<Result>(
  archive: ArchiveToRead,
  options: { readonly clock: Clock; readonly signal?: AbortSignal },
  use: (readBack: ReadBack, directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-backup-'));
  try {
    return await use(await readInto(archive, { ...options, directory, durable: false }), directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface ReadOptions {
  readonly directory: string;
  readonly durable: boolean;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

async function readInto(archive: ArchiveToRead, { clock, ...options }: ReadOptions): Promise<ReadBack> {
  return naming(archive.name, async () => {
    const facts = await unpack(archive.readTar(), options);
    try {
      return { ...facts, recovery: await proveState(options.directory, clock) };
    } catch (thrown) {
      throw asOfTheArchive(thrown);
    }
  });
}

/** What is wrong with the state that was unpacked is wrong with the archive. */
function asOfTheArchive(thrown: unknown): unknown {
  if (!(thrown instanceof OpenClawError)) return thrown;
  const { reason, found, known } = thrown.details;
  if (thrown.code === 'storage_damaged') return backupDamaged(`its database cannot be opened: ${reason}`, thrown);
  if (thrown.code !== 'storage_newer') return thrown;
  return new OpenClawError('backup_newer', {
    details: { archive: 'archive', found: `schema ${found}`, known: `schemas up to ${known}` },
    cause: thrown,
  });
}

function refuseContent(stateDirectory: string): void {
  const content = contentOf(stateDirectory);
  if (content.length === 0) return;
  const found = content.length > 4 ? `${content.slice(0, 4).join(', ')} and more` : content.join(', ');
  throw new OpenClawError('restore_not_empty', { details: { directory: stateDirectory, found } });
}

function labelOf(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/[:.]/g, '-');
}
