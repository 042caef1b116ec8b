import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { mistakesOf } from './json-schema.ts';

const ajv = new Ajv2020({ strict: false, logger: false, ownProperties: true });

/** Few names and small values, so that schema and value meet often. */
const names = fc.constantFrom('a', 'b', 'c', 'constructor', 'a b');
const scalars = fc.oneof(fc.integer({ min: -3, max: 6 }), fc.constantFrom('', 'x', 'xyz', '😀😀', true, false, null, 1.5));

const { value: values } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(names, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

const small = fc.integer({ min: 0, max: 4 });
const types = fc.constantFrom('null', 'boolean', 'string', 'number', 'integer', 'array', 'object');
const { schema: schemas } = fc.letrec<{ schema: JsonValue }>((tie) => {
  const some = fc.array(tie('schema'), { minLength: 1, maxLength: 3 });
  const keywords = fc.record(
    {
      type: fc.oneof(types, fc.uniqueArray(types, { minLength: 1, maxLength: 3 })),
      enum: fc.uniqueArray(values, {
        minLength: 1,
        maxLength: 3,
        comparator: (one, other) => JSON.stringify(one) === JSON.stringify(other),
      }),
      const: values,
      properties: fc.dictionary(names, tie('schema'), { maxKeys: 3, noNullPrototype: true }),
      required: fc.uniqueArray(names, { maxLength: 2 }),
      additionalProperties: tie('schema'),
      minProperties: small,
      maxProperties: small,
      items: tie('schema'),
      prefixItems: some,
      minItems: small,
      maxItems: small,
      uniqueItems: fc.boolean(),
      minLength: small,
      maxLength: small,
      minimum: small,
      maximum: small,
      exclusiveMinimum: small,
      exclusiveMaximum: small,
      multipleOf: fc.constantFrom(1, 2, 0.5),
      anyOf: some,
      oneOf: some,
      allOf: some,
      not: tie('schema'),
      $ref: fc.constantFrom('#/$defs/first', '#/$defs/second~1part'),
    },
    { requiredKeys: [] },
  );
  // Mostly one or two keywords: of all at once nothing would fit.
  const few = fc.tuple(keywords, fc.uniqueArray(fc.nat(22), { minLength: 1, maxLength: 3 })).map(([all, kept]) => {
    const entries = Object.entries(all);
    return Object.fromEntries(kept.flatMap((index) => (entries.length === 0 ? [] : [entries[index % entries.length]!])));
  });
  return { schema: fc.oneof({ depthSize: 'small' }, fc.boolean(), few as fc.Arbitrary<JsonValue>) };
});

test('it takes what ajv takes, and refuses what ajv refuses', () => {
  let fitting = 0;
  let refused = 0;
  fc.assert(
    fc.property(schemas, schemas, values, (schema, other, value) => {
      // Definitions refer to nothing: a reference that leads to itself ends ajv.
      const plain = (of: JsonValue): JsonValue => JSON.parse(JSON.stringify(of).replaceAll('$ref', 'title')) as JsonValue;
      const root = { allOf: [schema], $defs: { first: plain(other), 'second/part': { type: 'string' } } };
      const expected = ajv.validate(root, value);
      const mistakes = mistakesOf(value, root);
      if (expected) fitting += 1;
      else refused += 1;
      assert.equal(mistakes.length === 0, expected, JSON.stringify({ schema, value, mistakes }));
    }),
    { numRuns: 250 },
  );
  assert.ok(fitting > 25 && refused > 25, `the generator is one-sided: ${fitting} fit, ${refused} do not`);
});

test('a mistake names its path and what would be right', () => {
  const schema = {
    type: 'object',
    properties: {
      path: { type: 'string' },
      edits: { type: 'array', items: { type: 'object', required: ['oldText'], properties: { oldText: { type: 'string' } } } },
      mode: { enum: ['r', 'w'] },
    },
    required: ['path'],
    additionalProperties: false,
  };
  assert.deepEqual(mistakesOf({ edits: [{ oldText: 1 }, {}], mode: 'x', colour: 'red' }, schema), [
    '`path` is required',
    '`edits[0].oldText` must be a string, not a number',
    '`edits[1].oldText` is required',
    '`mode` must be one of "r", "w"',
    '`colour` is not known; known are path, edits, mode',
  ]);
  const either = { properties: { to: { anyOf: [{ type: 'string' }, { type: 'array' }] } } };
  assert.deepEqual(mistakesOf({ to: 4 }, either), [
    '`to` fits no alternative: `to` must be a string, not a number; or `to` must be an array, not a number',
  ]);
});

test('a schema that leads to itself, or explodes, ends and is told', () => {
  assert.match(mistakesOf({}, { $ref: '#' })[0] ?? '', /too intricate/);
  assert.match(mistakesOf({}, { allOf: [{ $ref: '#' }, { $ref: '#' }] })[0] ?? '', /too intricate/);
  const twice = (level: number): JsonObject => ({ allOf: [{ $ref: `#/$defs/l${level + 1}` }, { $ref: `#/$defs/l${level + 1}` }] });
  const bomb = { $ref: '#/$defs/l0', $defs: Object.fromEntries(Array.from({ length: 60 }, (_, level) => [`l${level}`, twice(level)])) };
  assert.match(mistakesOf({}, bomb)[0] ?? '', /too intricate/);
});

test('regular expressions of a schema are never run', () => {
  const schema = { properties: { a: { pattern: '^(a+)+$' } }, patternProperties: { '^(x+)+$': false }, additionalProperties: false };
  assert.deepEqual(mistakesOf({ a: `${'a'.repeat(50)}!`, [`${'x'.repeat(50)}!`]: 1 }, schema), []);
});

test('any schema at all, right or wrong, ends without an error', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (schema, value) => {
      mistakesOf(value as JsonValue, schema as JsonObject);
    }),
  );
  const keyword = fc.constantFrom('type', 'enum', 'items', 'properties', 'required', 'allOf', 'oneOf', '$ref', 'not', 'minimum');
  fc.assert(
    fc.property(fc.dictionary(keyword, fc.jsonValue()), fc.jsonValue(), (schema, value) => {
      mistakesOf(value as JsonValue, schema as JsonObject);
    }),
  );
});
