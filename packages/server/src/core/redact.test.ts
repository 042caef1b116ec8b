import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from './json.ts';
import { createRedactor, redactedText } from './redact.ts';

/** Secrets as people and machines make them: tokens, and passwords with characters that JSON and URLs escape. */
const secret = fc
  .oneof(
    fc.stringMatching(/^[A-Za-z0-9_-]{8,60}$/),
    fc
      .string({ minLength: 8, maxLength: 40, unit: fc.constantFrom(...Array.from('aZ9"\\\n$.*+?^(){}|[]/%&= é😀')) })
      .filter((text) => text.trim().length >= 8),
  )
  .filter((text) => !redactedText.includes(text));

const filler = fc.string({ maxLength: 12 });

/** A structure in which `holes` strings are put, in this order; names of fields do not matter. */
function structureOf(pieces: readonly string[]): fc.Arbitrary<JsonValue> {
  if (pieces.length === 1) return fc.constant(pieces[0]!);
  const splitAt = fc.integer({ min: 1, max: pieces.length - 1 });
  return splitAt
    .chain((at) => fc.tuple(structureOf(pieces.slice(0, at)), structureOf(pieces.slice(at)), fc.boolean()))
    .map(([left, right, asArray]) => (asArray ? [left, 5, right, null] : { first: left, count: 7, second: right }));
}

function textsIn(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => [name, ...textsIn(item)]);
}

function assertAbsent(output: JsonValue, known: string): void {
  for (const text of textsIn(output)) assert.ok(!text.includes(known), `${JSON.stringify(known)} survives in ${JSON.stringify(text)}`);
  assert.ok(!JSON.stringify(output).includes(JSON.stringify(known).slice(1, -1)));
}

test('a known secret does not survive inside a text, alone, quoted as JSON or in a URL', () => {
  fc.assert(
    fc.property(secret, filler, filler, (known, before, after) => {
      const { text } = createRedactor([known]);
      for (const form of [known, JSON.stringify(known), encodeURIComponent(known), JSON.stringify({ value: known })]) {
        const output = text(before + form + after);
        assert.ok(!output.includes(known), output);
        assert.ok(!output.includes(JSON.stringify(known).slice(1, -1)), output);
        assert.ok(!output.includes(encodeURIComponent(known)), output);
      }
    }),
    { numRuns: 500 },
  );
});

test('a known secret does not survive in values or names of a structure', () => {
  fc.assert(
    fc.property(secret, filler, filler, (known, before, after) => {
      const text = before + known + after;
      const output = createRedactor([known]).value({ a: text, b: [1, { c: [text] }], [text]: true, d: { [text]: { [text]: text } } });
      assertAbsent(output, known);
    }),
    { numRuns: 300 },
  );
});

test('a known secret does not survive in pieces over neighbouring values', () => {
  const split = secret
    .chain((known) =>
      fc.tuple(
        fc.constant(known),
        fc.uniqueArray(fc.integer({ min: 1, max: known.length - 1 }), { minLength: 1, maxLength: 6 }),
        filler,
        filler,
      ),
    )
    .chain(([known, cuts, before, after]) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), known.length];
      const pieces = edges.slice(1).map((end, index) => known.slice(edges[index], end));
      pieces[0] = before + pieces[0]!;
      pieces[pieces.length - 1] += after;
      return fc.tuple(fc.constant(known), structureOf(pieces));
    });
  fc.assert(
    fc.property(split, ([known, structure]) => {
      const output = createRedactor([known]).value({ structure });
      assert.ok(!stringsIn(output).join('').includes(known), JSON.stringify(output));
    }),
    { numRuns: 500 },
  );
});

test('of several secrets none survives, also when one is the beginning of another', () => {
  fc.assert(
    fc.property(fc.array(secret, { minLength: 1, maxLength: 5 }), filler, (secrets, between) => {
      const longer = secrets.map((text) => `${text}xyz1`);
      const output = createRedactor([...secrets, ...longer]).text([...longer, ...secrets].join(between));
      for (const known of secrets) assert.ok(!output.includes(known), output);
    }),
  );
});

