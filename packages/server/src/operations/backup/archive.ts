/**
 * The content of an archive: a tar whose first file says what it is and whose last lists every other with its size and SHA-256. Without
 * that last one, or with one file that differs from it, nothing of the archive is believed.
 *
 * It reads and writes streams of bytes: where they come from and go to is others' business, as are compression and encryption (`coding.ts`).
 */
import { createHash } from 'node:crypto';
import { OpenClawError } from '../../core/errors.ts';
import { backupDamaged } from './damage.ts';
import { encodeHeader, endOfTar, padding, readTar, type TarEntry } from './tar.ts';

/** What is said of a backup before its files. No secrets. */
export interface BackupHeader {
  readonly format: number;
  /** Of the program that made it. */
  readonly version: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Of the state; absent where it never had one. */
  readonly stateId?: string;
  /** What its files take, unpacked. */
  readonly contentBytes: number;
}

export interface ManifestEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory';
  readonly bytes: number;
  readonly mode: number;
  readonly sha256: string;
}

export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

interface Manifest {
  readonly entries: readonly ManifestEntry[];
  readonly leftOut: readonly LeftOut[];
}

/** A file or directory on its way into an archive. */
export interface Source {
  readonly entry: TarEntry;
  /** Exactly as many bytes as the entry says. */
  readonly body: AsyncIterable<Buffer>;
}

/** What an archive turned out to hold. */
export interface ArchiveFacts {
  readonly header: BackupHeader;
  readonly files: number;
  readonly bytes: number;
  readonly leftOut: readonly LeftOut[];
}

export const headerName = 'BACKUP.json';
export const manifestName = 'MANIFEST.json';
/** Rises when an older program could not restore what a newer one writes. */
export const formatNumber = 1;
/** A million files. */
const manifestLimitBytes = 256 * 2 ** 20;
const headerLimitBytes = 2 ** 16;

/** @param leftOut is read at the end, when it is complete */
export async function* writeArchive(
  header: BackupHeader,
  sources: AsyncIterable<Source>,
  leftOut: readonly LeftOut[],
): AsyncGenerator<Buffer> {
  const entries: ManifestEntry[] = [];
  const at = Date.parse(header.createdAt);
  const member = async function* ({ entry, body }: Source): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    let bytes = 0;
    yield encodeHeader(entry);
    for await (const chunk of body) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    if (bytes !== entry.bytes) throw new Error(`${entry.path} gave ${bytes} of its ${entry.bytes} bytes`);
    yield padding(bytes);
    const { path, kind, mode } = entry;
    entries.push({ path, kind, bytes, mode, sha256: hash.digest('hex') });
  };
  yield* member(textSource(headerName, header, at));
  for await (const source of sources) yield* member(source);
  yield* member(textSource(manifestName, { entries, leftOut } satisfies Manifest, at));
  yield endOfTar;
}

/**
 * Gives each file and directory to `take`, in the order in which they were written; all of them before it is known whether they are right.
 * @throws OpenClawError `backup_damaged`, `backup_newer`: then what was taken is worth nothing
 */
export async function readArchive(
  tar: AsyncIterable<Buffer>,
  take: (source: Source, header: BackupHeader) => Promise<void>,
): Promise<ArchiveFacts> {
  const read: ManifestEntry[] = [];
  let header: BackupHeader | undefined;
  let manifest: Manifest | undefined;
  let bytes = 0;
  for await (const { entry, body } of readTar(tar)) {
    if (manifest) throw backupDamaged('something stands behind its list of files');
    checkPath(entry.path);
    const hashed = hashing(body);
    if (!header) {
      header = readHeader(entry, await textOf({ entry, body: hashed.body }, headerLimitBytes));
    } else if (entry.path === manifestName) {
      manifest = readManifest(await textOf({ entry, body: hashed.body }, manifestLimitBytes));
      continue;
    } else {
      await take({ entry, body: hashed.body }, header);
      for await (const chunk of hashed.body) void chunk;
      bytes += entry.bytes;
    }
    read.push({ path: entry.path, kind: entry.kind, bytes: entry.bytes, mode: entry.mode, sha256: hashed.digest() });
  }
  if (!header || !manifest) throw backupDamaged('its list of files is missing');
  compare(read, manifest.entries);
  return { header, files: read.filter(({ kind }) => kind === 'file').length - 1, bytes, leftOut: manifest.leftOut };
}

function compare(read: readonly ManifestEntry[], listed: readonly ManifestEntry[]): void {
  if (new Set(read.map(({ path }) => path)).size !== read.length) throw backupDamaged('it holds a file twice');
  if (read.length !== listed.length) throw backupDamaged(`it holds ${read.length} files and lists ${listed.length}`);
  for (const [index, found] of read.entries()) {
    const { path, kind, bytes, mode, sha256 } = listed[index] ?? ({} as Partial<ManifestEntry>);
    if (found.path !== path || found.kind !== kind || found.bytes !== bytes || found.mode !== mode || found.sha256 !== sha256) {
      throw backupDamaged(`${found.path} is not what was written`);
    }
  }
}

/** @throws for a path that leads anywhere but below the directory that it is unpacked into */
function checkPath(path: string): void {
  const names = path.split('/');
  if (path.includes('\0') || names.some((name) => name === '' || name === '.' || name === '..')) {
    throw backupDamaged('it holds a path that leads out of the state directory');
  }
}

function readHeader(entry: TarEntry, text: string): BackupHeader {
  const header: Partial<BackupHeader> | undefined = parse(text);
  const { format, version, createdAt, contentBytes } = header ?? {};
  if (entry.path !== headerName || typeof format !== 'number' || typeof version !== 'string')
    throw backupDamaged('it is no backup of OpenClaw');
  if (format > formatNumber) {
    throw new OpenClawError('backup_newer', {
      details: { archive: 'archive', found: `${version}, format ${format}`, known: `formats up to ${formatNumber}` },
    });
  }
  if (typeof createdAt !== 'string' || typeof contentBytes !== 'number') throw backupDamaged('it does not say what it holds');
  return header as BackupHeader;
}

function readManifest(text: string): Manifest {
  const manifest: Partial<Manifest> | undefined = parse(text);
  if (!Array.isArray(manifest?.entries) || !Array.isArray(manifest.leftOut)) throw backupDamaged('its list of files cannot be read');
  return manifest as Manifest;
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // What it means that it cannot be read, the caller knows.
    return undefined;
  }
}

function textSource(path: string, value: object, modifiedAtMs: number): Source {
  const text = Buffer.from(`${JSON.stringify(value, null, 1)}\n`);
  return { entry: { path, kind: 'file', bytes: text.length, mode: 0o600, modifiedAtMs }, body: once(text) };
}

async function textOf({ entry, body }: Source, limitBytes: number): Promise<string> {
  if (entry.bytes > limitBytes) throw backupDamaged(`${entry.path} in it is too large`);
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function* once(chunk: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(chunk);
}

function hashing(body: AsyncIterable<Buffer>): { readonly body: AsyncIterable<Buffer>; digest(): string } {
  const hash = createHash('sha256');
  const chunks = body[Symbol.asyncIterator]();
  // May be read in two goes: what one reader leaves, the next one gets.
  const shared: AsyncIterableIterator<Buffer> = {
    async next() {
      const step = await chunks.next();
      if (step.done !== true) hash.update(step.value);
      return step;
    },
    [Symbol.asyncIterator]: () => shared,
  };
  return { body: shared, digest: () => hash.digest('hex') };
}
