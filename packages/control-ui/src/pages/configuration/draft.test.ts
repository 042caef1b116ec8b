import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { schema as s } from '@openclaw/protocol';
import { countChanges, originOf, patchBetween, valueAt, withValue } from './draft.ts';
import { answers, formatPath, isObject, readSetting, type Json, type JsonObject } from './setting.ts';

test('a value is set and taken away at its path, in objects and lists that are made on the way', () => {
  const one = withValue({}, ['models', 'routes', 'fast', 'targets', 0, 'model'], 'a/b');
  assert.deepEqual(one, { models: { routes: { fast: { targets: [{ model: 'a/b' }] } } } });
  assert.equal(valueAt(one, ['models', 'routes', 'fast', 'targets', 0, 'model']), 'a/b');
  assert.equal(valueAt(one, ['models', 0]), undefined);
  assert.equal(valueAt({}, ['constructor']), undefined);
  assert.deepEqual(withValue({ a: { b: 1 }, c: 2 }, ['a', 'b'], undefined), { c: 2 });
  assert.deepEqual(withValue({ a: { b: {}, d: 1 } }, ['a', 'b', 'c'], undefined), { a: { d: 1 } });
  assert.deepEqual(withValue({ a: [1, 2, 3] }, ['a', 1], undefined), { a: [1, 3] });
});

test('a patch has what differs and nothing else', () => {
  assert.equal(patchBetween({ a: { b: [1] } }, { a: { b: [1] } }), undefined);
  const patch = patchBetween({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: 1, c: 3 }, d: [1, 2], e: {} });
  assert.deepEqual(patch, { a: { c: 3 }, d: [1, 2], e: {} });
  assert.equal(countChanges(patch), 3);
  assert.deepEqual(patchBetween({ a: 1 }, {}), { a: null });
});

test('laid over the one, the patch makes the other, whatever both are', () => {
  const apply = (value: JsonObject, patch: JsonObject): JsonObject => {
    const result: Record<string, Json> = { ...value };
    for (const [name, next] of Object.entries(patch)) {
      const old = value[name];
      if (next === null) delete result[name];
      else result[name] = isObject(next) && isObject(old) ? apply(old, next) : next;
    }
    return result;
  };
  const leaf = fc.oneof(
    fc.integer({ max: 3 }),
    fc.constantFrom('x', 'y'),
    fc.boolean(),
    fc.array(fc.integer({ max: 2 }), { maxLength: 2 }),
  );
  const { tree } = fc.letrec<{ tree: JsonObject }>((tie) => ({
    tree: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof({ maxDepth: 3 }, leaf, tie('tree')), {
      noNullPrototype: true,
    }) as fc.Arbitrary<JsonObject>,
  }));
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      assert.deepEqual(apply(before, patchBetween(before, after) ?? {}), { ...after });
    }),
  );
});

test('a value comes from the file, the default, or elsewhere', () => {
  assert.equal(originOf({ inFile: 1, inForce: 1, preset: 1 }), 'file');
  assert.equal(originOf({ inFile: undefined, inForce: 1, preset: 1 }), 'default');
  assert.equal(originOf({ inFile: undefined, inForce: 2, preset: 1 }), 'elsewhere');
  assert.equal(originOf({ inFile: undefined, inForce: undefined, preset: undefined }), 'none');
});

test('each kind of the schema becomes a field', () => {
  const schema = s.object(
    {
      port: s.integer({ description: 'TCP port', default: 1 }),
      mode: s.choice(['a', 'b'], { description: 'Mode' }),
      on: s.boolean({ description: 'On' }),
      wait: s.durationMs({ description: 'Wait', default: 5 }),
      key: s.secret({ description: 'Key' }),
      hosts: s.array(s.string({ description: 'A host.' }), { description: 'Hosts' }),
      named: s.record(s.object({ id: s.string({ description: 'Id' }) }, { description: 'One', required: ['id'] }), {
        description: 'Named',
        names: { pattern: '.', expects: 'a name' },
      }),
    },
    { description: 'All' },
  );
  const setting = readSetting(schema);
  assert.ok(setting.kind === 'group');
  assert.deepEqual(
    Object.values(setting.members).map(({ kind }) => kind),
    ['number', 'choice', 'flag', 'unit', 'secret', 'texts', 'record'],
  );
  assert.ok(answers(setting, 'gateway', 'tcp') && answers(setting, 'gateway', 'hosts') && !answers(setting, 'gateway', 'nowhere'));
  // As the gateway publishes an object for which one member may stand.
  const short = { description: 'The model.', type: 'string' } as const;
  const shorthand = readSetting({
    description: 'Target',
    anyOf: [short, { type: 'object', properties: { model: short, weight: { type: 'number' } } }],
  });
  assert.ok(shorthand.kind === 'group' && shorthand.shorthand === 'model');
});

test('paths are written as the gateway writes them', () => {
  assert.equal(formatPath(['models', 'routes', 'gpt-4.1', 'targets', 0]), 'models.routes["gpt-4.1"].targets[0]');
});
