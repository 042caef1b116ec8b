/**
 * What every engine must do: the contract of `database.ts`, sentence by sentence. Call `describeDatabase` in a test file of the
 * engine. What only one engine can do (recovery, locks, migrations of a file) is tested beside that engine.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { keptChanges } from './changes.ts';
import type { Database, WriteBatch } from './database.ts';
import type { Migration } from './migrations/index.ts';
import { failsWith, idsOf, insert, noting, tables, type SuiteStore, type WithDatabase, type WithStore } from './suite-store.suite.ts';
import { testValues } from './values.suite.ts';

export interface Engine {
  /** Opens an empty store with these migrations. */
  create(migrations: readonly Migration[]): Promise<SuiteStore>;
  /** Takes down what all stores shared. */
  stop?(): Promise<void>;
}

export function describeDatabase(name: string, startEngine: () => Promise<Engine>): void {
  describe(`database contract: ${name}`, () => {
    let engine: Engine;
    before(async () => {
      engine = await startEngine();
    });
    after(() => engine.stop?.());

    const withStore = async (use: (store: SuiteStore) => Promise<void>): Promise<void> => {
      const store = await engine.create([tables]);
      try {
        await use(store);
      } finally {
        await store.remove();
      }
    };
    const withDatabase = (use: (database: Database) => Promise<void>) => () =>
      withStore(async (store) => {
        const database = await store.open();
        try {
          await use(database);
        } finally {
          await database.close();
        }
      });

    writesAndGuards(withDatabase);
    order(withDatabase);
    testValues(withDatabase);
    changeFeed(withDatabase);
    channels(withDatabase);
    lifetime(withDatabase, withStore);
  });
}

function writesAndGuards(withDatabase: WithDatabase): void {
  test(
    'a read after an acknowledged write sees it',
    withDatabase(async (database) => {
      for (let round = 0; round < 20; round += 1) {
        await database.write(insert(`item ${round}`, round));
        const rows = await database.read({ sql: 'SELECT number FROM items WHERE id = $1', params: [`item ${round}`] });
        assert.deepEqual(
          rows.map((row) => ({ ...row })),
          [{ number: round }],
        );
      }
    }),
  );

  test(
    'a batch of which one statement fails writes nothing at all',
    withDatabase(async (database) => {
      await database.write(insert('taken'));
      const batch = noting({ statements: [...insert('new').statements, ...insert('taken').statements] }, 'new');
      await assert.rejects(database.write(batch), failsWith('storage_failed', /unique|duplicate/i));
      assert.deepEqual(await idsOf(database), ['taken']);
      assert.deepEqual(await database.changes(0, 10), []);
    }),
  );

  test(
    'a guard that does not hold refuses the batch by its name',
    withDatabase(async (database) => {
      await database.write(insert('there'));
      const guardOn = (id: string, expect: 'row' | 'noRow') => ({
        ...{ sql: 'SELECT 1 AS found FROM items WHERE id = $1', params: [id] },
        ...{ expect, name: `the state of ${id}` },
      });
      const write = (id: string, expect: 'row' | 'noRow', added: string) =>
        database.write({ guards: [guardOn(id, expect)], statements: insert(added).statements });
      await write('there', 'row', 'a');
      await write('absent', 'noRow', 'b');
      await assert.rejects(write('absent', 'row', 'c'), failsWith('storage_conflict', /the state of absent/));
      await assert.rejects(write('there', 'noRow', 'd'), failsWith('storage_conflict', /the state of there/));
      assert.deepEqual(await idsOf(database), ['a', 'b', 'there']);
    }),
  );

  test(
    'of writers that expect the same epoch and sequence, one wins',
    withDatabase(async (database) => {
      await database.write({ statements: [{ sql: 'INSERT INTO runs (id, epoch, sequence) VALUES ($1, 1, 0)', params: ['run'] }] });
      const append = (writer: number): WriteBatch => ({
        guards: [
          {
            sql: 'SELECT 1 AS ok FROM runs WHERE id = $1 AND epoch = $2 AND sequence = $3',
            params: ['run', 1, 0],
            expect: 'row',
            name: 'the lease',
          },
        ],
        statements: [
          { sql: 'UPDATE runs SET sequence = sequence + 1 WHERE id = $1', params: ['run'] },
          ...insert(`by ${writer}`).statements,
        ],
      });
      const outcomes = await Promise.allSettled([0, 1, 2, 3, 4].map((writer) => database.write(append(writer))));
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected', 'rejected', 'rejected', 'rejected'],
      );
      assert.deepEqual(await idsOf(database), ['by 0']);
    }),
  );

  test(
    'a batch that fails does not fail those that are committed with it',
    withDatabase(async (database) => {
      await database.write(insert('taken'));
      const ids = ['a', 'taken', 'b', 'taken', 'c'];
      const outcomes = await Promise.allSettled(ids.map((id) => database.write(noting(insert(id), id))));
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
      );
      assert.deepEqual(await idsOf(database), ['a', 'b', 'c', 'taken']);
      assert.deepEqual(
        (await database.changes(0, 10)).map(({ key }) => key),
        ['a', 'b', 'c'],
      );
    }),
  );

  test(
    'whatever mixture of batches is written at once, exactly the accepted ones are there',
    withDatabase(async (database) => {
      const batches = fc.array(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(batches, async (groups) => {
          await database.write({ statements: [{ sql: 'DELETE FROM items' }] });
          const outcomes = await Promise.allSettled(
            groups.map((group) => database.write({ statements: group.flatMap((id) => insert(`item ${id}`).statements) })),
          );
          const expected = new Set<string>();
          for (const [index, group] of groups.entries()) {
            const fits = new Set(group).size === group.length && group.every((id) => !expected.has(`item ${id}`));
            assert.equal(outcomes[index]?.status, fits ? 'fulfilled' : 'rejected');
            if (fits) for (const id of group) expected.add(`item ${id}`);
          }
          assert.deepEqual(await idsOf(database), [...expected].sort());
        }),
        { numRuns: 25 },
      );
    }),
  );

  test(
    'an upsert replaces the row',
    withDatabase(async (database) => {
      const sql = 'INSERT INTO items (id, number) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET number = excluded.number';
      await database.write({
        statements: [
          { sql, params: ['a', 1] },
          { sql, params: ['a', 2] },
        ],
      });
      assert.equal((await database.read({ sql: 'SELECT number FROM items' }))[0]?.['number'], 2);
    }),
  );
}

