/**
 * The tables of objects as statements: what is read, and the batches that write. Each write gets the next version inside its transaction, so
 * that versions rise in the order of commits whichever process writes.
 *
 * It decides nothing: what an object becomes is said by `stored-object.ts`.
 */
import type { ApiObject } from '@openclaw/protocol';
import type { Database, Row, Statement, WriteBatch } from '../../storage/index.ts';
import type { ObjectChange, ObjectKey } from './resource-store.ts';

export interface StoredRow {
  readonly key: ObjectKey;
  readonly version: number;
  readonly body: string;
}

export interface ChangeRow extends StoredRow {
  readonly type: ObjectChange['type'];
  readonly previous: { readonly version: number; readonly body: string } | undefined;
}

export interface Write {
  readonly key: ObjectKey;
  /** By which the version is found that it was given. */
  readonly writeId: string;
  readonly object: ApiObject;
}

/** How many changes pile up before the oldest go: deleting them one by one would double the writes. */
const pruneEvery = 100;
const conditions = 'resource = $1 AND namespace = $2 AND name = $3';

/** The object with the version that it has. */
export function toObject({ version, body }: { readonly version: number; readonly body: string }): ApiObject {
  const object = JSON.parse(body) as ApiObject;
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
}

export async function readSequence(database: Database): Promise<{ readonly version: number; readonly pruned: number }> {
  const [row] = await database.read({ sql: 'SELECT version, pruned FROM workload_sequence WHERE id = 1' });
  return { version: Number(row?.['version'] ?? 1), pruned: Number(row?.['pruned'] ?? 1) };
}

export async function readRow(database: Database, key: ObjectKey): Promise<StoredRow | undefined> {
  const sql = `SELECT resource, namespace, name, version, body FROM workload_objects WHERE ${conditions}`;
  const [row] = await database.read({ sql, params: keyParams(key) });
  return row && toStoredRow(row);
}

export interface RowQuestion {
  readonly resource: string;
  readonly namespace: string | undefined;
}

export async function readRows(database: Database, { resource, namespace }: RowQuestion): Promise<readonly StoredRow[]> {
  const sql = `SELECT resource, namespace, name, version, body FROM workload_objects
    WHERE resource = $1${namespace === undefined ? '' : ' AND namespace = $2'}`;
  const rows = await database.read({ sql, params: namespace === undefined ? [resource] : [resource, namespace] });
  return rows.map(toStoredRow);
}

/** In the order of their versions; of all resources where none is named. */
export async function readChanges(
  database: Database,
  { after, limit, resource }: { readonly after: number; readonly limit: number; readonly resource?: string },
): Promise<readonly ChangeRow[]> {
  const of = resource === undefined ? '' : ' AND resource = $3';
  const sql = `SELECT version, type, resource, namespace, name, body, previous, previous_version FROM workload_changes
    WHERE version > $1${of} ORDER BY version LIMIT $2`;
  const rows = await database.read({ sql, params: resource === undefined ? [after, limit] : [after, limit, resource] });
  return rows.map((row) => ({
    ...toStoredRow(row),
    type: String(row['type']) as ChangeRow['type'],
    previous: row['previous'] === null ? undefined : { version: Number(row['previous_version']), body: String(row['previous']) },
  }));
}

export async function readVersionOf(database: Database, writeId: string): Promise<number | undefined> {
  const [row] = await database.read({ sql: 'SELECT version FROM workload_changes WHERE write_id = $1', params: [writeId] });
  return row && Number(row['version']);
}

/** What belongs to this owner. */
export async function readOwned(database: Database, ownerUid: string): Promise<readonly ObjectKey[]> {
  const sql = 'SELECT resource, namespace, name FROM workload_owners WHERE owner_uid = $1';
  return (await database.read({ sql, params: [ownerUid] })).map(toKey);
}

/** What has an owner that is not there. */
export async function readOrphans(database: Database): Promise<readonly ObjectKey[]> {
  const sql = `SELECT DISTINCT resource, namespace, name FROM workload_owners
    WHERE owner_uid NOT IN (SELECT uid FROM workload_objects)`;
  return (await database.read({ sql })).map(toKey);
}

/** Objects that are marked with this finalizer. */
export async function readWaiting(
  database: Database,
  finalizer: string,
): Promise<readonly { readonly key: ObjectKey; readonly uid: string }[]> {
  const sql = `SELECT resource, namespace, name, uid FROM workload_objects WHERE body LIKE $1`;
  const rows = await database.read({ sql, params: [`%"deletionTimestamp":%"finalizers":[%"${finalizer}"%`] });
  return rows.map((row) => ({ key: toKey(row), uid: String(row['uid']) }));
}

