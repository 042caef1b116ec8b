/**
 * The audit log: who changed what of keys, devices, secrets, configuration and approvals.
 *
 * Entries are appended and never changed; of more than 100,000 the oldest go. Whoever changes something says so after the change is
 * made: an entry that cannot be written is logged, and the change holds all the same. Secrets that the program knows of are taken out.
 */
import type { AuditEntry } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Redactor } from '../../core/redact.ts';
import type { Database, Row, Statement, Value } from '../../storage/index.ts';
import type { Audit, AuditQuestion } from './contract.ts';

export interface AuditOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Knows the secrets of the program. @default what looks like a secret is passed on */
  readonly redactor?: Pick<Redactor, 'value'>;
}

/** Two years of forty changes a day by three people; some 20 MiB. */
export const keptEntries = 100_000;
/** How many pile up before the oldest go: deleting them one by one would double the writes. */
const pruneEvery = 1000;
/** Entries of one answer. */
export const listedEntries = 1000;

const textLimit = 500;
const detailLimit = 30;

type NewEntry = Parameters<Audit['record']>[0];

export function createAudit({ database, clock, log, redactor }: AuditOptions): Audit {
  return {
    async record(entry) {
      const clean = cleaned(entry, redactor);
      try {
        await database.write({ statements: [insert(clean, clock.now()), prune] });
      } catch (thrown) {
        log.error('a change could not be written to the audit log', { ...clean, reason: reasonOf(thrown) });
      }
    },
    async list(question) {
      return (await database.read(select(question))).map(entryOf);
    },
    async stale(beforeMs) {
      const sql = `SELECT COUNT(*) AS items, COALESCE(SUM(LENGTH(detail) + LENGTH(subject) + LENGTH(actor)), 0) AS bytes FROM audit_log WHERE ${isOld}`;
      const [row] = await database.read({ sql, params: [beforeMs] });
      return { items: Number(row?.['items'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
    },
    async prune(beforeMs, limit) {
      const sql = `SELECT position FROM audit_log WHERE ${isOld} ORDER BY position LIMIT ${limit}`;
      const positions = (await database.read({ sql, params: [beforeMs] })).map(({ position }) => Number(position));
      const places = positions.map((_position, index) => `$${index + 1}`).join(', ');
      if (positions.length > 0)
        await database.write({ statements: [{ sql: `DELETE FROM audit_log WHERE position IN (${places})`, params: positions }] });
      return positions.length;
    },
  };
}

/** The newest entry stays: the next position follows from it. */
const isOld = 'at < $1 AND position < (SELECT MAX(position) FROM audit_log)';

/** Positions rise by one in commit order: a statement of its own finds the last one, under the one writer's lock of each engine. */
function insert({ actor, action, subject, detail }: NewEntry, atMs: number): Statement {
  return {
    sql: `INSERT INTO audit_log (position, at, actor, action, subject, detail)
          SELECT COALESCE(MAX(position), 0) + 1, $1, $2, $3, $4, $5 FROM audit_log`,
    params: [atMs, actor, action, subject, JSON.stringify(detail)],
  };
}

const prune: Statement = {
  sql: `DELETE FROM audit_log WHERE position <= (SELECT (MAX(position) / ${pruneEvery}) * ${pruneEvery} - ${keptEntries} FROM audit_log)`,
};

/** @throws OpenClawError `invalid_request` that names the field */
function select({ limit, before, actionPrefix = '' }: AuditQuestion): Statement {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > listedEntries)
    throw invalid('limit', `must be a whole number from 1 to ${listedEntries}`);
  if (before !== undefined && (!Number.isSafeInteger(before) || before < 1)) throw invalid('before', 'must be a position, such as 100');
  const params: Value[] = [limit];
  const conditions: string[] = [];
  if (before !== undefined) conditions.push(`position < $${params.push(before)}`);
  // A comparison of beginnings and not LIKE, in which some characters stand for others.
  if (actionPrefix !== '') conditions.push(`SUBSTR(action, 1, ${Array.from(actionPrefix).length}) = $${params.push(actionPrefix)}`);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return { sql: `SELECT position, at, actor, action, subject, detail FROM audit_log ${where} ORDER BY position DESC LIMIT $1`, params };
}

function cleaned({ actor, action, subject, detail }: NewEntry, redactor: AuditOptions['redactor']): NewEntry {
  const details = Object.entries(detail).slice(0, detailLimit);
  const entry = {
    actor: bounded(actor),
    action: bounded(action),
    subject: bounded(subject),
    detail: Object.fromEntries(details.map(([name, value]) => [bounded(name), typeof value === 'string' ? bounded(value) : value])),
  };
  return redactor ? redactor.value(entry) : entry;
}

/** Of one line, and fit for PostgreSQL, which stores no NUL. */
function bounded(text: string): string {
  const line = text.toWellFormed().replace(/\p{Cc}/gu, ' ');
  return line.length <= textLimit ? line : `${line.slice(0, textLimit).toWellFormed()}…`;
}

function entryOf(row: Row): AuditEntry {
  return {
    position: Number(row['position']),
    at: new Date(Number(row['at'])).toISOString(),
    actor: String(row['actor']),
    action: String(row['action']),
    subject: String(row['subject']),
    detail: JSON.parse(String(row['detail'])) as AuditEntry['detail'],
  };
}

function invalid(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