function order(withDatabase: WithDatabase): void {
  test(
    'batches take effect in the order of the calls',
    withDatabase(async (database) => {
      const append = (text: string): WriteBatch => ({
        statements: [{ sql: "UPDATE items SET text = COALESCE(text, '') || $1 WHERE id = 'a'", params: [text] }],
      });
      await database.write(insert('a'));
      const letters = Array.from('the quick brown fox jumps over the lazy dog');
      await Promise.all(letters.map((letter) => database.write(append(letter))));
      assert.equal((await database.read({ sql: 'SELECT text FROM items' }))[0]?.['text'], letters.join(''));
    }),
  );

  test(
    'many writers at once lose nothing',
    withDatabase(async (database) => {
      const writer = async (name: number): Promise<void> => {
        for (let round = 0; round < 10; round += 1) await database.write(insert(`${name}/${round}`, round, 'x'.repeat(500)));
      };
      await Promise.all(Array.from({ length: 50 }, (_, name) => writer(name)));
      assert.equal((await database.read({ sql: 'SELECT COUNT(*) AS count FROM items' }))[0]?.['count'], 500);
    }),
  );
}

function changeFeed(withDatabase: WithDatabase): void {
  test(
    'changes come in commit order, and only those of batches that were written',
    withDatabase(async (database) => {
      await Promise.allSettled([
        database.write(noting(insert('a'), 'a', 'a2')),
        database.write(noting(insert('a'), 'never')),
        database.write(noting(insert('b'), 'b')),
      ]);
      const all = await database.changes(0, 10);
      assert.deepEqual(
        all.map(({ topic, key }) => ({ topic, key })),
        [
          { topic: 'items', key: 'a' },
          { topic: 'items', key: 'a2' },
          { topic: 'items', key: 'b' },
        ],
      );
      assert.ok(all.every(({ position }, index) => index === 0 || position > (all[index - 1]?.position ?? Infinity)));
      assert.deepEqual(await database.changes(all[0]?.position ?? 0, 1), all.slice(1, 2));
      assert.deepEqual(await database.changes(all[2]?.position ?? 0, 10), []);
    }),
  );

  test(
    'a reader that follows while others write misses no change and sees none out of order',
    withDatabase(async (database) => {
      const total = 200;
      const seen: string[] = [];
      let position = 0;
      const follow = async (): Promise<void> => {
        while (seen.length < total) {
          for (const change of await database.changes(position, 17)) {
            assert.ok(change.position > position);
            position = change.position;
            seen.push(change.key);
          }
        }
      };
      const writer = async (name: number): Promise<void> => {
        for (let round = 0; round < total / 10; round += 1) await database.write(noting(insert(`${name}/${round}`), `${name}/${round}`));
      };
      await Promise.all([follow(), ...Array.from({ length: 10 }, (_, name) => writer(name))]);
      assert.equal(new Set(seen).size, total);
      for (let name = 0; name < 10; name += 1) {
        const own = seen.filter((key) => key.startsWith(`${name}/`));
        assert.deepEqual(
          own,
          Array.from({ length: total / 10 }, (_, round) => `${name}/${round}`),
        );
      }
    }),
  );

  test(
    'a reader that is too far behind is told so',
    withDatabase(async (database) => {
      // As if 150,000 changes had been written: their rows are what matters.
      const sql = 'INSERT INTO changes (position, topic, key) VALUES ($1, $2, $3)';
      await database.write({ statements: [1, 2, 50_000, 149_999].map((position) => ({ sql, params: [position, 'items', 'k'] })) });
      await database.write(noting(insert('a'), 'a'));
      const kept = await database.changes(0, 10);
      assert.deepEqual(
        kept.map(({ position }) => position),
        [149_999, 150_000],
      );
      assert.ok(150_000 - keptChanges >= 50_000);
      await assert.rejects(database.changes(2, 10), failsWith('changes_expired', /after 2 are gone; the oldest kept is 149999/));
      assert.equal((await database.changes(149_999, 10)).length, 1);
    }),
  );
}

