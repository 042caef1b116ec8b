/**
 * One group commit: apply in a transaction, append to the journal and wait for the disk, commit the transaction.
 *
 * A crash between the last two is mended by replaying the journal. Whatever fails, live database and journal end up at the same
 * record, or the journal says that it is broken.
 */
import { type OpenClawError, reasonOf } from '../../core/errors.ts';
import { applyLine, setMeta } from './apply.ts';
import type { Connection } from './connection.ts';
import { isCorrupt, toStorageError } from './failures.ts';
import type { Journal } from './journal.ts';

/** Writes each line or says why not. What it returns from is durable. */
export type Committer = (lines: readonly string[]) => (OpenClawError | undefined)[];

export const brokenReason = 'its journal could not be written or cut back; a new start will make out where it ends';

export function createCommitter(connection: Connection, journal: Journal): Committer {
  /** Everything of the group is refused, and nothing of it has happened. */
  const refuse = (lines: readonly string[], thrown: unknown): OpenClawError[] => {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    const failure = toStorageError(thrown);
    return lines.map(() => failure);
  };

  return (lines) => {
    if (journal.broken) return refuse(lines, new Error(brokenReason));
    let failures: (OpenClawError | undefined)[] = [];
    let appended = false;
    try {
      connection.exec('BEGIN IMMEDIATE');
      failures = lines.map((line) => tryLine(connection, line));
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

function tryLine(connection: Connection, line: string): OpenClawError | undefined {
  try {
    applyLine(connection, line);
    return undefined;
  } catch (thrown) {
    // The engine gave the whole transaction up (no room, damage): so must the group.
    if (!connection.inTransaction || isCorrupt((thrown as Error).cause)) throw thrown;
    return toStorageError(thrown);
  }
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
