/** The part of the conformance suite about values and statements: what is stored comes back, and what differs is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Database, Value } from './database.ts';
import { failsWith, idsOf, insert, type WithDatabase } from './suite-store.suite.ts';

export function testValues(withDatabase: WithDatabase): void {
  const roundTrip = async (database: Database, row: { number?: Value; ratio?: Value; text?: Value }): Promise<object> => {
    const { number = null, ratio = null, text = null } = row;
    await database.write({
      statements: [
        { sql: 'DELETE FROM items' },
        { sql: 'INSERT INTO items (id, number, ratio, text) VALUES ($1, $2, $3, $4)', params: ['row', number, ratio, text] },
      ],
    });
    const [found] = await database.read({ sql: 'SELECT number, ratio, text FROM items' });
    return { ...found };
  };

  test(
    'integers beyond 2^53 come as bigint, others as numbers',
    withDatabase(async (database) => {
      const safe = Number.MAX_SAFE_INTEGER;
      const cases: readonly (readonly [Value, Value])[] = [
        ...([
          [0, 0],
          [-1, -1],
          [safe, safe],
          [BigInt(safe), safe],
          [5n, 5],
        ] as const),
        ...[BigInt(safe) + 1n, -(2n ** 63n), 2n ** 63n - 1n].map((value) => [value, value] as const),
      ];
      for (const [given, expected] of cases)
        assert.deepEqual(await roundTrip(database, { number: given }), { number: expected, ratio: null, text: null });
    }),
  );

  test(
    'numbers and text come back as they were',
    withDatabase(async (database) => {
      const text = fc.string({ unit: 'binary', maxLength: 50 }).filter((value) => !value.includes('\0') && value.isWellFormed());
      const ratio = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
      await fc.assert(
        fc.asyncProperty(ratio, text, async (number, words) => {
          assert.deepEqual(await roundTrip(database, { ratio: number, text: words }), { number: null, ratio: number, text: words });
        }),
        { numRuns: 50 },
      );
    }),
  );

  test(
    'whole numbers divide as integers, counts and sums come as numbers',
    withDatabase(async (database) => {
      for (const number of [1, 2, 4]) await database.write(insert(`item ${number}`, number));
      const [row] = await database.read({
        sql: 'SELECT COUNT(*) AS count, SUM(number) AS sum, MAX(number) / $1 AS half FROM items WHERE number > $2',
        params: [3, 0],
      });
      assert.deepEqual({ ...row }, { count: 3, sum: 7, half: 1 });
    }),
  );

  test(
    'a parameter may stand at several places and in any order; quotes and comments hold none',
    withDatabase(async (database) => {
      await database.write(insert("it's $9", 1));
      const sql = `SELECT '$3 -- $4' AS quoted, id FROM items /* $5 ; */ WHERE id = $2 AND (number = $1 OR number = $1) -- it's $6`;
      const [row] = await database.read({ sql, params: [1, "it's $9"] });
      assert.deepEqual({ ...row }, { quoted: '$3 -- $4', id: "it's $9" });
    }),
  );

  test(
    'values that one engine would bend or refuse are refused by all, before anything is written',
    withDatabase(async (database) => {
      const refused: readonly (readonly [Value, RegExp])[] = [
        [Number.NaN, /not a finite number/],
        [Number.POSITIVE_INFINITY, /not a finite number/],
        [2n ** 63n, /64 bits/],
        ['a\0b', /NUL/],
        [undefined as unknown as Value, /undefined/],
        [true as unknown as Value, /boolean/],
      ];
      const sql = 'INSERT INTO items (id, number) VALUES ($1, $2)';
      for (const [value, words] of refused) {
        const statements = [...insert('before').statements, { sql, params: ['x', value] }];
        await assert.rejects(database.write({ statements }), failsWith('storage_failed', words));
      }
      assert.deepEqual(await idsOf(database), []);
    }),
  );

  test(
    'statements outside the shared subset are refused',
    withDatabase(async (database) => {
      const writes: readonly (readonly [string, RegExp])[] = [
        ["INSERT INTO items (id, number) VALUES ('a', random())", /random gives something else/],
        ["INSERT INTO items (id, text) VALUES ('a', CURRENT_TIMESTAMP)", /CURRENT_TIMESTAMP gives something else/],
        ['DELETE FROM items; DELETE FROM runs', /more than one statement/],
        ['PRAGMA synchronous = OFF', /begins with PRAGMA/],
        ['BEGIN', /begins with BEGIN/],
        ['INSERT INTO items (id) VALUES ($1)', /names 1 parameters and got 0/],
        ['INSERT INTO items (id) VALUES ($2)', /without a gap/],
      ];
      for (const [sql, words] of writes)
        await assert.rejects(database.write({ statements: [{ sql }] }), failsWith('storage_failed', words));
      await assert.rejects(database.read({ sql: 'DELETE FROM items' }), failsWith('storage_failed', /begins with DELETE/));
      await assert.rejects(database.read({ sql: 'SELECT absent FROM nowhere' }), failsWith('storage_failed', /nowhere/));
      await assert.rejects(database.write({ statements: [{ sql: 'DELETE FROM nowhere' }] }), failsWith('storage_failed', /nowhere/));
    }),
  );

  test(
    'a result has a bound',
    withDatabase(async (database) => {
      const sql = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1) SELECT n FROM numbers`;
      assert.equal((await database.read({ sql, params: [1000] })).length, 1000);
      await assert.rejects(database.read({ sql, params: [100_001] }), failsWith('storage_failed', /more than 100000 rows; add a LIMIT/));
    }),
  );
}
