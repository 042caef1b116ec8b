/**
 * Replaces a file whole: after a crash there is the old text or the new one, never half of either.
 *
 * Only where a file cannot be replaced (mounted by itself into a container, or in a folder of another user) it is written in place.
 */
import { chownSync, closeSync, fsyncSync, mkdirSync, openSync, readdirSync, realpathSync, renameSync } from 'node:fs';
import { rmSync, statSync, type Stats, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A text that is on the disk beside the file, and one rename away from it. */
export interface Replacement {
  /** @throws Error when the file cannot be replaced; it is as it was then */
  commit(): void;
  /** Leaves the file as it is. Safe to call after `commit`. */
  discard(): void;
}

/**
 * Keeps mode and owner of the file that is replaced; a new one is for its owner only, who is, where root makes it, the owner of its folder. A
 * symbolic link stays one.
 */
export function replaceFile(path: string, text: string): void {
  prepareReplacement(path, text).commit();
}

/** Writes the text, and leaves the file alone until `commit`. @throws Error when there is no room or no right to write */
export function prepareReplacement(path: string, text: string): Replacement {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const before = statSync(path, { throwIfNoEntry: false });
  const target = before ? realpathSync(path) : path;
  const temporary = `${target}.${process.pid}.new`;
  const inPlace: Replacement = { commit: () => writeDurably(target, text, 0o600), discard: () => {} };
  try {
    writeDurably(temporary, text, before ? before.mode & 0o777 : 0o600);
    const owner = before ?? (process.getuid?.() === 0 ? statSync(dirname(target)) : undefined);
    if (owner && !isOwn(owner)) chownSync(temporary, owner.uid, owner.gid);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (before && isCode(error, 'EACCES', 'EPERM')) return inPlace;
    throw error;
  }
  return {
    commit() {
      try {
        renameSync(temporary, target);
      } catch (error) {
        rmSync(temporary, { force: true });
        if (!before || !isCode(error, 'EBUSY', 'EXDEV')) throw error;
        inPlace.commit();
      }
      syncDirectory(dirname(target));
    },
    discard: () => rmSync(temporary, { force: true }),
  };
}

/** Takes away what writers that were killed have left beside `path`, last written before `olderThanMs` (since 1970). */
export function removeLeftovers(path: string, olderThanMs: number): void {
  const before = statSync(path, { throwIfNoEntry: false });
  const target = before ? realpathSync(path) : path;
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(`${basename(target)}.`) || !/^\d+\.new$/.test(name.slice(basename(target).length + 1))) continue;
    const left = join(dirname(target), name);
    if ((statSync(left, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < olderThanMs) rmSync(left, { force: true });
  }
}

function writeDurably(path: string, text: string, mode: number): void {
  const descriptor = openSync(path, 'w', mode);
  try {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The new name itself must reach the disk too. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isOwn({ uid, gid }: Stats): boolean {
  return uid === process.getuid?.() && gid === process.getgid?.();
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => error.code === code);
}
