/**
 * One group commit: apply in a transaction, append to the journal and wait for the disk, commit the transaction.
 *
 * A crash between the last two is mended by replaying the journal. Whatever fails, live database and journal end up at the same
 * record, or the journal says that it is broken.
 */
import { type OpenClawError, reasonOf } from '../../core/errors.ts';
import { applyLine, setMeta } from './apply.ts';
import type { Connection } from './connection.ts';
import { isCorrupt, isNoSpace, toStorageError } from './failures.ts';
import type { Journal } from './journal.ts';

/** Writes each line or says why not. What it returns from is durable. */
export type Committer = (lines: readonly string[]) => (OpenClawError | undefined)[];

export const brokenReason = 'its journal could not be written or cut back; a new start will make out where it ends';

/** An open file outlives its name: what is written to it then is gone with the process. */
export const removedReason = 'its files were removed or replaced while it was in use; start the gateway again';

/** @param isInPlace whether the open files are still those that their paths name */
export function createCommitter(connection: Connection, journal: Journal, isInPlace: () => boolean): Committer {
  /** Everything of the group is refused, and nothing of it has happened. */
  const refuse = (lines: readonly string[], thrown: unknown): OpenClawError[] => {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    const failure = toStorageError(thrown);
    return lines.map(() => failure);
  };

  return (lines) => {
    if (journal.broken) return refuse(lines, new Error(brokenReason));
    if (!isInPlace()) return refuse(lines, new Error(removedReason));
    let appended = false;
    try {
      connection.exec('BEGIN IMMEDIATE');
      const failures = applyGroup(connection, lines);
      const accepted = lines.filter((_, index) => failures[index] === undefined);
      if (accepted.length === 0) {
        connection.exec('ROLLBACK');
        return failures;
      }
      setMeta(connection, 'position', journal.lastPosition + 1);
      journal.append(accepted.join('\n'));
      appended = true;
      connection.exec('COMMIT');
      return failures;
    } catch (thrown) {
      return refuse(lines, appended ? retracted(journal, thrown) : thrown);
    }
  };
}

/**
 * Applies all lines, leaving out those that fail. Savepoints cost as much as the writes themselves, and failures are rare: so first
 * without, and with them only if one of the group failed.
 */
function applyGroup(connection: Connection, lines: readonly string[]): (OpenClawError | undefined)[] {
  try {
    for (const line of lines) applyLine(connection, line);
    return lines.map(() => undefined);
  } catch (thrown) {
    if (!isOfOneLine(connection, thrown)) throw thrown;
    connection.exec('ROLLBACK; BEGIN IMMEDIATE');
    return lines.map((line) => tryLine(connection, line));
  }
}

function tryLine(connection: Connection, line: string): OpenClawError | undefined {
  connection.exec('SAVEPOINT line');
  try {
    applyLine(connection, line);
    connection.exec('RELEASE line');
    return undefined;
  } catch (thrown) {
    if (!isOfOneLine(connection, thrown)) throw thrown;
    connection.exec('ROLLBACK TO line; RELEASE line');
    return toStorageError(thrown);
  }
}

/** Not so where the engine gave the whole transaction up (no room) or the file is damaged: then the group fails. */
function isOfOneLine(connection: Connection, thrown: unknown): boolean {
  return connection.inTransaction && !isCorrupt(thrown) && !isNoSpace(thrown);
}

/** The journal must not hold what the live database could not take: the writers are told that it failed. */
function retracted(journal: Journal, thrown: unknown): unknown {
  try {
    journal.retract();
    return thrown;
  } catch (second) {
    return new Error(`${reasonOf(thrown)}; ${reasonOf(second)}`, { cause: thrown });
  }
}
