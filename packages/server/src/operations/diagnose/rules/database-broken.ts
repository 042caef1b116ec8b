/** Cause: the database is locked by somebody else, or damaged. */
import { toldByItself } from '../told-by-itself.ts';

const locked =
  /SQLITE_(?:BUSY|LOCKED)|database (?:table )?is locked|could not obtain lock|lock file "postmaster\.pid" already exists|resource temporarily unavailable.*lock/i;
const damaged =
  /SQLITE_(?:CORRUPT|NOTADB|IOERR)\w*|database disk image is malformed|file is not a database|could not locate a valid checkpoint record|WiredTiger error.*corrupt|invalid page in block|database (?:file )?is corrupt/i;

export const databaseBroken = toldByItself({
  id: 'database-broken',
  title: 'The database is locked or damaged',
  why: 'Two programs share one database file and one of them holds it, or its file is damaged, as after a full disk or a copy that was made while it was written.',
  signs: '`SQLITE_BUSY`, `database is locked`; `SQLITE_CORRUPT`, `database disk image is malformed`, `file is not a database`',
  mends: 'Locked: leave one program alone with it. Damaged: restore the last good copy, or recover what is left.',
  pattern: new RegExp(`${locked.source}|${damaged.source}`, 'i'),
  most: 93,
  says: ({ match }) =>
    locked.test(match[0]) ? 'Another program holds the database that it wants to write.' : 'The file of its database is damaged.',
  remedy: ({ match }, { subject, others }) =>
    locked.test(match[0])
      ? [
          `Find who else has it open: \`fuser -v FILE\` on the machine${
            others.length > 0
              ? `, and another container of the same volume among ${others
                  .slice(0, 3)
                  .map(({ name }) => name)
                  .join(', ')}`
              : ''
          }`,
          'Leave one alone with it; a file on NFS or SMB cannot be locked well: move it to a local disk',
        ]
      : [
          `Stop it and copy the file: \`docker cp ${subject.name}:PATH ./damaged.db\``,
          'Restore the last good backup; without one: `sqlite3 damaged.db .recover | sqlite3 rescued.db`',
        ],
  disprovedBy: '`sqlite3 FILE "pragma integrity_check"` says ok, and nobody else has the file open.',
});
