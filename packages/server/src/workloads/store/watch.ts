/** One watch: what there is, or the changes since a version, from the database; then what comes, from the reader of changes. */
import type { ApiObject } from '@openclaw/protocol';
import type { Database } from '../../storage/index.ts';
import { toSeenChange, type ChangeReader, type SeenChange, type Subscription } from './change-reader.ts';
import type { ObjectChange, ObjectKey, WatchQuery } from './resource-store.ts';
import { listAt, toVersion, versionGone } from './snapshot.ts';
import { readChanges, readSequence } from './statements.ts';

const pageChanges = 200;

interface WatchSources {
  readonly database: Database;
  readonly reader: ChangeReader;
}

export async function* watchChanges({ database, reader }: WatchSources, query: WatchQuery): AsyncGenerator<ObjectChange, void> {
  const { signal } = query;
  const subscription = await reader.subscribe((key) => concerns(query, key));
  const end = (): void => subscription.end();
  signal.addEventListener('abort', end, { once: true });
  try {
    if (!signal.aborted) yield* changesFor(query, database, subscription);
  } finally {
    signal.removeEventListener('abort', end);
    subscription.end();
  }
}

async function* changesFor(query: WatchQuery, database: Database, subscription: Subscription): AsyncGenerator<ObjectChange, void> {
  const { signal, onProgress } = query;
  const initial = query.resourceVersion === undefined ? await listAt(database, { ...query }) : undefined;
  let position = toVersion(initial?.resourceVersion ?? query.resourceVersion ?? '');
  if (!initial) await refuseUnknown(database, position);
  for (const object of initial?.items ?? []) yield { type: 'ADDED', object };
  onProgress?.(String(position));
  for await (const change of changesUntil(database, { from: position, to: subscription.from })) {
    if (signal.aborted) return;
    if (concerns(query, change.key)) yield* seenBy(query, change);
  }
  position = Math.max(position, subscription.from);
  for (let news = await subscription.next(); news !== undefined; news = await subscription.next()) {
    for (const change of news.changes) if (change.version > position) yield* seenBy(query, change);
    position = Math.max(position, news.upTo);
    onProgress?.(String(position));
  }
}

function concerns({ resource, namespace }: WatchQuery, key: ObjectKey): boolean {
  return key.resource === resource && (namespace === undefined || key.namespace === namespace);
}

async function refuseUnknown(database: Database, version: number): Promise<void> {
  const sequence = await readSequence(database);
  if (version < sequence.pruned || version > sequence.version) throw versionGone(version);
}

async function* changesUntil(
  database: Database,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<SeenChange, void> {
  let after = from;
  while (after < to) {
    const rows = await readChanges(database, { after, limit: Math.min(pageChanges, to - after) });
    const first = rows[0];
    if (first?.version !== after + 1) throw versionGone(after);
    for (const row of rows) {
      yield toSeenChange(row);
      after = row.version;
    }
  }
}

/** Nothing, or the change as it looks to somebody who sees only what fits. */
function* seenBy({ matches }: WatchQuery, { type, object, previous }: SeenChange): Generator<ObjectChange, void> {
  if (!matches) return yield { type, object };
  const fitted = previous !== undefined && matches(previous);
  const fits = type !== 'DELETED' && matches(object);
  if (fits) yield { type: fitted ? 'MODIFIED' : 'ADDED', object };
  else if (fitted) yield { type: 'DELETED', object: type === 'DELETED' ? object : withVersionOf(previous, object) };
}

function withVersionOf(previous: ApiObject, { metadata }: ApiObject): ApiObject {
  return { ...previous, metadata: { ...previous.metadata, resourceVersion: metadata.resourceVersion } };
}