function channels(withDatabase: WithDatabase): void {
  test(
    'a message reaches every subscriber of its channel and nobody else, in order',
    withDatabase(async (database) => {
      const heard: string[] = [];
      const { promise: last, resolve } = Promise.withResolvers<void>();
      database.subscribe('presence', (message) => heard.push(`one ${message}`));
      const end = database.subscribe('presence', (message) => heard.push(`two ${message}`));
      database.subscribe('other', () => heard.push('never'));
      database.subscribe('presence', (message) => message === 'c' && resolve());
      await database.publish('presence', 'a');
      await database.publish('presence', 'b');
      await database.publish('last', 'x');
      await barrier(database);
      end();
      await database.publish('presence', 'c');
      await last;
      assert.deepEqual(heard, ['one a', 'two a', 'one b', 'two b', 'one c']);
    }),
  );

  test(
    'a message is bounded, and so are names of channels',
    withDatabase(async (database) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      database.subscribe('large', resolve);
      const largest = 'é'.repeat(3_950);
      await database.publish('large', largest);
      assert.equal(await promise, largest);
      await assert.rejects(database.publish('large', `${largest}x`), failsWith('storage_failed', /7901 bytes is over the limit of 7900/));
      await assert.rejects(database.publish('Not a channel', 'x'), failsWith('storage_failed', /not a name of a channel/));
    }),
  );
}

/** Waits until what was published before has been delivered. */
function barrier(database: Database): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = database.subscribe('barrier', () => {
    end();
    resolve();
  });
  return database.publish('barrier', '').then(() => promise);
}

function lifetime(withDatabase: WithDatabase, withStore: WithStore): void {
  test('close waits for writes under way, and what they wrote is there afterwards', () =>
    withStore(async (store) => {
      const first = await store.open();
      const writes = Array.from({ length: 30 }, (_, index) => first.write(insert(`item ${String(index).padStart(2, '0')}`, index)));
      await first.close();
      await Promise.all(writes);
      const second = await store.open();
      assert.equal((await idsOf(second)).length, 30);
      await second.close();
    }));

  test('a closed database refuses everything, and closing twice is one closing', () =>
    withStore(async (store) => {
      const database = await store.open();
      await Promise.all([database.close(), database.close()]);
      const closed = failsWith('storage_failed', /closed/);
      await assert.rejects(database.write(insert('a')), closed);
      await assert.rejects(database.read({ sql: 'SELECT 1 AS one' }), closed);
      await assert.rejects(database.changes(0, 1), closed);
      await assert.rejects(database.publish('channel', 'x'), closed);
      assert.throws(() => database.subscribe('channel', () => undefined), closed);
      assert.equal((await database.check()).writable, false);
    }));

  test(
    'a healthy database says that a write would succeed, and how large it is',
    withDatabase(async (database) => {
      const { writable, bytes, waiting } = await database.check();
      assert.deepEqual({ writable, waiting }, { writable: true, waiting: 0 });
      assert.ok(bytes > 0);
    }),
  );

  test('where two databases share a store, each sees the other: writes, guards, changes, messages', () =>
    withStore(async (store) => {
      if (!store.shared) return;
      const [one, two] = [await store.open(), await store.open()];
      const { promise, resolve } = Promise.withResolvers<string>();
      two.subscribe('hello', resolve);
      await one.publish('hello', 'from one');
      assert.equal(await promise, 'from one');
      const claim = (name: string): WriteBatch => ({
        guards: [{ sql: "SELECT 1 AS found FROM items WHERE id = 'lease'", expect: 'noRow', name: 'the lease' }],
        statements: insert('lease', 0, name).statements,
        changes: [{ topic: 'lease', key: name }],
      });
      const outcomes = await Promise.allSettled([one.write(claim('one')), two.write(claim('two'))]);
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
      assert.deepEqual(await one.changes(0, 10), await two.changes(0, 10));
      assert.equal((await one.changes(0, 10)).length, 1);
      await Promise.all([one.close(), two.close()]);
    }));
}
