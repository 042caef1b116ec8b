/**
 * Brings the live database to where the journal ends: by going on with the file that is there, or by building it anew from the
 * snapshot and the journal.
 *
 * A file that is not certainly the one we left is never repaired, only replaced. Until everything is known to be whole, nothing is
 * changed.
 */
import { constants, copyFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { reasonOf } from '../../core/errors.ts';
import { applyLine, createMeta, readMeta, setMeta } from './apply.ts';
import { connect, type Connection } from './connection.ts';
import { isCorrupt, isNoSpace } from './failures.ts';
import { bearWitness, judgeLive, recordLive } from './identity.ts';
import { damaged, listSegments, openJournal, readJournal, type Journal, type JournalEnd, type JournalOptions } from './journal.ts';
import { companionsOf, type StorePaths } from './paths.ts';
import { quickCheck, readSnapshotMeta, removeDatabase } from './snapshot.ts';

/** What was done at the start, and why. */
export interface RecoveryReport {
  /**
   * `created`: there was nothing. `continued`: closed in order. `replayed`: ended by force; what the file lacked came from the
   * journal. `rebuilt`: made anew from the snapshot and the journal.
   */
  readonly outcome: 'created' | 'continued' | 'replayed' | 'rebuilt';
  /** Words for people. */
  readonly reason: string;
  readonly replayedRecords: number;
  /** Bytes of a write that never finished, cut off the journal's end; nobody was told that it was made. */
  readonly discardedBytes: number;
}

export interface Recovered {
  readonly connection: Connection;
  readonly journal: Journal;
  readonly report: RecoveryReport;
}

export interface RecoveryOptions {
  readonly bootId: string;
  readonly journal: JournalOptions;
  /** @throws OpenClawError `storage_newer` */
  readonly checkSchema: (schema: number) => void;
}

/** Up to this size the file is checked at every start: about a millisecond per MiB. */
const checkedAtStartBytes = 8 * 2 ** 20;
/** Records per transaction of a rebuild; one transaction of all of them would need the room twice. */
const recordsPerTransaction = 1000;

interface Replay {
  readonly end: JournalEnd;
  readonly records: number;
}

export function recover(paths: StorePaths, options: RecoveryOptions): Recovered {
  const trust = judgeLive(paths, options.bootId);
  const hasSnapshot = exists(paths.snapshot);
  const fresh = !hasSnapshot && listSegments(paths.journal).length === 0;
  if (fresh && trust.trusted === false && !trust.present) return create(paths, options);
  if (fresh) throw damaged(paths.directory, 'openclaw.sqlite is there without its journal and snapshot');
  if (!trust.trusted) return rebuild(paths, options, trust.reason);
  try {
    return goOn(paths, options, trust.clean);
  } catch (thrown) {
    if (!isCorrupt(thrown)) throw thrown;
    return rebuild(paths, options, `the database file is damaged (${reasonOf(thrown)})`);
  }
}

function create(paths: StorePaths, { bootId, journal: journalOptions }: RecoveryOptions): Recovered {
  const journal = openJournal(
    paths.journal,
    { lastPosition: 0, segment: undefined, wholeBytes: 0, tornBytes: 0, writtenPosition: 0 },
    journalOptions,
  );
  const connection = connect(paths.live);
  createMeta(connection);
  recordLive(paths, bootId, false);
  bearWitness(connection, paths);
  return {
    connection,
    journal,
    report: { outcome: 'created', reason: 'the state directory was empty', replayedRecords: 0, discardedBytes: 0 },
  };
}

function goOn(paths: StorePaths, options: RecoveryOptions, clean: boolean): Recovered {
  // Before anything is written: a power cut from now on must not leave the word that all is clean.
  if (clean) recordLive(paths, options.bootId, false);
  const connection = connect(paths.live);
  try {
    if (clean) bearWitness(connection, paths);
    if (statSync(paths.live).size <= checkedAtStartBytes) quickCheck(connection);
    const { position } = readMeta(connection);
    const replay = replayJournal(connection, { ...paths, after: position, perTransaction: Infinity, checkSchema: options.checkSchema });
    if (replay.end.writtenPosition < position && !snapshotReaches(paths, position)) {
      throw damaged(paths.directory, `its journal ends at record ${replay.end.writtenPosition}, and record ${position} was written`);
    }
    const report: RecoveryReport = {
      outcome: clean ? 'continued' : 'replayed',
      reason: clean ? 'it was closed in order' : 'the last process ended without closing it',
      replayedRecords: replay.records,
      discardedBytes: replay.end.tornBytes,
    };
    return { connection, journal: openJournal(paths.journal, replay.end, options.journal), report };
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

function rebuild(paths: StorePaths, options: RecoveryOptions, reason: string): Recovered {
  const unfinished = `${paths.live}.rebuilding`;
  removeDatabase(unfinished);
  const base = copySnapshot(paths, unfinished);
  const connection = connect(unfinished);
  let replay: Replay;
  try {
    createMeta(connection);
    const after = readMeta(connection).position;
    replay = replayJournal(connection, { ...paths, after, perTransaction: recordsPerTransaction, checkSchema: options.checkSchema });
    connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (thrown) {
    connection.close();
    removeDatabase(unfinished);
    throw thrown;
  }
  connection.close();
  rmSync(paths.identity, { force: true });
  for (const companion of companionsOf(paths.live)) rmSync(companion, { force: true });
  renameSync(unfinished, paths.live);
  recordLive(paths, options.bootId, false);
  const report: RecoveryReport = {
    outcome: 'rebuilt',
    reason: `${reason}; it was built anew from ${base}`,
    replayedRecords: replay.records,
    discardedBytes: replay.end.tornBytes,
  };
  const live = connect(paths.live);
  bearWitness(live, paths);
  return { connection: live, journal: openJournal(paths.journal, replay.end, options.journal), report };
}

/** @returns in words, what the rebuild starts from */
function copySnapshot(paths: StorePaths, target: string): string {
  if (!exists(paths.snapshot)) return 'the journal alone';
  try {
    copyFileSync(paths.snapshot, target, constants.COPYFILE_FICLONE);
    const copy = connect(target, { readOnly: true });
    try {
      quickCheck(copy);
    } finally {
      copy.close();
    }
    return 'the snapshot and the journal';
  } catch (thrown) {
    if (isNoSpace(thrown)) throw thrown;
    removeDatabase(target);
    if (listSegments(paths.journal)[0]?.firstPosition === 1) return 'the journal alone, for the snapshot is damaged';
    throw damaged(paths.directory, `snapshot.sqlite cannot be used: ${reasonOf(thrown)}`);
  }
}

interface ReplayOptions {
  readonly directory: string;
  readonly journal: string;
  readonly after: number;
  readonly perTransaction: number;
  readonly checkSchema: (schema: number) => void;
}

function replayJournal(connection: Connection, { directory, journal, after, perTransaction, checkSchema }: ReplayOptions): Replay {
  let count = 0;
  connection.exec('BEGIN IMMEDIATE');
  try {
    checkSchema(readMeta(connection).schema);
    const records = readJournal(journal, after);
    let step = records.next();
    for (; !step.done; step = records.next()) {
      const { position, payload } = step.value;
      for (const line of payload.toString('utf8').split('\n')) replayLine(connection, line, { directory, position });
      setMeta(connection, 'position', position);
      count += 1;
      if (count % perTransaction === 0) connection.exec('COMMIT; BEGIN IMMEDIATE');
    }
    checkSchema(readMeta(connection).schema);
    connection.exec('COMMIT');
    return { end: step.value, records: count };
  } catch (thrown) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw thrown;
  }
}

function replayLine(connection: Connection, line: string, where: { readonly directory: string; readonly position: number }): void {
  try {
    applyLine(connection, line);
  } catch (thrown) {
    if (isCorrupt(thrown) || isNoSpace(thrown)) throw thrown;
    throw damaged(where.directory, `record ${where.position} of its journal cannot be applied again: ${reasonOf(thrown)}`);
  }
}

function snapshotReaches(paths: StorePaths, position: number): boolean {
  return exists(paths.snapshot) && readSnapshotMeta(paths.snapshot).position >= position;
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