export async function isThere(database: Database, uid: string): Promise<boolean> {
  return (await database.read({ sql: 'SELECT 1 AS found FROM workload_objects WHERE uid = $1 LIMIT 1', params: [uid] })).length > 0;
}

export function creation({ key, writeId, object }: Write, kept: number): WriteBatch {
  const body = bodyOf(object);
  return {
    guards: [
      {
        sql: `SELECT 1 AS found FROM workload_objects WHERE ${conditions}`,
        params: keyParams(key),
        ...{ expect: 'noRow', name: 'the absence of the object' },
      },
    ],
    statements: [
      nextVersion(kept),
      {
        sql: `INSERT INTO workload_changes (version, write_id, type, resource, namespace, name, body)
          SELECT version, $1, 'ADDED', $2, $3, $4, $5 FROM workload_sequence WHERE id = 1`,
        params: [writeId, ...keyParams(key), body],
      },
      {
        sql: `INSERT INTO workload_objects (resource, namespace, name, uid, version, body)
          SELECT resource, namespace, name, $1, version, body FROM workload_changes WHERE write_id = $2`,
        params: [object.metadata.uid, writeId],
      },
      ...owners(key, object),
      prune,
    ],
  };
}

/** @param before as it was read: somebody else may have come between */
export function replacement({ key, writeId, object }: Write, before: number, kept: number): WriteBatch {
  return {
    guards: [unchanged(key, before)],
    statements: [
      nextVersion(kept),
      change({ key, writeId, object }, 'MODIFIED'),
      {
        sql: `UPDATE workload_objects SET version = (SELECT version FROM workload_changes WHERE write_id = $4),
          body = (SELECT body FROM workload_changes WHERE write_id = $4) WHERE ${conditions}`,
        params: [...keyParams(key), writeId],
      },
      { sql: `DELETE FROM workload_owners WHERE ${conditions}`, params: keyParams(key) },
      ...owners(key, object),
      prune,
    ],
  };
}

export function removal(write: Write, before: number, kept: number): WriteBatch {
  const params = keyParams(write.key);
  return {
    guards: [unchanged(write.key, before)],
    statements: [
      nextVersion(kept),
      change(write, 'DELETED'),
      { sql: `DELETE FROM workload_objects WHERE ${conditions}`, params },
      { sql: `DELETE FROM workload_owners WHERE ${conditions}`, params },
      prune,
    ],
  };
}

function unchanged(key: ObjectKey, version: number) {
  const sql = `SELECT 1 AS found FROM workload_objects WHERE ${conditions} AND version = $4`;
  return { sql, params: [...keyParams(key), version], expect: 'row', name: 'the version of the object' } as const;
}

function nextVersion(kept: number): Statement {
  const pruned = `CASE WHEN version + 1 - ${kept} >= pruned + ${pruneEvery} THEN version + 1 - ${kept} ELSE pruned END`;
  return { sql: `UPDATE workload_sequence SET pruned = ${pruned}, version = version + 1 WHERE id = 1` };
}

/** What was before is copied inside the database. */
function change({ key, writeId, object }: Write, type: ObjectChange['type']): Statement {
  return {
    sql: `INSERT INTO workload_changes (version, write_id, type, resource, namespace, name, body, previous, previous_version)
      SELECT sequence.version, $4, $5, resource, namespace, name, $6, body, workload_objects.version
      FROM workload_objects, workload_sequence AS sequence WHERE sequence.id = 1 AND ${conditions}`,
    params: [...keyParams(key), writeId, type, bodyOf(object)],
  };
}

function owners(key: ObjectKey, { metadata }: ApiObject): readonly Statement[] {
  const uids = new Set((metadata.ownerReferences ?? []).map(({ uid }) => uid));
  const sql = 'INSERT INTO workload_owners (owner_uid, resource, namespace, name) VALUES ($1, $2, $3, $4)';
  return Array.from(uids, (uid) => ({ sql, params: [uid, ...keyParams(key)] }));
}

const prune: Statement = {
  sql: 'DELETE FROM workload_changes WHERE version <= (SELECT pruned FROM workload_sequence WHERE id = 1)',
};

function bodyOf(object: ApiObject): string {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return JSON.stringify({ ...object, metadata });
}

function keyParams({ resource, namespace, name }: ObjectKey): readonly [string, string, string] {
  return [resource, namespace, name];
}

function toKey(row: Row): ObjectKey {
  return { resource: String(row['resource']), namespace: String(row['namespace']), name: String(row['name']) };
}

function toStoredRow(row: Row): StoredRow {
  return { key: toKey(row), version: Number(row['version']), body: String(row['body']) };
}
