/**
 * The versions on the disk: one file each in `state/config/`, numbered from 1, for their owner only.
 *
 * A file appears whole or not at all, and never over another one, so that a command and the gateway may both add a version without
 * the lock of the state. What cannot be read is passed over. Texts are kept as they are handed in: without secrets is for the caller.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { syncDirectory } from '../replace-file.ts';
import type { ConfigurationVersion } from './contract.ts';

export interface StoredVersion extends ConfigurationVersion {
  /** By path: of the configuration itself, and of what it includes; relative to the folder of the configuration where they lie in it. */
  readonly files: readonly StoredFile[];
}

export interface StoredFile {
  readonly path: string;
  readonly hash: string;
  /** Without secrets. */
  readonly text: string;
}

export interface VersionStore {
  /** Adds a version, unless it is what the newest one is. @throws Error when it cannot be written */
  append(version: Omit<StoredVersion, 'version'>): StoredVersion;
  newest(): StoredVersion | undefined;
  /** The oldest first, without their texts. */
  list(): readonly ConfigurationVersion[];
  get(version: number): StoredVersion | undefined;
}

/** More than anybody looks back; the oldest go. */
const keptVersions = 200;
/** Of writers that add at the same time, one wins each number. */
const attempts = 20;
const nameOfVersion = /^(\d{6,})\.json$/;

export function versionDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'state', 'config');
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function createVersionStore(stateDirectory: string): VersionStore {
  const directory = versionDirectory(stateDirectory);
  // A version never changes once it is there. Texts are read when they are asked for: two hundred of them may be large.
  const known = new Map<number, ConfigurationVersion>();

  const get = (number: number): StoredVersion | undefined => readVersion(join(directory, nameOf(number)), number);

  const describe = (number: number): ConfigurationVersion | undefined => {
    const stored = known.has(number) ? undefined : get(number);
    if (stored) known.set(number, withoutFiles(stored));
    return known.get(number);
  };

  const newestOf = (numbers: readonly number[]): StoredVersion | undefined => {
    for (const number of numbers.toReversed()) {
      const found = get(number);
      if (found) return found;
    }
    return undefined;
  };

  return {
    get,
    newest: () => newestOf(numbersIn(directory)),
    list() {
      const numbers = numbersIn(directory);
      for (const number of known.keys()) if (!numbers.includes(number)) known.delete(number);
      return numbers.flatMap((number) => describe(number) ?? []);
    },
    append(version) {
      makeDirectory(stateDirectory);
      for (let attempt = 0; attempt < attempts; attempt++) {
        const numbers = numbersIn(directory);
        const newest = newestOf(numbers);
        if (newest && sameFiles(newest.files, version.files)) return newest;
        const stored: StoredVersion = { version: (numbers.at(-1) ?? 0) + 1, ...version };
        if (!createFile(directory, nameOf(stored.version), `${JSON.stringify(stored, null, 2)}\n`)) continue;
        prune(directory, numbers);
        return stored;
      }
      throw new Error(`${directory} is written by too many at once`);
    },
  };
}

export function withoutFiles({ version, at, by, hash, changed }: StoredVersion): ConfigurationVersion {
  return { version, at, by, hash, changed };
}

/** Whether the texts are the same, secrets included. */
export function sameFiles(a: readonly Omit<StoredFile, 'text'>[], b: readonly Omit<StoredFile, 'text'>[]): boolean {
  return a.length === b.length && a.every(({ path, hash }, index) => path === b[index]?.path && hash === b[index].hash);
}

function nameOf(number: number): string {
  return `${String(number).padStart(6, '0')}.json`;
}

function numbersIn(directory: string): number[] {
  try {
    return readdirSync(directory)
      .flatMap((name) => nameOfVersion.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  } catch {
    // No folder, or one that cannot be read: there is nothing to go back to, and the gateway runs all the same.
    return [];
  }
}

function readVersion(file: string, number: number): StoredVersion | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isStoredVersion(value) && value.version === number ? value : undefined;
  } catch {
    // Written by another user, or half of a file from a system without links: its number is taken, and that is all.
    return undefined;
  }
}

function isStoredVersion(value: unknown): value is StoredVersion {
  if (typeof value !== 'object' || value === null) return false;
  const { version, at, by, hash, changed, files } = value as Partial<Record<keyof StoredVersion, unknown>>;
  const isText = (part: unknown): boolean => typeof part === 'string';
  const isFile = (part: Partial<StoredFile> | null): boolean => isText(part?.path) && isText(part?.hash) && isText(part?.text);
  return (
    typeof version === 'number' && [at, by, hash].every(isText) && Array.isArray(changed) && Array.isArray(files) && files.every(isFile)
  );
}

function makeDirectory(stateDirectory: string): void {
  mkdirSync(versionDirectory(stateDirectory), { recursive: true, mode: 0o700 });
  for (const directory of [join(stateDirectory, 'state'), versionDirectory(stateDirectory)]) giveToOwner(directory, stateDirectory);
}

/** False when the name is taken. */
function createFile(directory: string, name: string, text: string): boolean {
  const temporary = join(directory, `${name}.${process.pid}.${randomBytes(4).toString('hex')}.new`);
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx', flush: true });
    giveToOwner(temporary, directory);
    if (!publish(temporary, join(directory, name), text)) return false;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(directory);
  return true;
}

/** Where files cannot be linked, the name is taken first and filled then: a crash between leaves a file that is passed over. */
function publish(temporary: string, file: string, text: string): boolean {
  try {
    linkSync(temporary, file);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
  }
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx', flush: true });
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

/** What root adds with a command in a container must be readable for the gateway that the folder belongs to. */
function giveToOwner(path: string, folder: string): void {
  const { uid, gid } = statSync(folder);
  if (process.getuid?.() === 0 && uid !== 0 && statSync(path).uid === 0) chownSync(path, uid, gid);
}

function prune(directory: string, numbers: readonly number[]): void {
  for (const number of numbers.slice(0, Math.max(0, numbers.length + 1 - keptVersions))) {
    rmSync(join(directory, nameOf(number)), { force: true });
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
}