test('a secret that is added later is taken out from then on', () => {
  const redactor = createRedactor();
  assert.equal(redactor.text('it is correct horse'), 'it is correct horse');
  redactor.add('correct horse');
  assert.equal(redactor.text('it is correct horse'), 'it is [redacted]');
});

test('what looks like a secret goes, what stands around it stays', () => {
  const { text } = createRedactor();
  const cases: [string, string][] = [
    ['key sk-proj-abcdef123456 refused', 'key [redacted] refused'],
    ['sk-ant-api03-AAAA_bbbb-cccc', '[redacted]'],
    ['ock_Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA', '[redacted]'],
    ['ocd_Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA', '[redacted]'],
    ['Authorization: Bearer abcdefghijk', 'Authorization: [redacted]'],
    ['sent Bearer abcdefghijk to it', 'sent Bearer [redacted] to it'],
    ['authorization: Basic dXNlcjpwYXNz', 'authorization: [redacted]'],
    ['GET /x?api_key=hunter22&model=a', 'GET /x?api_key=[redacted]&model=a'],
    ['{"apiKey":"hunter22","model":"a"}', '{"apiKey":"[redacted]","model":"a"}'],
    ['{\\"password\\":\\"hunter22\\"}', '{\\"password\\":\\"[redacted]\\"}'],
    ['x-api-key: hunter22, accept: */*', 'x-api-key: [redacted], accept: */*'],
    ['OPENCLAW_GATEWAY_TOKEN=hunter22 openclaw', 'OPENCLAW_GATEWAY_TOKEN=[redacted] openclaw'],
    ['redis://user:hunter2@host:6379/0', 'redis://[redacted]@host:6379/0'],
    ['AKIAIOSFODNN7EXAMPLE', '[redacted]'],
    ['ghp_abcdefghijklmnopqrstuvwxyz0123456789', '[redacted]'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '[redacted]'],
  ];
  for (const [input, output] of cases) assert.equal(text(input), output);
});

test('ordinary words stay', () => {
  const { text } = createRedactor();
  for (const words of [
    'listening on http://127.0.0.1:18789/health',
    'total tokens: 4096, output tokens: 17',
    'max_tokens=4096',
    'basic configuration was read',
    'skipped model openai/gpt-5-mini',
    'a risk-averse route',
    'npm-installed',
    'HF_HUB_OFFLINE',
    'hf-internal-testing/tiny',
    'the bearer of news',
    'mailto:someone@example.org',
    'Unexpected token } in JSON',
    'Send Authorization: Bearer TOKEN or x-api-key: TOKEN',
    'req_01JD5N5Q0ZK3V8X2T4W6Y8A0BC',
    '2026-01-01T00:00:00.000Z',
  ])
    assert.equal(text(words), words);
});

test('the whole value of a field that is named like a secret goes', () => {
  const output = createRedactor().value({
    Authorization: 'x y',
    'x-api-key': 'abc',
    clientSecret: 'two words',
    password: '',
    token: ['a', 'b'],
    tokens: 'twelve',
    inputTokens: 12,
    component: 'core',
  });
  assert.deepEqual(output, {
    Authorization: redactedText,
    'x-api-key': redactedText,
    clientSecret: redactedText,
    password: '',
    token: [redactedText, redactedText],
    tokens: 'twelve',
    inputTokens: 12,
    component: 'core',
  });
});

test('a field named __proto__ is copied as a field', () => {
  const input = JSON.parse('{"__proto__":{"polluted":"yes"}}') as JsonObject;
  const output = createRedactor(['somesecret']).value(input);
  assert.equal(JSON.stringify(output), '{"__proto__":{"polluted":"yes"}}');
  assert.equal((output as Record<string, unknown>)['polluted'], undefined);
});

test('the time for a long text grows with its length only', () => {
  const { text } = createRedactor(['correcthorsebattery']);
  for (const unit of ['://', 'token', 'token =', 'bearer ', 'a:b', 'eyJ', 'sk-', '"', ' ']) {
    const input = unit.repeat(200_000 / unit.length);
    assert.equal(typeof text(input), 'string');
  }
});

function stringsIn(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
