import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as parser from '@humanwhocodes/momoa';
import type * as momoa from '@humanwhocodes/momoa';
import fc from 'fast-check';

import { setInText, unsetInText } from './edit.ts';
import { parsePath, type Path } from './path.ts';
import { parseTree, type Tree } from './tree.ts';

function treeOf(text: string): Tree {
  const tree = parseTree(text, { file: 'value', parser, problems: [] });
  assert.ok(tree, text);
  return tree;
}

const set = (text: string, path: string, value: string): string => setInText(text, { path: parsePath(path), value: treeOf(value), parser });
const unset = (text: string, path: string): string | undefined => unsetInText(text, { path: parsePath(path), parser });

function evaluated(text: string): unknown {
  return parser.evaluate(parser.parse(text, { mode: 'json5' }));
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((part, segment) => (part as Record<string, unknown> | undefined)?.[segment], value);
}

const commented = `// mine
{
  gateway: {
    port: 1, // the usual one
    // more to come
  },
  /* who answers */
  models: { providers: { "a": {}, }, },
}
`;

test('a value is replaced where it stands, and nothing else changes', () => {
  assert.equal(set(commented, 'gateway.port', '8080'), commented.replace('port: 1', 'port: 8080'));
  assert.equal(set(commented, 'models.providers.a', "{ api: 'x' }"), commented.replace('"a": {}', '"a": {\n    api: "x",\n  }'));
});

test('a new setting comes after the last one and the remark on its line', () => {
  assert.equal(set(commented, 'gateway.bind', 'null'), commented.replace('one\n', 'one\n    bind: null,\n'));
  assert.equal(set(commented, 'models.providers.b', '1'), commented.replace('"a": {}, ', '"a": {}, b: 1, '));
  assert.equal(set('{\n  a: 1 // one\n}', 'b', '2'), '{\n  a: 1, // one\n  b: 2\n}');
});

test('objects on the way are made', () => {
  assert.equal(
    set('', 'models.routes.fast.targets[0]', "'a/b'"),
    "{\n  models: {\n    routes: {\n      fast: {\n        targets: ['a/b'],\n      },\n    },\n  },\n}\n",
  );
  assert.equal(set('{}', 'a', '{}'), '{\n  a: {},\n}');
  assert.equal(set('{\n  // nothing yet\n}\n', 'a', '1'), '{\n  a: 1,\n  // nothing yet\n}\n');
});

test('strict JSON stays strict JSON', () => {
  const json = '{\n\t"gateway": {\n\t\t"port": 1\n\t}\n}\n';
  assert.equal(set(json, 'gateway.bind', "'lan'"), json.replace('1\n', '1,\n\t\t"bind": "lan"\n'));
  assert.equal(
    set(json, 'models', '{ a: { b: [\'it\\\'s\', "\\""] } }'),
    json.replace('}\n}', '},\n\t"models": {\n\t\t"a": {\n\t\t\t"b": ["it\'s", "\\""]\n\t\t}\n\t}\n}'),
  );
  assert.equal(unset(set(json, 'gateway.bind', "'lan'"), 'gateway.bind'), json);
});

test('line ends of the file are kept', () => {
  assert.equal(set('{\r\n  a: 1,\r\n}\r\n', 'b', '{ c: 1 }'), '{\r\n  a: 1,\r\n  b: {\r\n    c: 1,\r\n  },\r\n}\r\n');
  assert.equal(unset('{\r\n  a: 1,\r\n  b: 2,\r\n}\r\n', 'a'), '{\r\n  b: 2,\r\n}\r\n');
});

test('items of lists are replaced and added at the end', () => {
  assert.equal(set('{ a: [1, 2] }', 'a[1]', '3'), '{ a: [1, 3] }');
  assert.equal(set('{ a: [1, 2] }', 'a[2]', '3'), '{ a: [1, 2, 3] }');
  assert.equal(set('{ a: [] }', 'a[0]', '3'), '{ a: [\n  3,\n] }');
});

test('a setting is taken out with its line, and remarks stay', () => {
  assert.equal(unset(commented, 'gateway.port'), commented.replace('port: 1, //', '//'));
  assert.equal(unset(commented, 'models'), commented.replace('  models: { providers: { "a": {}, }, },\n', ''));
  assert.equal(unset('{ a: 1, b: 2, c: 3 }', 'b'), '{ a: 1, c: 3 }');
  assert.equal(unset('{ a: 1, b: 2 }', 'b'), '{ a: 1 }');
  assert.equal(unset('{ a: [1, 2, 3] }', 'a[0]'), '{ a: [2, 3] }');
});

