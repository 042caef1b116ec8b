/** Cause: a migration of the database fails, the same one at each start. */
import type { Rule } from '../contract.ts';
import { endedLives, lastWords, quoteEnd } from '../last-words.ts';

const migration = /\bmigrat(?:e|es|ed|ing|ion|ions)\b|\balembic\b|schema (?:version|upgrade)/i;
const failure =
  /SQLITE_ERROR|ERR_SQLITE_ERROR|no such (?:table|column)|duplicate column|already exists|syntax error at|relation "[^"]+" does not exist|\b(?:migration|migrating)\b.*\b(?:failed|error|aborted|incomplete)\b|\bfailed\b.*\bmigrat|dirty database version/i;
const broken = /SQLITE_(?:BUSY|LOCKED|CORRUPT|NOTADB)|database is locked|malformed|not a database/i;
const step = /\b(?<step>[Vv]?\d{1,14}(?:[_-][\w-]+)(?:\.\w+)?)\b/;

export const migrationFails: Rule = {
  id: 'migration-fails',
  title: 'A migration of the database fails',
  why: 'The program changes its database to the form of its version when it starts; one step fails, so it ends, and begins with the same step next time.',
  signs: 'lines about a migration, then an error of SQL; the same step in each life',
  mends: 'Keep a copy, restore the database of before the update, run the failing step by hand, or go back to the version before.',
  judge(evidence) {
    const last = endedLives(evidence).at(-1);
    const failed = lastWords(evidence, failure, 93);
    const said = lastWords(evidence, migration, 93);
    if (failed === undefined || said === undefined || last?.exitCode === 0) return undefined;
    const name = endedLives(evidence)
      .map(({ lines }) => lines.findLast(({ text }) => migration.test(text) && step.test(text))?.text)
      .map((text) => (text === undefined ? undefined : step.exec(text)?.groups?.['step']));
    // A database that is held or damaged fails whatever is done with it first.
    const isItsDatabase = lastWords(evidence, broken, 93) !== undefined;
    const isSame = name.length > 1 && name.at(-1) !== undefined && new Set(name).size === 1;
    return {
      weight: Math.min(96, failed.weight + (isSame ? 2 : -4) - (isItsDatabase ? 14 : 0)),
      says: `The migration ${name.at(-1) ?? ''} fails${isSame ? `, the same in each of ${name.length} lives` : ''}.`.replace('  ', ' '),
      because: [...failed.quotes, ...said.quotes.slice(-1), ...quoteEnd(evidence)],
      remedy: [
        'Stop it, and copy the database before anything else',
        'Go back to the version before the update with the database of then; or run the step by hand, see its error, and mend the data',
      ],
      disprovedBy: 'The step is recorded as done, and the error comes from elsewhere.',
    };
  },
};
