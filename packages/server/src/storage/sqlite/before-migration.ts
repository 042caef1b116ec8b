/**
 * The way back after an upgrade: a snapshot from before each migration, and what brings it back.
 *
 * Going back loses what was written since the migration; the files that are taken away are kept beside. It may be run again after a
 * crash at any point, and then finishes what it began.
 */
import { constants, copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OpenClawError } from '../../core/errors.ts';
import { replaceDurably, syncDirectory } from './durable-files.ts';
import { listSegments } from './journal.ts';
import { beforeMigrationPath, companionsOf, type StorePaths } from './paths.ts';
import { readSnapshotMeta } from './snapshot.ts';

/** Older ones are deleted: each is as large as the database was. */
const keptSnapshots = 2;
const snapshotName = /^before-migration-(\d+)\.sqlite$/;

export interface RestoredMigration {
  /** The schema that the state has now. */
  readonly schema: number;
  /** Where the files of the newer schema lie. */
  readonly keptIn: string;
}

export function newerSchema(directory: string, found: number, known: number): OpenClawError {
  const version = beforeMigrationVersions(directory).findLast((candidate) => candidate <= known + 1);
  const suggestion =
    version === undefined
      ? 'Run the newer program again; there is no snapshot from before its migration.'
      : `Run the newer program again, or go back to ${beforeMigrationPath(directory, version)} and lose what was written since: openclaw state restore-before-migration ${version}`;
  return new OpenClawError('storage_newer', { details: { found, known, suggestion } });
}

export function beforeMigrationVersions(directory: string): number[] {
  return readdirSync(directory)
    .map((name) => Number(snapshotName.exec(name)?.[1] ?? 0))
    .filter((version) => version > 0)
    .sort((left, right) => left - right);
}

export function pruneBeforeMigration(directory: string): void {
  for (const version of beforeMigrationVersions(directory).slice(0, -keptSnapshots)) rmSync(beforeMigrationPath(directory, version));
}

/**
 * Puts the state back to what it was before migration `version`. The caller holds the lock and no database is open.
 * @throws OpenClawError `command_refused` if there is no such snapshot
 */
export function restoreSnapshot(paths: StorePaths, version: number, label: string): RestoredMigration {
  const { directory } = paths;
  const source = beforeMigrationPath(directory, version);
  if (statSync(source, { throwIfNoEntry: false }) === undefined) throw noSnapshot(directory, version);
  const { position, schema } = readSnapshotMeta(source);
  const keptIn = join(directory, `replaced-${label}`);
  mkdirSync(join(keptIn, 'journal'), { recursive: true, mode: 0o700 });

  if (statSync(paths.snapshot, { throwIfNoEntry: false }))
    copyFileSync(paths.snapshot, join(keptIn, 'snapshot.sqlite'), constants.COPYFILE_FICLONE);
  const copy = `${paths.snapshot}.new`;
  copyFileSync(source, copy, constants.COPYFILE_FICLONE);
  replaceDurably(copy, paths.snapshot);
  rmSync(paths.identity, { force: true });
  // The last first, so that what a crash leaves has no gap.
  for (const segment of listSegments(paths.journal).toReversed()) {
    if (segment.firstPosition > position) renameSync(segment.path, join(keptIn, 'journal', basename(segment.path)));
  }
  syncDirectory(paths.journal);
  for (const file of [paths.live, ...companionsOf(paths.live)]) rmSync(file, { force: true });
  syncDirectory(directory);
  return { schema, keptIn };
}

/**
 * Puts the state back to where a program that knows migrations up to `known` can go on. The caller holds the lock and no database is open.
 * @returns undefined where it can go on as it is
 * @throws OpenClawError `command_refused` if there is no snapshot to go back to
 */
export function rollBack(paths: StorePaths, known: number, label: string): RestoredMigration | undefined {
  const newest = [paths.live, paths.snapshot].find((path) => statSync(path, { throwIfNoEntry: false }));
  if (newest === undefined || readSnapshotMeta(newest).schema <= known) return undefined;
  const version = beforeMigrationVersions(paths.directory).findLast((candidate) => candidate <= known + 1);
  if (version === undefined) throw noSnapshot(paths.directory, known + 1);
  return restoreSnapshot(paths, version, label);
}

function noSnapshot(directory: string, version: number): OpenClawError {
  const versions = beforeMigrationVersions(directory);
  const suggestion = versions.length === 0 ? 'There is none at all.' : `There are: ${versions.join(', ')}.`;
  return new OpenClawError('command_refused', {
    details: { reason: `There is no snapshot from before migration ${version} in ${directory}`, suggestion },
  });
}
