/** The walk over the schema, held against Ajv: both must agree on what is a good configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as parser from '@humanwhocodes/momoa';
import type { JsonSchema } from '@openclaw/protocol';
import { Ajv } from 'ajv';
import fc from 'fast-check';

import { readEnvironment } from '../core/env.ts';
import { json5Style, printTree } from './print.ts';
import type { Problem } from './problems.ts';
import { publishSchema } from './published-schema.ts';
import { resolveTree } from './resolve.ts';
import { settingsSchema } from './schema.ts';
import { parseTree } from './tree.ts';

const { $schema: _, ...schema } = settingsSchema;
const validate = new Ajv({ strict: false, allErrors: true }).compile(publishSchema(schema));

function resolve(text: string): { value: unknown; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const tree = parseTree(text, { file: 'openclaw.json', parser, problems });
  if (!tree) return { value: undefined, problems };
  const context = {
    environment: readEnvironment({ env: {}, secretsDirectory: '/nowhere' }),
    readText: () => '',
    files: new Set<string>(),
    problems,
  };
  return { value: resolveTree(settingsSchema, tree, context).value, problems };
}

/** What goes into the leaves, and what into the names of a record. */
interface Manner {
  readonly leaf: (part: JsonSchema) => fc.Arbitrary<unknown>;
  readonly names: readonly string[];
  readonly unknownNames: readonly string[];
}

function valuesOf(part: JsonSchema, manner: Manner): fc.Arbitrary<unknown> {
  if (part.properties) {
    const fields = Object.entries(part.properties).map(([name, property]) => [name, valuesOf(property, manner)] as const);
    const extra = manner.unknownNames.map((name) => [name, fc.constant(1)] as const);
    const whole = fc.record(Object.fromEntries([...fields, ...extra]), { requiredKeys: [...(part.required ?? [])] });
    const shorthand = part.properties[part['x-shorthand'] ?? ''];
    return shorthand ? fc.oneof(whole, valuesOf(shorthand, manner)) : whole;
  }
  if (part.additionalProperties) {
    const { pattern = '' } = part.propertyNames ?? {};
    const fitting = manner.names.filter((name) => manner.leaf !== fittingLeaf || new RegExp(pattern, 'u').test(name));
    return fc.dictionary(fc.constantFrom(...fitting), valuesOf(part.additionalProperties, manner), { maxKeys: 2 });
  }
  if (part.items) return fc.array(valuesOf(part.items, manner), { minLength: part.minItems ?? 0, maxLength: 2 });
  return manner.leaf(part);
}

/** References to secrets lead nowhere here, and are left out. */
function fittingLeaf(part: JsonSchema): fc.Arbitrary<unknown> {
  const number = part.anyOf?.[0] ?? part;
  if (part.enum) return fc.constantFrom(...part.enum);
  if (part.writeOnly) return fc.constantFrom(...['key', 'k'.repeat(24)].filter((text) => new RegExp(number.pattern ?? '', 'u').test(text)));
  if (part['x-unit'])
    return fc.oneof(
      fc.integer({ min: number.minimum ?? 0, max: 2 ** 31 }),
      fc.constantFrom(...(part['x-unit'] === 'ms' ? ['1.5h', '2m', '7d'] : ['2MiB', '5kB'])),
    );
  if (part.type === 'integer') return fc.integer({ min: part.minimum ?? 0, max: part.maximum ?? 2 ** 31 });
  if (part.type === 'number') return fc.double({ min: part.minimum ?? 0, max: part.maximum ?? 1e9, noNaN: true });
  if (part.type === 'boolean') return fc.boolean();
  return fc.constantFrom(
    ...['a/b', 'http://host/v1', 'http://host', 'word', '10.0.0.0/8', 'age1q', '0 3 * * *'].filter((text) =>
      new RegExp(part.pattern ?? '', 'u').test(text),
    ),
  );
}

function oddLeaf(part: JsonSchema): fc.Arbitrary<unknown> {
  const odd = fc.oneof(
    fc.constant(null),
    fc.integer(),
    fc.boolean(),
    fc.string(),
    fc.constantFrom('20s', '32MiB', 'lan', 'a/b', 'http://x', 0.5, -1, 1e300),
    fc.constant([]),
    fc.constant({}),
  );
  return fc.oneof({ weight: 12, arbitrary: fittingLeaf(part) }, { weight: 1, arbitrary: odd });
}

const good = valuesOf(schema, { leaf: fittingLeaf, names: ['a', 'b-c', 'D.4'], unknownNames: [] });
const mixed = valuesOf(schema, { leaf: oddLeaf, names: ['a', 'b-c', 'd/e', ' '], unknownNames: [] });
const withUnknownNames = valuesOf(schema, { leaf: fittingLeaf, names: ['a'], unknownNames: ['extra'] });

function printed(value: unknown): string {
  const tree = parseTree(JSON.stringify(value), { file: 'value', parser, problems: [] });
  assert.ok(tree);
  return printTree(tree, json5Style);
}

/** As JSON has it: without NaN, without what is undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

for (const [manner, values] of Object.entries({ good, mixed, withUnknownNames })) {
  test(`the walk and Ajv agree on configurations: ${manner}`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const reasons = resolve(printed(value)).problems.map(({ reason }) => reason);
        assert.equal(reasons.length === 0, validate(plain(value)), JSON.stringify({ reasons, ajv: validate.errors }));
        if (manner === 'good') assert.deepEqual(reasons, []);
      }),
      { numRuns: 150 },
    );
  });
}

test('what is resolved, printed and loaded again is the same', () => {
  fc.assert(
    fc.property(good, (value) => {
      const first = resolve(printed(value));
      assert.deepEqual(resolve(printed(first.value)), first);
    }),
    { numRuns: 100 },
  );
});

test('the defaults fit the schema', () => {
  const { value, problems } = resolve('{}');
  assert.deepEqual(problems, []);
  assert.ok(validate(plain(value)), JSON.stringify(validate.errors));
});

test('the published schema accepts $include in every object and the whole of it is described', () => {
  const published = publishSchema(settingsSchema);
  const { $schema, ...rest } = published;
  assert.equal($schema, 'https://json-schema.org/draft/2020-12/schema');
  const accepts = new Ajv({ strict: false }).compile(rest);
  const references = {
    $include: 'a',
    gateway: { $include: ['b'] },
    models: { providers: { $include: 'c', a: { $include: 'd', apiKey: { $secret: { env: 'E' } } } } },
  };
  assert.ok(accepts(references), JSON.stringify(accepts.errors));
  assert.ok(!accepts({ gateway: { $include: 7 } }));
  const target = (written: unknown): object => ({ models: { routes: { fast: { targets: [written] } } } });
  assert.ok(accepts(target('a/b')) && accepts(target({ model: 'a/b', weight: 2 })) && !accepts(target('b')));
  const undescribed = (part: JsonSchema, path: string): string[] => [
    ...(part.description === undefined ? [path] : []),
    ...Object.entries(part.properties ?? {}).flatMap(([name, property]) => undescribed(property, `${path}.${name}`)),
    ...(part.additionalProperties ? undescribed(part.additionalProperties, `${path}.*`) : []),
    ...(part.items ? undescribed(part.items, `${path}[]`) : []),
  ];
  assert.deepEqual(undescribed(schema, ''), []);
});
