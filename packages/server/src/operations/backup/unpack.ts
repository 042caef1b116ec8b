/** Unpacks an archive into an empty directory that nobody else uses. Only when it returns is what lies there to be believed. */
import { chmod, mkdir, open, statfs, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { belongsToThePlace } from '../../storage/index.ts';
import { readArchive, type ArchiveFacts, type BackupHeader, type Source } from './archive.ts';
import { sizeInWords } from './create.ts';
import { backupDamaged } from './damage.ts';

export interface UnpackOptions {
  readonly directory: string;
  /** Whether it has to survive a power cut. */
  readonly durable: boolean;
  readonly signal?: AbortSignal;
}

/** The files, and as much again for a database that is built from them. */
const roomFactor = 2;

/** @throws OpenClawError `backup_damaged`, `backup_newer`, `backup_room`, `state_unwritable` */
export async function unpack(tar: AsyncIterable<Buffer>, { directory, durable, signal }: UnpackOptions): Promise<ArchiveFacts> {
  const modes: { readonly path: string; readonly mode: number }[] = [];
  let isFirst = true;
  const facts = await readArchive(tar, async (source, header) => {
    signal?.throwIfAborted();
    if (isFirst) await checkRoom(directory, header);
    isFirst = false;
    const { path, kind, mode } = source.entry;
    if (belongsToThePlace(path.split('/')[0] ?? '')) throw backupDamaged(`it holds ${path}, which no backup does`);
    try {
      if (kind === 'file') return await writeFile(join(directory, path), source, durable);
      await mkdir(join(directory, path), { mode: 0o700 });
      modes.push({ path, mode });
    } catch (thrown) {
      throw failure(thrown, directory);
    }
  });
  // At the end, and from within: a directory that may not be written could not be filled.
  for (const { path, mode } of modes.toReversed()) {
    await chmod(join(directory, path), mode);
    if (durable) await sync(join(directory, path));
  }
  if (durable) await sync(directory);
  return facts;
}

async function writeFile(path: string, { entry, body }: Source, durable: boolean): Promise<void> {
  // A directory that is not in the archive was made with the modes of a stranger's.
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const handle = await open(path, 'wx', entry.mode & 0o700 ? entry.mode : 0o600);
  try {
    for await (const chunk of body) await handle.writeFile(chunk);
    if (durable) await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(path, entry.mode);
  await utimes(path, entry.modifiedAtMs / 1000, entry.modifiedAtMs / 1000);
}

async function sync(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function checkRoom(directory: string, { contentBytes }: BackupHeader): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const needed = contentBytes * roomFactor;
  if (bavail * bsize > needed) return;
  throw new OpenClawError('backup_room', { details: { directory, free: sizeInWords(bavail * bsize), needed: sizeInWords(needed) } });
}

/** What the file system says; what an archive could be blamed for is said elsewhere. */
function failure(thrown: unknown, directory: string): unknown {
  if (!(thrown instanceof Error) || !('syscall' in thrown) || !('code' in thrown)) return thrown;
  if (thrown.code === 'EEXIST' || thrown.code === 'ENOTDIR' || thrown.code === 'EISDIR')
    return backupDamaged('it holds a file twice', thrown);
  const suggestion = 'Check that the volume has room and may be written.';
  return new OpenClawError('state_unwritable', { details: { directory, reason: reasonOf(thrown), suggestion }, cause: thrown });
}
