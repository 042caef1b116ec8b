import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSameJson, readLastApplied, threeWayPatch, withLastApplied } from './three-way-merge.ts';

type Json = Record<string, unknown>;

/** RFC 7396. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Json = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...(target as Json) } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }));
const { manifest } = fc.letrec<{ manifest: Json; value: unknown }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, tie('manifest')),
  manifest: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value'), { maxKeys: 4 }),
}));

test('after the patch everything that is wanted is there, and what was applied and is wanted no more is not', () => {
  fc.assert(
    fc.property(manifest, manifest, manifest, (lastApplied, wanted, live) => {
      const result = merged(live, threeWayPatch({ lastApplied, wanted, live })) as Json;
      const check = (want: Json, got: Json, before: unknown): void => {
        for (const [name, value] of Object.entries(want)) {
          if (isRecord(value)) check(value, got[name] as Json, isRecord(before) ? before[name] : undefined);
          else assert.deepEqual(got[name], value);
        }
        for (const name of Object.keys(isRecord(before) ? before : {})) assert.equal(Object.hasOwn(got, name), Object.hasOwn(want, name));
      };
      check(wanted, result, lastApplied);
    }),
  );
});

test('what nobody applied stays, and where nothing is to change the patch is empty', () => {
  fc.assert(
    fc.property(manifest, manifest, (wanted, live) => {
      const result = merged(live, threeWayPatch({ lastApplied: undefined, wanted, live })) as Json;
      for (const name of Object.keys(live)) assert.ok(Object.hasOwn(result, name));
      assert.deepEqual(threeWayPatch({ lastApplied: wanted, wanted, live: result }), {});
    }),
  );
});

test('a manifest reads back from its annotation, whatever the order of its fields', () => {
  fc.assert(
    fc.property(manifest, (spec) => {
      const object = { kind: 'Workload', metadata: { name: 'shop', annotations: { mine: 'x' } }, spec };
      const stored = withLastApplied(object);
      assert.ok(isSameJson(readLastApplied(stored), object));
      const turned = Object.fromEntries(Object.entries(object).toReversed()) as typeof object;
      assert.deepEqual(withLastApplied(turned), stored);
      // Sent again as it was read, it is the same.
      assert.deepEqual(withLastApplied(stored), stored);
    }),
  );
});

test('an annotation that somebody wrote over is no apply', () => {
  for (const text of ['{', '3', 'null', '[]']) {
    assert.equal(readLastApplied({ metadata: { annotations: { 'openclaw.io/last-applied-configuration': text } } }), undefined);
  }
  assert.equal(readLastApplied({}), undefined);
});

test('a field that is called like a prototype is a field', () => {
  const wanted = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as Json;
  const patch = threeWayPatch({ lastApplied: undefined, wanted, live: {} });
  assert.deepEqual(JSON.stringify(patch), '{"__proto__":{"a":1},"constructor":2}');
});

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
