/**
 * What of a store a copy needs, as of one moment, while any process writes it: the snapshot and the journal behind it. A store that
 * is opened on these files is rebuilt from them, with everything that was acknowledged before the copy began.
 *
 * It takes no lock and writes nothing, so it works on a mount that cannot be written and beside the owner. All files are opened
 * before the first is read: what the owner deletes or replaces meanwhile stays readable, however long the copy takes.
 */
import { statSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DatabaseSync } from 'node:sqlite';
import { reasonOf } from '../../core/errors.ts';
import { damaged, findSegments, type Segment } from './journal.ts';
import type { StorePaths } from './paths.ts';
import { readSegment } from './segment.ts';

export interface StoreFile {
  /** Within the directory of the store. */
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
  /** The content, once. @throws OpenClawError `storage_damaged` where it is not what was written */
  read(): AsyncIterable<Buffer>;
}

export interface StoreCopy {
  readonly files: readonly StoreFile[];
  close(): Promise<void>;
}

/** A snapshot is replaced once an hour at most; twice while some files are opened is another's mischief. */
const tries = 5;
const chunkBytes = 2 ** 20;

/** @throws OpenClawError `storage_damaged` */
export async function copyStore(paths: StorePaths): Promise<StoreCopy> {
  for (let attempt = 1; ; attempt += 1) {
    const opened: FileHandle[] = [];
    const close = async (): Promise<void> => void (await Promise.all(opened.map((handle) => handle.close())));
    try {
      const files = await openFiles(paths, opened);
      if (files) return { files, close };
    } catch (thrown) {
      await close();
      throw thrown;
    }
    await close();
    if (attempt === tries) throw damaged(paths.directory, 'its files are replaced faster than they can be opened');
  }
}

/** @returns undefined if a file went away meanwhile */
async function openFiles(paths: StorePaths, opened: FileHandle[]): Promise<StoreFile[] | undefined> {
  const take = async (path: string): Promise<FileHandle | undefined> => {
    try {
      const handle = await open(path, 'r');
      opened.push(handle);
      return handle;
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
      throw thrown;
    }
  };
  const snapshot = await take(paths.snapshot);
  const position = snapshot ? snapshotPosition(paths) : 0;
  const files: StoreFile[] = snapshot ? [await snapshotFile(paths, snapshot)] : [];
  for (const { path, firstPosition } of segmentsAfter(paths, position)) {
    const handle = await take(path);
    if (!handle) return undefined;
    files.push(await segmentFile(paths, handle, { path, firstPosition }));
  }
  // Segments are deleted only after a new snapshot stands there: while it is the same one, none that belongs to it is missing.
  const now = statSync(paths.snapshot, { throwIfNoEntry: false, bigint: true });
  const then = await snapshot?.stat({ bigint: true });
  return now?.ino === then?.ino && now?.dev === then?.dev ? files : undefined;
}

type SegmentPlace = Pick<Segment, 'path' | 'firstPosition'>;

function segmentsAfter(paths: StorePaths, position: number): readonly SegmentPlace[] {
  if (!statSync(paths.journal, { throwIfNoEntry: false })) return [];
  const all = findSegments(paths.journal);
  const first = all.findLastIndex(({ firstPosition }) => firstPosition <= position + 1);
  return all.slice(Math.max(0, first));
}

/** Never written in its place, so SQLite needs no files beside it; those it could not make on a mount that cannot be written. */
function snapshotPosition(paths: StorePaths): number {
  const url = pathToFileURL(paths.snapshot);
  url.searchParams.set('immutable', '1');
  try {
    const database = new DatabaseSync(url, { readOnly: true });
    try {
      return Number(database.prepare("SELECT value FROM storage_meta WHERE name = 'position'").get()?.['value'] ?? 0);
    } finally {
      database.close();
    }
  } catch (thrown) {
    throw damaged(paths.directory, `snapshot.sqlite cannot be read: ${reasonOf(thrown)}`);
  }
}

async function snapshotFile(paths: StorePaths, handle: FileHandle): Promise<StoreFile> {
  const { size, mtimeMs } = await handle.stat();
  return { name: basename(paths.snapshot), bytes: size, modifiedAtMs: mtimeMs, read: () => readTo(handle, size) };
}

async function segmentFile(paths: StorePaths, handle: FileHandle, { path, firstPosition }: SegmentPlace): Promise<StoreFile> {
  const { size, mtimeMs } = await handle.stat();
  const name = join(basename(paths.journal), basename(path));
  async function* read(): AsyncGenerator<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of readTo(handle, size)) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const records = readSegment(bytes, firstPosition);
    let step = records.next();
    while (!step.done) step = records.next();
    // The end of the last one may be a write under way; a broken record before others is not.
    if (step.value.state === 'damaged') {
      throw damaged(paths.directory, `record ${step.value.lastPosition + 1} in ${path} is broken and others follow it`);
    }
    yield bytes;
  }
  return { name, bytes: size, modifiedAtMs: mtimeMs, read };
}

/** @throws if the file has become shorter */
async function* readTo(handle: FileHandle, bytes: number): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(chunkBytes, bytes - offset)), { position: offset });
    if (bytesRead === 0) throw new Error(`it became shorter while it was read`);
    offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
