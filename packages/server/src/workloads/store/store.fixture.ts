/** Stores of objects for tests, on both engines. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiObject } from '@openclaw/protocol';
import { createFakeClock, type FakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import type { Database } from '../../storage/index.ts';
import { migrations } from '../../storage/migrations/index.ts';
import { openPostgres } from '../../storage/postgres/database.ts';
import type { PgliteServer } from '../../storage/postgres/pglite.fixture.ts';
import { openSqlite } from '../../storage/sqlite/database.ts';
import { storePaths } from '../../storage/sqlite/paths.ts';
import { openResourceStore, type ResourceStoreOptions } from './open-store.ts';
import type { NewObject, ObjectChange, ResourceStore, WatchQuery } from './resource-store.ts';

export interface TestObjects extends AsyncDisposable {
  readonly store: ResourceStore;
  readonly database: Database;
  readonly clock: FakeClock;
  /** Another process on the same database. */
  again(): Promise<ResourceStore>;
}

/** @param server PostgreSQL, emptied at the end; without it SQLite in a directory of its own */
export async function openObjects(server?: PgliteServer, options: Partial<ResourceStoreOptions> = {}): Promise<TestObjects> {
  await using resources = new AsyncDisposableStack();
  const clock = createFakeClock();
  const database = server ? await openEmpty(server, resources) : await openOnDisk(resources);
  resources.defer(() => database.close());
  const log = createLog({ clock, destinations: [] });
  const again = async (): Promise<ResourceStore> => {
    const store = await openResourceStore({ database, clock, log, ...options });
    resources.defer(() => store.close());
    return store;
  };
  const store = await again();
  const kept = resources.move();
  return {
    store,
    database,
    clock,
    again: () => openResourceStore({ database, clock, log, ...options }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function openOnDisk(resources: AsyncDisposableStack): Promise<Database> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-objects-'));
  resources.defer(() => rmSync(directory, { recursive: true }));
  return openSqlite({ paths: storePaths(directory), clock: createFakeClock(), migrations, reader: 'at once' });
}

function openEmpty(server: PgliteServer, resources: AsyncDisposableStack): Promise<Database> {
  resources.defer(() => server.empty());
  return openPostgres({ client: server.connect(), migrations });
}

/** `ns/name` as an object of `things`. */
export function thing(place: string, spec: unknown = {}, metadata: NewObject['metadata'] = {}): NewObject {
  const [namespace = '', name = ''] = place.split('/');
  return { apiVersion: 'openclaw.io/v1', kind: 'Thing', key: { resource: 'things', namespace, name }, metadata, spec };
}

export const keyOf = (place: string) => thing(place).key;

/** `ns/name@version` */
export function nameOf({ metadata }: ApiObject): string {
  return `${metadata.namespace}/${metadata.name}@${metadata.resourceVersion}`;
}

/** The next `count` changes, and then no more. */
export async function take(store: ResourceStore, count: number, query: Partial<WatchQuery> = {}): Promise<ObjectChange[]> {
  const end = new AbortController();
  const changes: ObjectChange[] = [];
  if (count === 0) return changes;
  for await (const change of store.watch({ resource: 'things', signal: end.signal, ...query })) {
    changes.push(change);
    if (changes.length === count) end.abort();
  }
  return changes;
}
