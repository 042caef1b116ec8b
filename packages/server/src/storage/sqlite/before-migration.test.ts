import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import type { Migration } from '../migrations/index.ts';
import { encodeBatch } from './batch-line.ts';
import { restoreSnapshot } from './before-migration.ts';
import { beforeMigrationPath } from './paths.ts';
import { contentsOf, createTestStore, note, pairLine, pairs, wholePairs, type TestStore } from './store.fixture.ts';

const flag: Migration = { version: 3, name: 'flag', statements: ['ALTER TABLE rights ADD COLUMN flag BIGINT'] };
const withNote = (id: number): string =>
  encodeBatch({
    statements: [
      { sql: "INSERT INTO lefts (id, note) VALUES ($1, 'new')", params: [id] },
      { sql: 'INSERT INTO rights (id) VALUES ($1)', params: [id] },
    ],
  });

/** A store that the older program wrote 1 and 2 to, and the newer one 3. */
function upgraded(): TestStore {
  const testStore = createTestStore();
  const older = testStore.open();
  older.commit([pairLine(1)]);
  older.commit([pairLine(2)]);
  older.close();
  const newer = testStore.open({ migrations: [pairs, note] });
  assert.deepEqual(newer.migrated, [2]);
  assert.deepEqual(newer.commit([withNote(3)]), [undefined]);
  newer.close();
  return testStore;
}

test('an upgrade keeps everything, and a rebuild leads across the migration', () => {
  const testStore = upgraded();
  for (const boot of ['boot 1', 'boot 2']) {
    const newer = testStore.open({ migrations: [pairs, note], boot });
    assert.deepEqual(wholePairs(newer), [1, 2, 3]);
    assert.deepEqual(newer.migrated, []);
    // Not closed: the next start, on another boot, must rebuild.
  }
  testStore.remove();
});

test('an older program refuses a newer schema with the way back, and changes nothing that matters', () => {
  const testStore = upgraded();
  const before = contentsOf(testStore.paths.journal);
  for (const boot of ['boot 1', 'boot 2']) {
    assert.throws(
      () => testStore.open({ boot }),
      (thrown) => {
        assert.ok(thrown instanceof OpenClawError);
        assert.equal(thrown.code, 'storage_newer');
        assert.match(thrown.message, /schema 2, and this program knows only up to 1/);
        assert.ok(thrown.hint.includes(beforeMigrationPath(testStore.paths.directory, 2)));
        assert.match(thrown.hint, /openclaw state restore-before-migration 2$/);
        return true;
      },
    );
  }
  assert.deepEqual(contentsOf(testStore.paths.journal), before);
  const newer = testStore.open({ migrations: [pairs, note] });
  assert.deepEqual(wholePairs(newer), [1, 2, 3]);
  newer.close();
  testStore.remove();
});

test('going back gives the older program what was there before, keeps the rest beside, and can be upgraded again', () => {
  const testStore = upgraded();
  const { keptIn, schema } = restoreSnapshot(testStore.paths, 2, 'then');
  assert.equal(schema, 1);
  assert.ok(existsSync(join(keptIn, 'journal')));
  const older = testStore.open();
  assert.deepEqual(wholePairs(older), [1, 2]);
  older.commit([pairLine(4)]);
  older.close();
  const newer = testStore.open({ migrations: [pairs, note], boot: 'boot 2' });
  assert.deepEqual(wholePairs(newer), [1, 2, 4]);
  newer.close();
  testStore.remove();
});

test('going back a second time finishes what a crash interrupted', () => {
  const testStore = upgraded();
  restoreSnapshot(testStore.paths, 2, 'first');
  restoreSnapshot(testStore.paths, 2, 'second');
  const older = testStore.open();
  assert.deepEqual(wholePairs(older), [1, 2]);
  older.close();
  testStore.remove();
});

test('there is no going back without a snapshot, and those that are there are named', () => {
  const testStore = upgraded();
  assert.throws(() => restoreSnapshot(testStore.paths, 7, 'then'), /no snapshot from before migration 7/);
  testStore.remove();
});

test('several migrations at once have one snapshot; of many, the last two are kept', () => {
  const testStore = createTestStore();
  testStore.open().close();
  const two = testStore.open({ migrations: [pairs, note, flag] });
  assert.deepEqual(two.migrated, [2, 3]);
  two.close();
  const kept = (): number[] => [2, 3, 4, 5].filter((version) => existsSync(beforeMigrationPath(testStore.paths.directory, version)));
  assert.deepEqual(kept(), [2]);
  const more: Migration[] = [4, 5].map((version) => ({
    version,
    name: `m${version}`,
    statements: [`CREATE TABLE t${version} (id BIGINT)`],
  }));
  for (const count of [1, 2]) testStore.open({ migrations: [pairs, note, flag, ...more.slice(0, count)] }).close();
  assert.deepEqual(kept(), [4, 5]);
  testStore.remove();
});

test('a migration that fails leaves the schema before it, and the next start tries again', () => {
  const testStore = createTestStore();
  testStore.open().close();
  const wrong: Migration = { version: 2, name: 'wrong', statements: ['CREATE TABLE fine (id BIGINT)', 'CREATE TABLE lefts (id BIGINT)'] };
  assert.throws(() => testStore.open({ migrations: [pairs, wrong] }), /already exists/);
  const store = testStore.open({ migrations: [pairs, note] });
  assert.deepEqual(store.migrated, [2]);
  assert.throws(() => store.read({ sql: 'SELECT id FROM fine' }), /no such table/);
  store.close();
  testStore.remove();
});
