/** Backups in a directory: written under a hidden name, synced, and renamed in; for their owner alone. */
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { backupsAmong, type Place, type StoredFile } from './place.ts';

const hiddenSuffix = '.partial';
/** What a process left that was killed; no backup takes so long. */
const abandonedAfterMs = 2 * 86_400_000;

export function createDirectoryPlace(given: string, now: () => number): Place {
  const directory = resolve(given);
  const used = async <Result>(action: () => Promise<Result>): Promise<Result> => {
    try {
      return await action();
    } catch (thrown) {
      if (!(thrown instanceof Error) || !('syscall' in thrown)) throw thrown;
      throw unusable(directory, thrown);
    }
  };
  return {
    address: directory,
    freeBytes: () =>
      used(async () => {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        const { bavail, bsize } = await statfs(directory);
        return bavail * bsize;
      }),
    put: (name, content) =>
      used(async () => {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await removeAbandoned(directory, now());
        return write(directory, name, content);
      }),
    get: (name) => createReadStream(join(directory, name)) as AsyncIterable<Buffer>,
    list: () => used(async () => backupsAmong(await filesIn(directory))),
    files: () => used(() => filesIn(directory)),
    remove: (name) => used(() => rm(join(directory, name))),
  };
}

async function write(directory: string, name: string, content: AsyncIterable<Buffer>): Promise<{ readonly bytes: number }> {
  const hidden = join(directory, `.${name}${hiddenSuffix}`);
  const handle = await open(hidden, 'wx', 0o600);
  let bytes = 0;
  try {
    try {
      for await (const chunk of content) {
        await handle.writeFile(chunk);
        bytes += chunk.length;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(hidden, join(directory, name));
  } catch (thrown) {
    await rm(hidden, { force: true });
    throw thrown;
  }
  await syncDirectory(directory);
  return { bytes };
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeAbandoned(directory: string, nowMs: number): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith('.openclaw-') || !name.endsWith(hiddenSuffix)) continue;
    const found = await stat(join(directory, name)).catch(() => undefined);
    if (found && nowMs - found.mtimeMs > abandonedAfterMs) await rm(join(directory, name), { force: true });
  }
}

async function filesIn(directory: string): Promise<readonly StoredFile[]> {
  const names = await readdir(directory).catch((thrown: unknown) => {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw thrown;
  });
  const found: StoredFile[] = [];
  for (const name of names) {
    if (name.startsWith('.')) continue;
    const about = await stat(join(directory, name)).catch(() => undefined);
    if (about?.isFile() === true) found.push({ name, bytes: about.size });
  }
  return found;
}

function unusable(directory: string, thrown: Error): OpenClawError {
  const isFull = 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT');
  const suggestion = isFull ? 'Free space there, or name another place with --to.' : 'Name a directory that you may write with --to DIR.';
  return new OpenClawError('backup_place', { details: { place: directory, reason: reasonOf(thrown), suggestion }, cause: thrown });
}