test('what does not stand in the text cannot be taken out of it', () => {
  for (const path of ['b', 'a.b', 'a[0]', '']) assert.equal(unset('{ a: 1 }', path), undefined, path);
  assert.equal(unset('', 'a'), undefined);
});

test('a path through a single value or past the end of a list is refused', () => {
  const message = (reason: string): object => ({ code: 'usage_error', message: `${reason}.` });
  assert.throws(() => set('{ a: 1 }', 'a.b', '1'), message('a is a single value, and has no place for b'));
  assert.throws(() => set('{ a: [1] }', 'a[2]', '1'), message('a is a list of 1, and has no place for [2]'));
  assert.throws(() => set('{ a: {} }', 'a[0]', '1'), message('a is an object, and has no place for [0]'));
  assert.throws(() => set('{}', 'a[1]', '1'), message('a new list begins with [0], not [1]'));
});

/** Texts of JSON5 in all manners, each with a comment that must survive. */
const name = fc.constantFrom('a', 'b', 'c-d', 'é', '😀', "it's");
const scalar = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('"', "'", '\\', '\n', '\u2028', '${A}', '//'),
);
const { value: json } = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie('value'), { maxLength: 3 }), tie('object')),
  object: fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}));
const object = fc.dictionary(name, json, { maxKeys: 4, noNullPrototype: true });
const text = fc
  .tuple(object, fc.constantFrom('', '  ', '\t'), fc.boolean(), fc.boolean(), fc.constantFrom('\n', '\r\n'))
  .map(([value, indent, hasComments, hasCommas, newline]) => {
    const lines = JSON.stringify(value, null, indent).split('\n');
    return lines
      .map((line, index) => (hasCommas && /^\s*[\]}]/.test(lines[index + 1] ?? '') && !/[[{,]$/.test(line) ? `${line},` : line))
      .map((line) => (hasComments && indent !== '' ? `${line} // remark` : line))
      .join(newline);
  });

/** Whether `long` is `short` with something put in. */
function isSubsequence(short: string, long: string): boolean {
  let index = 0;
  for (const letter of long) if (short.startsWith(letter, index)) index += letter.length;
  return index === short.length;
}

/** Where the value at a path begins and ends; undefined when it is not there. */
function placeOf(written: string, path: Path): readonly [number, number] | undefined {
  const root: momoa.ValueNode = parser.parse(written, { mode: 'json5', ranges: true }).body;
  const node = path.reduce<momoa.ValueNode | undefined>(
    (part, segment) =>
      part?.type === 'Object' ? part.members.find(({ name: key }) => key.type === 'String' && key.value === segment)?.value : undefined,
    root,
  );
  return node && [node.loc.start.offset, node.loc.end.offset];
}

/** Whether the path leads through objects, or ends before anything is in its way. */
function isFree(original: unknown, path: Path): boolean {
  return path.every((_, depth) => {
    const part = at(original, path.slice(0, depth));
    return part === undefined || (typeof part === 'object' && part !== null && !Array.isArray(part));
  });
}

test('what is set is found again, and every other letter of the text stays', () => {
  fc.assert(
    fc.property(text, fc.array(name, { minLength: 1, maxLength: 3 }), json, (before, path, value) => {
      fc.pre(isFree(evaluated(before), path));
      const after = setInText(before, { path, value: treeOf(JSON.stringify(value)), parser });
      assert.deepEqual(at(evaluated(after), path), JSON.parse(JSON.stringify(value)));
      const place = placeOf(before, path);
      if (!place) return assert.ok(isSubsequence(before, after), after);
      assert.ok(after.startsWith(before.slice(0, place[0])) && after.endsWith(before.slice(place[1])), after);
    }),
    { numRuns: 300 },
  );
});

test('what is set and taken out again leaves all other settings as they were', () => {
  fc.assert(
    fc.property(text, name, json, (before, key, value) => {
      const { [key]: _, ...others } = evaluated(before) as Record<string, unknown>;
      const after = unsetInText(setInText(before, { path: [key], value: treeOf(JSON.stringify(value)), parser }), { path: [key], parser });
      assert.ok(
        after !== undefined && isSubsequence(after, setInText(before, { path: [key], value: treeOf(JSON.stringify(value)), parser })),
      );
      assert.deepEqual(evaluated(after), others);
    }),
    { numRuns: 200 },
  );
});
