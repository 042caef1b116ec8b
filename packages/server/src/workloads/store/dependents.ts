/**
 * What becomes of objects whose owners go: they go with the last of them. It is found again after a crash, since whoever names an owner that is
 * not there belongs to nobody.
 */
import type { ApiObject } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { Database } from '../../storage/index.ts';
import type { ObjectKey, ResourceStore } from './resource-store.ts';
import { isThere, readOrphans, readOwned, readWaiting } from './statements.ts';
import { foregroundFinalizer, withoutOwners, withoutWaiting } from './stored-object.ts';

type Writer = Pick<ResourceStore, 'get' | 'update' | 'delete'>;

/** Takes away what belongs to nobody any more. */
export async function collectOrphans(database: Database, store: Writer): Promise<void> {
  for (const key of await readOrphans(database)) {
    await ignoreGone(async () => {
      const object = await store.get(key);
      if (object) await collect(database, store, { key, object });
    });
  }
}

/** Lets those go that waited for what they owned, and own nothing any more. @param uids @default of all that wait */
export async function releaseWaiting(database: Database, store: Writer, uids?: readonly string[]): Promise<void> {
  for (const { key, uid } of await readWaiting(database, foregroundFinalizer)) {
    if ((uids && !uids.includes(uid)) || (await readOwned(database, uid)).length > 0) continue;
    await ignoreGone(async () => {
      await store.update(key, withoutWaiting, { uid });
    });
  }
}

async function collect(
  database: Database,
  store: Writer,
  { key, object }: { readonly key: ObjectKey; readonly object: ApiObject },
): Promise<void> {
  const uids = new Set((object.metadata.ownerReferences ?? []).map(({ uid }) => uid));
  const missing = new Set<string>();
  for (const uid of uids) if (!(await isThere(database, uid))) missing.add(uid);
  if (missing.size === 0) return;
  if (missing.size < uids.size) await store.update(key, (current) => withoutOwners(current, missing));
  else if (object.metadata.deletionTimestamp === undefined) await store.delete(key, { uid: object.metadata.uid });
}

export interface Owned {
  readonly owned: readonly ObjectKey[];
  readonly ownerUid: string;
  /** Whether they stay, without this owner. */
  readonly keep: boolean;
}

export async function removeOwned(store: Writer, { owned, ownerUid, keep }: Owned): Promise<void> {
  for (const key of owned) {
    await ignoreGone(async () => {
      const object = await store.get(key);
      if (!object) return;
      const isOnlyOwner = object.metadata.ownerReferences?.every(({ uid }) => uid === ownerUid) ?? false;
      if (isOnlyOwner && !keep) await store.delete(key, { uid: object.metadata.uid });
      else await store.update(key, (current) => withoutOwners(current, new Set([ownerUid])));
    });
  }
}

/** What somebody else has removed meanwhile needs no removing. */
async function ignoreGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof OpenClawError) || (thrown.code !== 'workload_not_found' && thrown.code !== 'workload_conflict')) throw thrown;
  }
}
