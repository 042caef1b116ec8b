import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { jsonPatch, mergePatch } from './json-patch.ts';

/** From the appendix of RFC 6902: a document, a patch, and what comes of it; undefined where it is an error. */
const examples: readonly (readonly [title: string, document: JsonValue, patch: JsonValue, result: JsonValue | undefined])[] = [
  ['A.1 adding a member', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
  ['A.2 adding an element', { foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
  ['A.3 removing a member', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
  ['A.4 removing an element', { foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
  ['A.5 replacing a value', { baz: 'qux', foo: 'bar' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo', foo: 'bar' }],
  ['A.6 moving a value', { a: { b: 1, c: 2 }, d: {} }, [{ op: 'move', from: '/a/b', path: '/d/e' }], { a: { c: 2 }, d: { e: 1 } }],
  [
    'A.7 moving an element',
    { foo: ['all', 'cows', 'eat'] },
    [{ op: 'move', from: '/foo/1', path: '/foo/2' }],
    { foo: ['all', 'eat', 'cows'] },
  ],
  ['A.8 a test that holds', { baz: 'qux', foo: ['a', 2] }, [{ op: 'test', path: '/foo/1', value: 2 }], { baz: 'qux', foo: ['a', 2] }],
  ['A.9 a test that does not', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }], undefined],
  ['A.10 adding a nested object', { foo: 'bar' }, [{ op: 'add', path: '/child', value: { a: {} } }], { foo: 'bar', child: { a: {} } }],
  ['A.12 adding below what is not there', { foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }], undefined],
  ['A.14 ~ escapes', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
  ['A.15 a text is no number', { '/': 9 }, [{ op: 'test', path: '/~1', value: '9' }], undefined],
  ['A.16 adding at the end', { foo: ['bar'] }, [{ op: 'add', path: '/foo/-', value: ['abc'] }], { foo: ['bar', ['abc']] }],
  ['replacing what is not there', {}, [{ op: 'replace', path: '/a', value: 1 }], undefined],
  ['an index with a leading zero', { foo: [1, 2] }, [{ op: 'remove', path: '/foo/01' }], undefined],
  ['removing behind the end', { foo: [1] }, [{ op: 'remove', path: '/foo/1' }], undefined],
  ['moving into itself', { a: { b: {} } }, [{ op: 'move', from: '/a', path: '/a/b' }], undefined],
  ['the prototype', {}, [{ op: 'add', path: '/__proto__/x', value: 1 }], undefined],
  ['copying', { a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
  ['no list of operations', {}, { op: 'add' }, undefined],
];

for (const [title, document, patch, result] of examples) {
  test(`JSON patch: ${title}`, () => {
    const before = structuredClone(document);
    if (result === undefined) assert.throws(() => jsonPatch(document, patch), OpenClawError);
    else assert.deepEqual(jsonPatch(document, patch), result);
    assert.deepEqual(document, before, 'what it is given stays as it is');
  });
}

test('merge patch: the examples of RFC 7386', () => {
  const cases: readonly (readonly [JsonValue, JsonValue, JsonValue])[] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of cases) assert.deepEqual(mergePatch(target, patch), result);
});

test('what was added and is removed again leaves what was there', () => {
  const value = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;
  const document = fc.dictionary(fc.string({ maxLength: 4 }), value, { maxKeys: 4, noNullPrototype: true });
  fc.assert(
    fc.property(document, fc.string({ minLength: 5, maxLength: 8 }), value, (before, name, added) => {
      const path = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const operations = [
        { op: 'add', path, value: added },
        { op: 'test', path, value: added },
        { op: 'remove', path },
      ];
      assert.deepEqual(jsonPatch(before, operations), before);
    }),
  );
});
