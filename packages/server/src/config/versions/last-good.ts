/**
 * The last configuration that was in force, as it stood in the files: what a start falls back to when the file is bad.
 *
 * Texts with their secrets, so it is for its owner only (0600); not the values of variables, nor of files that secrets lie in.
 */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

import { replaceFile } from '../replace-file.ts';
import type { Texts } from './secrets-in-text.ts';
import { versionDirectory } from './version-store.ts';

export interface LastGood {
  /** Undefined where it could not be recorded as a version. */
  readonly version: number | undefined;
  readonly at: string;
  /** Where the configuration was. */
  readonly file: string;
  /** The configuration, and after it what it includes, by the paths that `pathIn` gives. */
  readonly texts: readonly { readonly path: string; readonly text: string }[];
}

export function lastGoodFile(stateDirectory: string): string {
  return join(versionDirectory(stateDirectory), 'last-good.json');
}

/** @throws Error when it cannot be written */
export function writeLastGood(stateDirectory: string, lastGood: LastGood): void {
  replaceFile(lastGoodFile(stateDirectory), `${JSON.stringify(lastGood, null, 2)}\n`);
}

/** Undefined where there is none that can be used. */
export function readLastGood(stateDirectory: string): LastGood | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(lastGoodFile(stateDirectory), 'utf8'));
    return isLastGood(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A path as it is kept: relative where it lies in the folder of the configuration, so that a folder may move. */
export function pathIn(file: string, path: string): string {
  const way = relative(dirname(file), path);
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? path : way;
}

/** The other way round: the first is the configuration itself, wherever it is now. */
export function textsAt(file: string, texts: LastGood['texts']): Texts {
  return new Map(texts.map(({ path, text }, index) => [index === 0 ? file : resolve(dirname(file), path), text]));
}

function isLastGood(value: unknown): value is LastGood {
  if (typeof value !== 'object' || value === null) return false;
  const { at, file, texts } = value as Partial<Record<keyof LastGood, unknown>>;
  const isText = (part: Partial<LastGood['texts'][number]> | null): boolean =>
    typeof part?.path === 'string' && typeof part.text === 'string';
  return typeof at === 'string' && typeof file === 'string' && Array.isArray(texts) && texts.length > 0 && texts.every(isText);
}
