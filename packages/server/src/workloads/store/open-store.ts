/**
 * The store of objects on the storage contract. Writes of all processes share one sequence; who changes what somebody else has changed meanwhile
 * makes the change again on what is there now.
 *
 * How lists show one moment: `snapshot.ts`; who is told of changes: `change-reader.ts`; what goes with its owner: `dependents.ts`.
 */
import { randomUUID } from 'node:crypto';
import type { ApiObject } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Database, WriteBatch } from '../../storage/index.ts';
import { ChangeReader, changesChannel } from './change-reader.ts';
import { collectOrphans, releaseWaiting, removeOwned } from './dependents.ts';
import type {
  DeleteOptions,
  ListPage,
  ListQuery,
  NewObject,
  ObjectChange,
  ObjectKey,
  ResourceStore,
  UpdateOptions,
  WatchQuery,
} from './resource-store.ts';
import { listAt } from './snapshot.ts';
import * as statements from './statements.ts';
import { born, changed, hasFinalizers, marked, waitsForOwned } from './stored-object.ts';
import { watchChanges } from './watch.ts';

export interface ResourceStoreOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Changes that are kept for watches. @default 5000 */
  readonly keptChanges?: number;
  /** Changes that are held for one watch before it is ended. @default 1000 */
  readonly heldChanges?: number;
}

const defaults = { keptChanges: 5000, heldChanges: 1000 } as const;

/** Others may come between so often; with more something writes in circles. */
const attempts = 50;

/** What an object becomes; `remove`: nothing. */
type Next = { readonly object: ApiObject; readonly remove?: true };

export async function openResourceStore(options: ResourceStoreOptions): Promise<ResourceStore> {
  const store = new DatabaseStore(options);
  // What lost its owner just before the last process ended.
  await collectOrphans(options.database, store);
  await releaseWaiting(options.database, store);
  return store;
}

class DatabaseStore implements ResourceStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #keptChanges: number;
  readonly #reader: ChangeReader;

  constructor(options: ResourceStoreOptions) {
    const { database, clock, log, keptChanges, heldChanges } = { ...defaults, ...options };
    this.#database = database;
    this.#clock = clock;
    this.#keptChanges = keptChanges;
    this.#reader = new ChangeReader({
      ...{ database, clock, heldLimit: heldChanges },
      onFailure: (error) => log.warn('changes of workloads could not be read; watches begin again', { error }),
    });
  }

  async get(key: ObjectKey): Promise<ApiObject | undefined> {
    const row = await statements.readRow(this.#database, key);
    return row && statements.toObject(row);
  }

  list(query: ListQuery): Promise<ListPage> {
    return listAt(this.#database, query);
  }

  async create(wanted: NewObject, { dryRun = false }: Pick<UpdateOptions, 'dryRun'> = {}): Promise<ApiObject> {
    const { key } = wanted;
    const object = born(wanted, { uid: randomUUID(), atMs: this.#clock.now() });
    const writeId = randomUUID();
    if (dryRun) {
      if (!(await statements.readRow(this.#database, key))) return object;
    } else if (await this.#write(statements.creation({ key, writeId, object }, this.#keptChanges))) return this.#versioned(object, writeId);
    throw new OpenClawError('workload_exists', { details: { ...key } });
  }

  update(key: ObjectKey, change: (current: ApiObject) => ApiObject, options: UpdateOptions = {}): Promise<ApiObject> {
    return this.#replace(key, options, (current) => {
      const object = changed(current, change(current));
      const isOver = object.metadata.deletionTimestamp !== undefined && !hasFinalizers(object);
      return isOver ? { object, remove: true } : { object };
    });
  }

  async delete(key: ObjectKey, { propagation = 'Background', ...options }: DeleteOptions = {}): Promise<ApiObject> {
    const before = await this.#existing(key, options);
    const { uid } = statements.toObject(before).metadata;
    const owned = propagation === 'Background' || options.dryRun ? [] : await statements.readOwned(this.#database, uid);
    if (propagation === 'Orphan') await removeOwned(this, { owned, ownerUid: uid, keep: true });
    const deleted = await this.#replace(key, { ...options, uid }, (current) => {
      const waits = propagation === 'Foreground' && owned.length > 0;
      const object = waits || hasFinalizers(current) ? marked(current, this.#clock.now(), waits) : current;
      return hasFinalizers(object) ? { object } : { object, remove: true };
    });
    if (options.dryRun || !waitsForOwned(deleted)) return deleted;
    await removeOwned(this, { owned, ownerUid: uid, keep: false });
    await releaseWaiting(this.#database, this, [uid]);
    return deleted;
  }

  watch(query: WatchQuery): AsyncIterable<ObjectChange> {
    return watchChanges({ database: this.#database, reader: this.#reader }, query);
  }

  async version(): Promise<string> {
    return String((await statements.readSequence(this.#database)).version);
  }

  close(): void {
    this.#reader.close();
  }

  async #replace(key: ObjectKey, options: UpdateOptions, decide: (current: ApiObject) => Next): Promise<ApiObject> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const row = await this.#existing(key, options);
      const current = statements.toObject(row);
      const { object, remove } = decide(current);
      if (options.dryRun || (object === current && !remove)) return object;
      const writeId = randomUUID();
      const write = { key, writeId, object };
      const batch = remove
        ? statements.removal(write, row.version, this.#keptChanges)
        : statements.replacement(write, row.version, this.#keptChanges);
      if (!(await this.#write(batch))) continue;
      const written = await this.#versioned(object, writeId);
      if (remove) await this.#removed(object);
      return written;
    }
    throw new OpenClawError('workload_conflict', { details: { ...key } });
  }

  async #removed({ metadata }: ApiObject): Promise<void> {
    await collectOrphans(this.#database, this);
    const owners = metadata.ownerReferences?.map(({ uid }) => uid) ?? [];
    if (owners.length > 0) await releaseWaiting(this.#database, this, owners);
  }

  /** @throws OpenClawError `workload_not_found`, `workload_conflict` */
  async #existing(key: ObjectKey, { resourceVersion, uid }: UpdateOptions): Promise<statements.StoredRow> {
    const row = await statements.readRow(this.#database, key);
    if (!row) throw new OpenClawError('workload_not_found', { details: { ...key } });
    const isOther = uid !== undefined && statements.toObject(row).metadata.uid !== uid;
    if (isOther || (resourceVersion !== undefined && resourceVersion !== String(row.version)))
      throw new OpenClawError('workload_conflict', { details: { ...key } });
    return row;
  }

  /** @returns false where somebody else was quicker */
  async #write(batch: WriteBatch): Promise<boolean> {
    try {
      await this.#database.write(batch);
    } catch (thrown) {
      if (thrown instanceof OpenClawError && thrown.code === 'storage_conflict') return false;
      throw thrown;
    }
    await this.#database.publish(changesChannel, '');
    return true;
  }

  async #versioned(object: ApiObject, writeId: string): Promise<ApiObject> {
    const version = await statements.readVersionOf(this.#database, writeId);
    // Forgotten already, where thousands of others came between: then whoever asked reads it again.
    if (version === undefined) throw new OpenClawError('storage_busy', { retryAfterMs: 1000 });
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
  }
}
