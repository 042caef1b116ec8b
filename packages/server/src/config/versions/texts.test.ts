import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConfigurationTexts } from './texts.ts';

const file = '/etc/openclaw.json';

function textsOver(text: string, secrets: Record<string, string> = { 'gateway.auth.token': 'the-token' }) {
  const current = { secrets: new Map(Object.entries(secrets)), texts: new Map([[file, text]]) };
  return createConfigurationTexts({
    current,
    status: { file, version: 3 },
    readText: () => text,
  } as unknown as Parameters<typeof createConfigurationTexts>[0]);
}

test('a text leaves without its secrets and comes back with them', async () => {
  const text = "{\n  // mine\n  gateway: { auth: { token: 'the-token' }, port: 1 },\n}\n";
  const texts = textsOver(text);
  const shown = await texts.hide(text);
  assert.doesNotMatch(shown, /the-token/);
  assert.match(shown, /\/\/ mine/);
  assert.equal(await texts.fill(shown.replace('port: 1', 'port: 2')), text.replace('port: 1', 'port: 2'));
});

test('of a text that cannot be read no value is shown that did not stand in the good one', async () => {
  const texts = textsOver('{\n  gateway: { port: 1 },\n}\n');
  const shown = await texts.hide('{\n  gateway: { port: 1 },\n  token: sk-very-secret,\n');
  assert.match(shown, /gateway: \{ port: 1 \}/);
  assert.doesNotMatch(shown, /sk-very-secret/);
});

test('a patch changes what it names, keeps comments, and takes away what it says is null', async () => {
  const texts = textsOver('{}');
  const text = "{\n  // the door\n  gateway: { port: 1, bind: 'lan' },\n}\n";
  const merged = await texts.merge(text, '{ gateway: { port: 2, bind: null }, logging: { level: "warn" } }');
  assert.match(merged, /\/\/ the door/);
  assert.deepEqual(JSON.parse(JSON.stringify(await texts.parse(merged))), { gateway: { port: 2 }, logging: { level: 'warn' } });
});

test('a patch that is no object, or no JSON5, is refused with its place', async () => {
  const texts = textsOver('{}');
  await assert.rejects(texts.merge('{}', '[1]'), { code: 'config_invalid', message: /must be an object/ });
  await assert.rejects(texts.merge('{}', '{ a: '), { code: 'config_invalid' });
});

test('names that JavaScript gives a meaning to change nothing else', async () => {
  const value = (await textsOver('{}').parse('{ __proto__: { polluted: true }, constructor: 1 }')) as object;
  assert.equal(Object.getPrototypeOf(value), null);
  assert.equal('polluted' in {}, false);
});

test('an empty text is an empty configuration', async () => {
  assert.deepEqual(await textsOver('').parse(' \n'), {});
  assert.equal(await textsOver('').hide(''), '');
});
