/**
 * What of a state directory belongs into a backup: the store as of one moment, then every other file as it is. It works beside whoever
 * owns the directory, takes no lock and writes nothing.
 *
 * Left out are what the next start makes anew (the live database), what tells of the place and not of the state (lock, logs, backups,
 * what restores have replaced), and links, which could lead anywhere.
 */
import { constants, type Dirent, type Stats } from 'node:fs';
import { lstat, open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { belongsToThePlace, copyStoreOf, type StoreFile } from '../../storage/index.ts';
import { headerName, manifestName, type LeftOut, type Source } from './archive.ts';

export interface Collection {
  /** Of all files, as of now. */
  readonly bytes: number;
  /** To be read once. */
  sources(): AsyncIterable<Source>;
  /** Complete once the sources were read. */
  readonly leftOut: readonly LeftOut[];
  close(): Promise<void>;
}

interface Found {
  /** Relative to the state directory. */
  readonly path: string;
  readonly stats: Stats;
}

/** What the copy of the store brings, and what a start makes anew. */
const ofTheStore =
  /^(?:openclaw\.sqlite.*|snapshot\.sqlite.*|live\.json.*|before-migration-.*|journal|replaced-.*|backup-schedule\.json.*)$/;
const chunkBytes = 2 ** 20;
/** Up to this size a file is read at once, and so as of one moment. */
const wholeBytes = 4 * 2 ** 20;

/** @throws OpenClawError `backup_failed`, `storage_damaged` */
export async function collect(stateDirectory: string): Promise<Collection> {
  const leftOut: LeftOut[] = [];
  // Before the files: those that the journal names are written before it names them.
  const store = await copyStoreOf(stateDirectory).catch((thrown: unknown) => {
    throw unreadable('state', thrown);
  });
  try {
    const found = await walk(stateDirectory, leftOut);
    if (found.length === 0 && store.files.length === 0) throw nothingThere(stateDirectory);
    const bytes = [...store.files, ...found.map(({ stats }) => ({ bytes: stats.isFile() ? stats.size : 0 }))];
    return {
      bytes: bytes.reduce((sum, each) => sum + each.bytes, 0),
      leftOut,
      close: () => store.close(),
      async *sources() {
        for (const { path, stats } of found.filter((each) => each.stats.isDirectory())) yield directorySource(path, stats);
        if (store.files.some(({ name }) => name.startsWith('journal'))) yield directorySource('state/journal', undefined);
        for (const file of store.files) yield storeSource(file);
        for (const { path, stats } of found) {
          if (!stats.isFile()) continue;
          const source = await fileSource(stateDirectory, path);
          if (source) yield source;
          else leftOut.push({ path, why: 'it went away meanwhile' });
        }
      },
    };
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}

async function walk(root: string, leftOut: LeftOut[], below = ''): Promise<Found[]> {
  const found: Found[] = [];
  for (const entry of await listOf(join(root, below), below)) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (isLeftOut(below, entry.name)) continue;
    const kind = entry.isSymbolicLink() ? 'a link' : entry.isFile() || entry.isDirectory() ? undefined : 'neither file nor directory';
    if (kind !== undefined) {
      leftOut.push({ path, why: `it is ${kind}` });
      continue;
    }
    const stats = await lstat(join(root, path)).catch(ifGone);
    if (!stats) continue;
    found.push({ path, stats });
    if (stats.isDirectory()) found.push(...(await walk(root, leftOut, path)));
  }
  return found;
}

function isLeftOut(below: string, name: string): boolean {
  if (below === '') return belongsToThePlace(name) || name === headerName || name === manifestName;
  return below === 'state' && ofTheStore.test(name);
}

async function listOf(directory: string, path: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (thrown) {
    if (isGone(thrown) && path !== '') return [];
    throw unreadable(path === '' ? directory : path, thrown);
  }
}

async function readWhole(handle: FileHandle): Promise<Buffer> {
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function* readUpTo(handle: FileHandle, { path, bytes }: { readonly path: string; readonly bytes: number }): AsyncGenerator<Buffer> {
  try {
    for (let offset = 0; offset < bytes;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(chunkBytes, bytes - offset)), { position: offset });
      if (bytesRead === 0) throw unreadable(path, new Error('it became shorter meanwhile; try again'));
      offset += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function fileSource(root: string, path: string): Promise<Source | undefined> {
  const handle = await open(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW).catch((thrown: unknown) => {
    if (isGone(thrown)) return undefined;
    throw unreadable(path, thrown);
  });
  if (!handle) return undefined;
  const { size, mode, mtimeMs } = await handle.stat();
  const entry = { path, kind: 'file' as const, mode: mode & 0o777, modifiedAtMs: mtimeMs };
  if (size <= wholeBytes) {
    // It may grow or be cut while it is read: what was read is what it is.
    const content = await readWhole(handle);
    return { entry: { ...entry, bytes: content.length }, body: chunksOf(content) };
  }
  return { entry: { ...entry, bytes: size }, body: readUpTo(handle, { path, bytes: size }) };
}

function storeSource({ name, bytes, modifiedAtMs, read }: StoreFile): Source {
  return { entry: { path: `state/${name}`, kind: 'file', bytes, mode: 0o600, modifiedAtMs }, body: read() };
}

function directorySource(path: string, stats: Stats | undefined): Source {
  const mode = (stats?.mode ?? 0o700) & 0o777;
  return { entry: { path, kind: 'directory', bytes: 0, mode, modifiedAtMs: stats?.mtimeMs ?? 0 }, body: chunksOf(Buffer.alloc(0)) };
}

async function* chunksOf(content: Buffer): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < content.length; offset += chunkBytes) {
    yield await Promise.resolve(content.subarray(offset, offset + chunkBytes));
  }
}

function isGone(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}

function ifGone(thrown: unknown): undefined {
  if (!isGone(thrown)) throw thrown;
}

function unreadable(path: string, thrown: unknown): unknown {
  if (thrown instanceof OpenClawError) return thrown;
  const suggestion = 'Run it as the user who owns the state directory (in the image: node, uid 1000), or as root.';
  return new OpenClawError('backup_failed', {
    details: { reason: `${path} cannot be read (${reasonOf(thrown)})`, suggestion },
    cause: thrown,
  });
}

function nothingThere(directory: string): OpenClawError {
  const suggestion = '--state-dir DIR or OPENCLAW_STATE_DIR names the directory that the gateway uses.';
  return new OpenClawError('backup_failed', { details: { reason: `there is nothing in ${directory}`, suggestion } });
}
