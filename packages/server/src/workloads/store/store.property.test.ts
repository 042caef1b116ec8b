/** Whatever is done to objects, the store agrees with a map in memory, and the changes since any version lead from that list to this one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '@openclaw/protocol';
import fc from 'fast-check';
import { OpenClawError } from '../../core/errors.ts';
import type { ResourceStore } from './resource-store.ts';
import { keyOf, openObjects, take, thing } from './store.fixture.ts';

type Operation = {
  readonly kind: 'create' | 'update' | 'delete' | 'release';
  readonly place: string;
  readonly size: number;
  readonly held: boolean;
};

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom('create', 'update', 'delete', 'release'),
  place: fc.constantFrom('a/one', 'a/two', 'b/one', 'b/three'),
  size: fc.integer({ min: 0, max: 3 }),
  held: fc.boolean(),
});

/** What the store should hold: the size and whether somebody holds it, or that it is marked as deleted. */
type Model = Map<string, { size: number; held: boolean; deleted: boolean }>;

async function perform(store: ResourceStore, model: Model, { kind, place, size, held }: Operation): Promise<void> {
  const known = model.get(place);
  const done = await succeeds(async () => {
    if (kind === 'create') await store.create(thing(place, { size }, { finalizers: held ? ['hold'] : [] }));
    else if (kind === 'delete') await store.delete(keyOf(place));
    else if (kind === 'update') await store.update(keyOf(place), (object) => ({ ...object, spec: { size } }));
    else await store.update(keyOf(place), (object) => ({ ...object, metadata: { ...object.metadata, finalizers: [] } }));
  });
  assert.equal(done, kind === 'create' ? known === undefined : known !== undefined, `${kind} ${place}`);
  if (!done) return;
  if (kind === 'create') model.set(place, { size, held, deleted: false });
  else if (kind === 'update') known!.size = size;
  else if (kind === 'release') known!.held = false;
  else known!.deleted = true;
  const now = model.get(place);
  if (now?.deleted && !now.held) model.delete(place);
}

async function succeeds(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (thrown) {
    if (thrown instanceof OpenClawError && ['workload_exists', 'workload_not_found'].includes(thrown.code)) return false;
    throw thrown;
  }
}

function byPlace(objects: readonly ApiObject[]): Map<string, ApiObject> {
  return new Map(objects.map((object) => [`${object.metadata.namespace}/${object.metadata.name}`, object]));
}

test('a list is what the operations made of it, and any list with the changes after it is the last list', async () => {
  await using set = await openObjects();
  const { store } = set;
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 12 }), async (operations) => {
      const model: Model = new Map();
      const lists = [await store.list({ resource: 'things' })];
      for (const each of operations) {
        await perform(store, model, each);
        lists.push(await store.list({ resource: 'things' }));
      }
      const last = lists.at(-1)!;
      const sizes = last.items.map(({ metadata, spec }) => [`${metadata.namespace}/${metadata.name}`, (spec as { size: number }).size]);
      assert.deepEqual(
        sizes,
        [...model].map(([place, { size }]) => [place, size]).toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
      );
      const first = lists[0]!;
      const count = Number(last.resourceVersion) - Number(first.resourceVersion);
      const changes = await take(store, count, { resourceVersion: first.resourceVersion });
      for (const list of lists) {
        const objects = byPlace(list.items);
        for (const { type, object } of changes) {
          if (Number(object.metadata.resourceVersion) <= Number(list.resourceVersion)) continue;
          const place = `${object.metadata.namespace}/${object.metadata.name}`;
          assert.equal(type === 'ADDED', !objects.has(place), 'only what was not there is added');
          if (type === 'DELETED') objects.delete(place);
          else objects.set(place, object);
        }
        assert.deepEqual(objects, byPlace(last.items));
        const { items } = await store.list({ resource: 'things', atVersion: list.resourceVersion });
        assert.deepEqual(items, list.items, 'a list of an earlier version');
      }
      for (const place of model.keys()) {
        await store.delete(keyOf(place));
        await store.update(keyOf(place), (object) => ({ ...object, metadata: { ...object.metadata, finalizers: [] } })).catch(() => {});
      }
    }),
    { numRuns: 40 },
  );
});
