/**
 * The change feed: a table of notes with positions that rise by one in commit order, of which the last 100,000 are kept.
 *
 * Both engines run these statements under their one writer's lock, so that commit order and positions cannot differ.
 */
import { OpenClawError } from '../core/errors.ts';
import type { Change, Row, Statement } from './database.ts';

/** A reader further behind than this has missed something and must read everything again. About 10 MiB. */
export const keptChanges = 100_000;
/** How many pile up before the oldest go: deleting them one by one would double the writes. */
const pruneEvery = 1_000;

export const insertChange = 'INSERT INTO changes (position, topic, key) SELECT COALESCE(MAX(position), 0) + 1, $1, $2 FROM changes';

/** To be run after notes were added; it deletes by whole thousands, and most times nothing. */
export const pruneChanges = `DELETE FROM changes WHERE position <=
  (SELECT (MAX(position) / ${pruneEvery}) * ${pruneEvery} - ${keptChanges} FROM changes)`;

export function selectChanges(after: number, limit: number): Statement {
  return { sql: 'SELECT position, topic, key FROM changes WHERE position > $1 ORDER BY position LIMIT $2', params: [after, limit] };
}

/** @throws OpenClawError `changes_expired` if notes between `after` and the first of these rows are gone */
export function toChanges(rows: readonly Row[], after: number): Change[] {
  const changes = rows.map((row) => ({ position: Number(row['position']), topic: String(row['topic']), key: String(row['key']) }));
  const first = changes[0]?.position;
  if (first !== undefined && first > after + 1 && after > 0)
    throw new OpenClawError('changes_expired', { details: { after, oldest: first } });
  return changes;
}
