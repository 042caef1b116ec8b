import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as parser from '@humanwhocodes/momoa';
import fc from 'fast-check';

import { OpenClawError } from '../../core/errors.ts';
import { fillSecrets, hideSecrets, maskUnknown } from './secrets-in-text.ts';

const main = '/etc/openclaw/openclaw.json';
const hide = (text: string, secrets: readonly string[] = []): string =>
  hideSecrets(new Map([[main, text]]), { parser, secrets }).get(main) ?? '';
const fill = (text: string, ...sources: readonly string[]): string =>
  fillSecrets(new Map([[main, text]]), { parser, version: 1, sources: sources.map((source) => new Map([[main, source]])) }).get(main) ?? '';

test('references stay, plain secrets give way to the path of their setting', () => {
  const text =
    "{ gateway: { auth: { token: '${T}', password: 'p${T}' } }, models: { providers: { a: { apiKey: { $secret: { env: 'K' } } } } } }";
  assert.equal(hide(text), text.replace("'p${T}'", "'‹secret gateway.auth.password›'"));
});

test('what is a secret elsewhere, or looks like one, is hidden wherever it stands', () => {
  const text =
    "{ models: { providers: { a: { baseUrl: 'https://user:hunter22@h/v1', models: [{ id: 'known-secret' }] } } } } // known-secret";
  const hidden = hide(text, ['known-secret']);
  assert.doesNotMatch(hidden, /hunter22|known-secret/);
  assert.equal(fill(hidden, text).split('//')[0], text.split('//')[0]);
});

test('a secret of an included file is named by its setting, and put in again from that file', () => {
  const texts = new Map([
    [main, "{ models: { providers: { $include: ['a.json5', 'sub/b.json5'] } } }"],
    ['/etc/openclaw/a.json5', "{ a: { apiKey: 'key-of-a' } }"],
    ['/etc/openclaw/sub/b.json5', "{ b: { apiKeys: [{ key: 'key-of-b' }] } }"],
  ]);
  const hidden = hideSecrets(texts, { parser, secrets: [] });
  assert.equal(hidden.get('/etc/openclaw/a.json5'), "{ a: { apiKey: '‹secret models.providers.a.apiKey›' } }");
  assert.equal(hidden.get('/etc/openclaw/sub/b.json5'), "{ b: { apiKeys: [{ key: '‹secret models.providers.b.apiKeys[0].key›' }] } }");
  assert.deepEqual(fillSecrets(hidden, { parser, version: 1, sources: [texts] }), texts);
});

test('the first source that has the secret counts; one that cannot be read, or has a placeholder itself, has none', () => {
  const hidden = hide("{ gateway: { auth: { token: 'old' } } }");
  const now = "{ gateway: { auth: { token: { $secret: { file: '/run/secrets/token' } } } } }";
  assert.match(fill(hidden, '{ gateway: ', hidden, now, "{ gateway: { auth: { token: 'last' } } }"), /file: '\/run\/secrets\/token'/);
  assert.throws(
    () => fill(hidden, '{ gateway: {} }'),
    (error) => error instanceof OpenClawError && error.code === 'config_secret_missing' && error.details['path'] === 'gateway.auth.token',
  );
});

test('a thousand providers are hidden in well under a second of work', () => {
  const providers = Array.from(
    { length: 1000 },
    (_, index) => `    p${index}: { apiKey: 'secret-${index}', baseUrl: 'http://h/v1', api: 'ollama' },\n`,
  );
  const text = `{\n  models: { providers: {\n${providers.join('')}  } },\n}\n`;
  const before = process.cpuUsage();
  const hidden = hide(text);
  const { user } = process.cpuUsage(before);
  assert.doesNotMatch(hidden, /secret-\d/);
  // One reading takes a twentieth of this; one for each secret took a minute.
  assert.ok(user < 5_000_000, `${user} µs`);
});

const secretText = fc.stringMatching(/^[\x21-\x7e]{8,20}$/).filter((text) => !text.includes('${') && !text.includes('redacted'));
const providerName = fc.constantFrom('a', 'b-c', 'D.4', 'e_f');
const anyConfiguration = fc.record({
  gateway: fc.record({ auth: fc.record({ token: secretText, password: secretText }, { requiredKeys: [] }) }, { requiredKeys: [] }),
  models: fc.record({
    providers: fc.dictionary(
      providerName,
      fc.record(
        {
          apiKey: secretText,
          headers: fc.dictionary(fc.constantFrom('x-a', 'x-b'), secretText),
          apiKeys: fc.array(fc.record({ key: secretText }), { maxLength: 3 }),
        },
        { requiredKeys: [] },
      ),
    ),
  }),
});

test('whatever is secret is gone from the text, and comes back at its place', () => {
  fc.assert(
    fc.property(anyConfiguration, fc.integer({ min: 0, max: 4 }), (configuration, indent) => {
      const text = JSON.stringify(configuration, null, indent);
      const hidden = hide(text);
      for (const secret of stringsOf(configuration)) assert.ok(!hidden.includes(JSON.stringify(secret)), secret);
      assert.deepEqual(JSON.parse(fill(hidden, text)), JSON.parse(text));
    }),
    { numRuns: 200 },
  );
});

test('of a text that cannot be read, values in new lines are not shown, whatever is missing in them', () => {
  const known = '{\n  gateway: {\n    port: 1,\n  },\n}';
  const broken = "{\n  gateway: {\n    port: 1,\n    auth: { token: no-quotes },\n    'password: lost\n  secret\n  },";
  assert.equal(
    maskUnknown(broken, known),
    "{\n  gateway: {\n    port: 1,\n    auth: ‹not shown›\n    'password: ‹not shown›\n ‹not shown›\n  },",
  );
});

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}
