/** Files that are either the old or the new one after a power cut, never a mixture. */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes what was created, renamed or removed in a directory last. */
export function syncDirectory(directory: string): void {
  syncFile(directory);
}

export function syncFile(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Puts a finished file in the place of another. */
export function replaceDurably(finished: string, target: string): void {
  syncFile(finished);
  renameSync(finished, target);
  syncDirectory(dirname(target));
}

export function writeDurably(path: string, text: string): void {
  const finished = `${path}.new`;
  writeFileSync(finished, text, { mode: 0o600 });
  replaceDurably(finished, path);
}
