/** Reads and replaces whole text files of a workspace. Binary files and those that are too large are refused in words. */
import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { constants, type BigIntStats } from 'node:fs';
import { type FileHandle, lstat, open, rename, unlink } from 'node:fs/promises';
import { ToolFault } from '../fault.ts';
import { giveTo } from '../workspace.ts';
import { codeOf, type ConfinedDirectory, faultOf, openDirectory, openFile } from './confined.ts';

/** What is edited or written whole; reading by lines has no limit. */
export const textFileLimitBytes = 2 * 1024 * 1024;

/** What begins so is ours, and not shown. */
export const temporaryPrefix = '.openclaw-new-';

export interface FilePlace extends AsyncDisposable {
  readonly directory: ConfinedDirectory;
  readonly name: string;
  /** As the model knows it. */
  readonly shown: string;
}

export interface TextFile {
  readonly text: string;
  readonly about: BigIntStats;
}

/** @throws ToolFault */
export async function openPlace(
  workspace: string,
  names: readonly string[],
  options: { readonly create?: boolean } = {},
): Promise<FilePlace> {
  const name = names.at(-1);
  if (name === undefined) throw new ToolFault('The path names the workspace itself, which is a directory.');
  if (name.startsWith(temporaryPrefix))
    throw new ToolFault(`Names that begin with ${temporaryPrefix} are kept for files that are being written.`);
  const directory = await openDirectory(workspace, names.slice(0, -1), options).catch((thrown: unknown) => {
    throw faultOf(thrown, names.slice(0, -1).join('/'));
  });
  return { directory, name, shown: names.join('/'), [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

/** @throws ToolFault */
export async function readText({ directory, name, shown }: FilePlace): Promise<TextFile> {
  await using handle = await openFile(directory, name, shown);
  const about = await handle.stat({ bigint: true });
  if (about.size > textFileLimitBytes) {
    throw new ToolFault(`${shown} has ${about.size} bytes, and at most ${textFileLimitBytes} are taken.`);
  }
  const bytes = await readAtMost(handle, textFileLimitBytes + 1);
  if (bytes.includes(0) || !isUtf8(bytes)) throw new ToolFault(`${shown} is a binary file, not UTF-8 text; it has ${bytes.length} bytes.`);
  return { text: bytes.toString('utf8'), about };
}

async function readAtMost(handle: FileHandle, limitBytes: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(limitBytes);
  let length = 0;
  while (length < limitBytes) {
    const { bytesRead } = await handle.read(bytes, length, limitBytes - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return Buffer.from(bytes.subarray(0, length));
}

export interface Replacement {
  readonly text: string;
  /** Names the file that is written first, so that another attempt of the same call finds and replaces what a crash has left. */
  readonly idempotencyKey: string;
  /** Of the file that the text was made from: it is not replaced if it has changed. @default whatever is there is replaced */
  readonly madeFrom?: BigIntStats;
}

/** The new text is there whole and durable, or the old file is as it was. @throws ToolFault @returns whether there was a file before */
export async function replaceText(place: FilePlace, { text, idempotencyKey, madeFrom }: Replacement): Promise<boolean> {
  const { directory, name, shown } = place;
  const before = await lstat(directory.at(name), { bigint: true }).catch(absent);
  if (before?.isSymbolicLink()) throw new ToolFault(`${shown} is a symbolic link, and links are not followed.`);
  if (before && !before.isFile()) throw new ToolFault(`${shown} is not an ordinary file.`);
  await removeLeftover(place, idempotencyKey);
  const temporary = directory.at(temporaryName(idempotencyKey));
  try {
    await writeDurably(temporary, text, { before, owner: before ?? (await lstat(directory.at('.'))) });
    if (madeFrom !== undefined) await refuseChanged(place, madeFrom);
    await rename(temporary, directory.at(name));
  } catch (thrown) {
    await unlink(temporary).catch(absent);
    throw faultOf(thrown, shown);
  }
  await syncDirectory(directory.at('.'));
  return before !== undefined;
}

/** @returns whether there was something that a crash has left: then the file itself was not replaced by the call of this key */
export async function removeLeftover({ directory }: FilePlace, idempotencyKey: string): Promise<boolean> {
  const removed = await unlink(directory.at(temporaryName(idempotencyKey))).then(() => true, absent);
  return removed === true;
}

interface Like {
  readonly before: BigIntStats | undefined;
  readonly owner: Parameters<typeof giveTo>[1];
}

async function writeDurably(path: string, text: string, { before, owner }: Like): Promise<void> {
  await using handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o666);
  await handle.writeFile(text);
  await giveTo(handle, owner);
  if (before) await handle.chmod(Number(before.mode & 0o777n));
  await handle.sync();
}

async function refuseChanged({ directory, name, shown }: FilePlace, madeFrom: BigIntStats): Promise<void> {
  const now = await lstat(directory.at(name), { bigint: true }).catch(absent);
  if (now?.ino === madeFrom.ino && now.mtimeNs === madeFrom.mtimeNs && now.size === madeFrom.size) return;
  throw new ToolFault(`${shown} was changed by somebody else just now, and is left as it is. Read it again.`);
}

async function syncDirectory(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

function temporaryName(idempotencyKey: string): string {
  return `${temporaryPrefix}${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 24)}`;
}

function absent(thrown: unknown): undefined {
  if (codeOf(thrown) === 'ENOENT') return undefined;
  throw thrown;
}
