import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from './errors.ts';
import type { JsonValue } from './json.ts';
import { exceedsDepth, parseJsonBody } from './parse-json.ts';

const parse = (text: string, depthLimit = 128) => parseJsonBody(Buffer.from(text), { depthLimit });

function refusal(action: () => unknown): OpenClawError {
  try {
    action();
  } catch (thrown) {
    assert.ok(thrown instanceof OpenClawError, String(thrown));
    return thrown;
  }
  return assert.fail('was accepted');
}

function depthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

// Strings full of what could confuse a scan that does not parse.
const trickyString = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('{', '[', '}', ']', '"', '\\', 'a', 'é') }),
  fc.string({ minLength: 120, maxLength: 140, unit: fc.constantFrom('\\', '"', '[', 'a') }),
);
// fast-check makes it now and then, and it is refused: that has a test of its own.
const fieldName = trickyString.filter((name) => name !== '__proto__');
const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 12, withCrossShrink: true },
    fc.oneof(trickyString, fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fieldName, tie('json'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test('the depth scan agrees with the depth of the parsed value', () => {
  fc.assert(
    fc.property(json, fc.integer({ min: 0, max: 8 }), fc.constantFrom(0, 2), (value, limit, indent) => {
      assert.equal(exceedsDepth(Buffer.from(JSON.stringify(value, null, indent)), limit), depthOf(value) > limit);
    }),
    { numRuns: 500 },
  );
});

test('what JSON.parse reads is read the same', () => {
  fc.assert(
    fc.property(json, (value) => {
      const body = { value };
      assert.deepEqual(parse(JSON.stringify(body)), JSON.parse(JSON.stringify(body)));
    }),
  );
});

test('a value at the limit of levels is read, one deeper is refused before it is parsed', () => {
  const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
  assert.ok(parse(nested(128)));
  assert.equal(refusal(() => parse(nested(129))).code, 'nesting_too_deep');
  assert.equal(refusal(() => parse('[{"a":'.repeat(2_000_000))).code, 'nesting_too_deep');
});

test('brackets inside strings are not levels', () => {
  assert.ok(parse(JSON.stringify({ text: '[{"\\'.repeat(5000), other: ['[', '\\"['] })));
});

test('a fault is named by line and column, and nothing of the body is quoted', () => {
  const secret = 'sk-verysecretvalue';
  const faults: [text: string, reason: string][] = [
    ['{"a": 1,}', 'unexpected character at line 1, column 9'],
    [`{"key": "${secret}" x}`, 'unexpected character at line 1, column 30'],
    [`{\n  "key": ${secret}\n}`, 'unexpected character at line 2, column 10'],
    [`{"key": "${secret}`, 'it ends too early, at line 1, column 28'],
    ['{"a": [1, 2', 'it ends too early, at line 1, column 12'],
    ['{"a": "\n"}', 'unexpected character at line 1, column 8'],
    ['{"a": "\\x"}', 'unexpected character at line 1, column 8'],
    ['{"a": 01}', 'unexpected character at line 1, column 8'],
    ['{a: 1}', 'unexpected character at line 1, column 2'],
    ["{'a': 1}", 'unexpected character at line 1, column 2'],
    ['{"a": 1} {', 'unexpected character at line 1, column 10'],
    ['{"a" 1}', 'unexpected character at line 1, column 6'],
    ['{"a": tru}', 'unexpected character at line 1, column 7'],
    ['   ', 'it ends too early, at line 1, column 4'],
    ['', 'the body is empty'],
  ];
  for (const [text, reason] of faults) {
    const error = refusal(() => parse(text));
    assert.equal(error.code, 'invalid_json');
    assert.equal(error.message, `The request body is not valid JSON: ${reason}.`, text);
    assert.equal(error.cause, undefined, 'the runtime quotes the text in its message');
  }
});

test('every text that JSON.parse refuses gets a place, none is quoted', () => {
  const broken = fc.tuple(json, fc.nat(), fc.constantFrom('', '"', '{', ']', ',', 'x', '\u0001', '\\')).map(([value, at, insert]) => {
    const text = JSON.stringify({ value });
    const cut = at % text.length;
    return text.slice(0, cut) + insert + text.slice(cut + 1);
  });
  fc.assert(
    fc.property(broken, (text) => {
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      if (valid) return;
      assert.match(refusal(() => parse(text)).message, /: (?:it ends too early, at|unexpected character at) line \d+, column \d+\.$/);
    }),
    { numRuns: 500 },
  );
});

test('bytes that are not UTF-8 are refused; a byte order mark is passed over', () => {
  assert.match(refusal(() => parseJsonBody(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).message, /not UTF-8/);
  assert.deepEqual(parse('\uFEFF{"a":1}'), { a: 1 });
});

test('JSON that is not an object is refused by its kind', () => {
  for (const [text, kind] of [
    ['[]', 'an array'],
    ['null', 'null'],
    ['"a"', 'a string'],
    ['1', 'a number'],
    ['true', 'a boolean'],
  ] as const) {
    const error = refusal(() => parse(text));
    assert.equal(error.code, 'invalid_request');
    assert.ok(error.message.endsWith(`not ${kind}.`), error.message);
  }
});

test('a field named __proto__ is refused with its path, however it is written; the same word in a text is not', () => {
  for (const key of ['__proto__', '\\u005f_proto__', '__\\u0070roto__']) {
    const error = refusal(() => parse(`{"messages":[{"${key}":{"admin":true}}]}`));
    assert.equal(error.code, 'invalid_request');
    assert.match(error.message, /^messages\[0\]\.__proto__: /);
  }
  assert.deepEqual(parse('{"text":"what is __proto__?","constructor":1}'), { text: 'what is __proto__?', constructor: 1 });
  assert.equal(({} as Record<string, unknown>)['admin'], undefined);
});
