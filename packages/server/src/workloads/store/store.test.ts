/** What the store promises, on each engine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ApiObject } from '@openclaw/protocol';
import { OpenClawError, type ErrorCode } from '../../core/errors.ts';
import { startPglite, type PgliteServer } from '../../storage/postgres/pglite.fixture.ts';
import { keyOf, nameOf, openObjects, take, thing } from './store.fixture.ts';

const failsWith = (code: ErrorCode) => (thrown: unknown) => thrown instanceof OpenClawError && thrown.code === code;
const withSpec =
  (spec: unknown) =>
  (object: ApiObject): ApiObject => ({ ...object, spec });

for (const engine of ['SQLite', 'PGlite'] as const) {
  describe(engine, () => {
    let server: PgliteServer | undefined;
    before(async () => {
      if (engine === 'PGlite') server = await startPglite();
    });
    after(() => server?.stop());

    test('a new object has a uid, a time, generation 1 and a version; a second of its name is refused', async () => {
      await using set = await openObjects(server);
      const made = await set.store.create(thing('a/one', { size: 1 }, { labels: { app: 'x' } }));
      assert.match(made.metadata.uid, /^[0-9a-f-]{36}$/);
      assert.equal(made.metadata.creationTimestamp, '2026-01-01T00:00:00Z');
      assert.equal(made.metadata.generation, 1);
      assert.deepEqual(await set.store.get(keyOf('a/one')), made);
      await assert.rejects(set.store.create(thing('a/one')), failsWith('workload_exists'));
      assert.equal(await set.store.version(), made.metadata.resourceVersion);
    });

    test('a changed spec raises the generation, other changes do not, and no change is not written', async () => {
      await using set = await openObjects(server);
      const made = await set.store.create(thing('a/one', { size: 1 }));
      const grown = await set.store.update(keyOf('a/one'), withSpec({ size: 2 }));
      assert.equal(grown.metadata.generation, 2);
      const told = await set.store.update(keyOf('a/one'), (object) => ({ ...object, status: { phase: 'Running' } }));
      assert.equal(told.metadata.generation, 2);
      assert.ok(Number(told.metadata.resourceVersion) > Number(grown.metadata.resourceVersion));
      assert.equal(nameOf(await set.store.update(keyOf('a/one'), (object) => ({ ...object }))), nameOf(told));
      assert.equal(told.metadata.uid, made.metadata.uid);
    });

    test('nobody overwrites what somebody else has changed since, and changes of many at once are all made', async () => {
      await using set = await openObjects(server);
      const made = await set.store.create(thing('a/one', { size: 0 }));
      const other = await set.again();
      const add = (object: ApiObject): ApiObject => ({ ...object, spec: { size: (object.spec as { size: number }).size + 1 } });
      await Promise.all(Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? set.store : other).update(keyOf('a/one'), add)));
      assert.deepEqual((await set.store.get(keyOf('a/one')))?.spec, { size: 10 });
      const late = { resourceVersion: made.metadata.resourceVersion };
      await assert.rejects(set.store.update(keyOf('a/one'), add, late), failsWith('workload_conflict'));
      await assert.rejects(set.store.delete(keyOf('a/one'), late), failsWith('workload_conflict'));
      await assert.rejects(set.store.delete(keyOf('a/one'), { uid: 'another' }), failsWith('workload_conflict'));
      await assert.rejects(set.store.update(keyOf('a/none'), add), failsWith('workload_not_found'));
      other.close();
    });

    test('an object with finalizers stays, marked, until the last is taken away; it takes no new ones', async () => {
      await using set = await openObjects(server);
      await set.store.create(thing('a/one', {}, { finalizers: ['hold'] }));
      const deleted = await set.store.delete(keyOf('a/one'));
      assert.equal(deleted.metadata.deletionTimestamp, '2026-01-01T00:00:00Z');
      assert.equal(nameOf(await set.store.delete(keyOf('a/one'))), nameOf(deleted), 'deleted twice');
      const finalizers = (names: readonly string[]) => (object: ApiObject) => ({
        ...object,
        metadata: { ...object.metadata, finalizers: names },
      });
      const held = await set.store.update(keyOf('a/one'), finalizers(['hold', 'more']));
      assert.deepEqual(held.metadata.finalizers, ['hold']);
      await set.store.update(keyOf('a/one'), finalizers([]));
      assert.equal(await set.store.get(keyOf('a/one')), undefined);
    });

    test('what belongs to an object goes with it, or before it, or is left; what has another owner stays', async () => {
      await using set = await openObjects(server);
      const reference = ({ apiVersion, kind, metadata: { name, uid } }: ApiObject) => ({ apiVersion, kind, name, uid });
      for (const propagation of ['Background', 'Foreground', 'Orphan'] as const) {
        const owner = await set.store.create(thing('a/owner'));
        const second = await set.store.create(thing('a/second'));
        await set.store.create(thing('a/only', {}, { ownerReferences: [reference(owner)] }));
        await set.store.create(thing('a/shared', {}, { ownerReferences: [reference(owner), reference(second)] }));
        await set.store.delete(keyOf('a/owner'), { propagation });
        const left = (await set.store.list({ resource: 'things' })).items;
        assert.deepEqual(
          left.map(({ metadata }) => [metadata.name, metadata.ownerReferences?.map(({ name }) => name)]),
          [...(propagation === 'Orphan' ? [['only', undefined]] : []), ['second', undefined], ['shared', ['second']]],
        );
        for (const { metadata } of left) if (metadata.name !== 'shared') await set.store.delete(keyOf(`a/${metadata.name}`));
        assert.equal(await set.store.get(keyOf('a/shared')), undefined);
      }
    });

    test('deleted in the foreground, an owner waits for what it owns as long as that takes', async () => {
      await using set = await openObjects(server);
      const { apiVersion, kind, metadata } = await set.store.create(thing('a/owner'));
      const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid }];
      await set.store.create(thing('a/owned', {}, { ownerReferences, finalizers: ['hold'] }));
      await set.store.delete(keyOf('a/owner'), { propagation: 'Foreground' });
      assert.ok((await set.store.get(keyOf('a/owner')))?.metadata.deletionTimestamp);
      await set.store.update(keyOf('a/owned'), (object) => ({ ...object, metadata: { ...object.metadata, finalizers: [] } }));
      assert.equal(await set.store.get(keyOf('a/owned')), undefined);
      assert.equal(await set.store.get(keyOf('a/owner')), undefined);
    });

    test('what lost its owner in a crash is found with the next start', async () => {
      await using set = await openObjects(server);
      const { apiVersion, kind, metadata } = await set.store.create(thing('a/owner'));
      await set.store.create(thing('a/owned', {}, { ownerReferences: [{ apiVersion, kind, name: 'owner', uid: metadata.uid }] }));
      await set.database.write({ statements: [{ sql: "DELETE FROM workload_objects WHERE name = 'owner'" }] });
      (await set.again()).close();
      assert.equal(await set.store.get(keyOf('a/owned')), undefined);
    });

    test('all pages of a list show the moment of the first, whatever happens between them', async () => {
      await using set = await openObjects(server);
      for (const name of ['b', 'd', 'a', 'c', 'e']) await set.store.create(thing(`n/${name}`, { from: 'before' }));
      const first = await set.store.list({ resource: 'things', limit: 2 });
      assert.deepEqual(
        first.items.map(({ metadata }) => metadata.name),
        ['a', 'b'],
      );
      assert.equal(first.remaining, 3);
      await set.store.delete(keyOf('n/c'));
      await set.store.create(thing('n/cc'));
      await set.store.update(keyOf('n/d'), withSpec({ from: 'after' }));
      const second = await set.store.list({ resource: 'things', limit: 10, continue: first.continue ?? '' });
      assert.deepEqual(
        second.items.map(({ metadata, spec }) => [metadata.name, spec]),
        ['c', 'd', 'e'].map((name) => [name, { from: 'before' }]),
      );
      assert.equal(second.resourceVersion, first.resourceVersion);
      assert.equal(second.continue, undefined);
      await assert.rejects(set.store.list({ resource: 'things', continue: 'nonsense' }), failsWith('invalid_request'));
    });

    test('a watch without a version begins with what there is; one with a version with what came after it', async () => {
      await using set = await openObjects(server);
      const one = await set.store.create(thing('a/one'));
      await set.store.create(thing('b/two'));
      const changing = take(set.store, 3, { namespace: 'a' });
      await set.store.update(keyOf('a/one'), withSpec({ size: 1 }));
      await set.store.delete(keyOf('b/two'));
      await set.store.delete(keyOf('a/one'));
      assert.deepEqual((await changing).map(({ type }) => type).slice(-2), ['MODIFIED', 'DELETED']);
      const replayed = await take(set.store, 4, { resourceVersion: one.metadata.resourceVersion });
      assert.deepEqual(
        replayed.map(({ type, object }) => `${type} ${object.metadata.name}`),
        ['ADDED two', 'MODIFIED one', 'DELETED two', 'DELETED one'],
      );
    });

    test('to who looks for some objects, one that begins to fit is added and one that no longer does is deleted', async () => {
      await using set = await openObjects(server);
      const { metadata } = await set.store.create(thing('a/one', { size: 1 }));
      for (const size of [5, 6, 2, 7]) await set.store.update(keyOf('a/one'), withSpec({ size }));
      await set.store.delete(keyOf('a/one'));
      const matches = ({ spec }: ApiObject): boolean => (spec as { size: number }).size > 4;
      const changes = await take(set.store, 5, { resourceVersion: metadata.resourceVersion, matches });
      assert.deepEqual(
        changes.map(({ type }) => type),
        ['ADDED', 'MODIFIED', 'DELETED', 'ADDED', 'DELETED'],
      );
      const versions = changes.map(({ object }) => Number(object.metadata.resourceVersion));
      assert.deepEqual(
        versions,
        versions.toSorted((left, right) => left - right),
      );
    });

    test('changes that were forgotten are said to be gone, to watches and to lists alike', async () => {
      await using set = await openObjects(server, { keptChanges: 10 });
      await set.store.create(thing('a/one', { size: 0 }));
      const old = await set.store.list({ resource: 'things', limit: 1 });
      for (let size = 1; size < 120; size += 1) await set.store.update(keyOf('a/one'), withSpec({ size }));
      await assert.rejects(take(set.store, 1, { resourceVersion: old.resourceVersion }), failsWith('workload_version_gone'));
      await assert.rejects(set.store.list({ resource: 'things', atVersion: old.resourceVersion }), failsWith('workload_version_gone'));
      const ahead = String(Number(await set.store.version()) + 1000);
      await assert.rejects(take(set.store, 1, { resourceVersion: ahead }), failsWith('workload_version_gone'));
      const [row] = await set.database.read({ sql: 'SELECT COUNT(*) AS count FROM workload_changes' });
      assert.ok(Number(row?.['count']) <= 110, 'history is bounded');
    });

    test('a consumer that takes nothing is ended, and others are not', async () => {
      await using set = await openObjects(server, { heldChanges: 5 });
      const end = new AbortController();
      const slow = set.store.watch({ resource: 'things', signal: end.signal })[Symbol.asyncIterator]();
      await set.store.create(thing('a/one', { size: 0 }));
      assert.equal((await slow.next()).value?.type, 'ADDED');
      const version = await set.store.version();
      const quick = take(set.store, 20, { resourceVersion: version });
      for (let size = 1; size <= 20; size += 1) await set.store.update(keyOf('a/one'), withSpec({ size }));
      assert.equal((await quick).length, 20);
      assert.equal((await slow.next()).done, true);
    });

    test('who watches is told how far, also where nothing there concerns it', async () => {
      await using set = await openObjects(server);
      const end = new AbortController();
      const { promise, resolve } = Promise.withResolvers<string>();
      const reached = (version: string): void => {
        if (Number(version) >= 3) resolve(version);
      };
      const watch = set.store.watch({ resource: 'others', resourceVersion: '1', signal: end.signal, onProgress: reached });
      const waiting = watch[Symbol.asyncIterator]().next();
      await set.store.create(thing('a/one'));
      await set.store.create(thing('a/two'));
      assert.equal(await promise, '3');
      end.abort();
      assert.equal((await waiting).done, true);
    });
  });
}
