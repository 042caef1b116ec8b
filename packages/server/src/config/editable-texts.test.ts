import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedactor } from '../core/redact.ts';
import { createEditableTexts } from './editable-texts.ts';

const file = '/etc/openclaw/openclaw.json';
const secret = 'a-secret-token-of-the-gateway';

function textsOf(current: string | undefined) {
  return createEditableTexts({ file: () => file, current: () => current, secrets: () => [secret], redactor: createRedactor([secret]) });
}

test('a text goes out without its secrets and comes back with them, whatever was edited beside them', async () => {
  const current = `{\n  // the front door\n  gateway: { auth: { token: '${secret}' }, port: 1 },\n}\n`;
  const texts = textsOf(current);
  const shown = await texts.hide(current);
  assert.ok(!shown.includes(secret));
  assert.match(shown, /the front door/);
  assert.equal(await texts.fill(shown), current);
  assert.equal(await texts.fill(shown.replace('port: 1', 'port: 2')), current.replace('port: 1', 'port: 2'));
});

test('references to secrets stay as they are', async () => {
  const current = "{ gateway: { auth: { token: '${TOKEN}' } } }";
  assert.equal(await textsOf(current).hide(current), current);
});

test('a placeholder at a place where no secret stands is refused by its path', async () => {
  const current = `{ gateway: { auth: { token: '${secret}' } } }`;
  const shown = await textsOf(current).hide(current);
  await assert.rejects(textsOf('{}').fill(shown), { code: 'invalid_request', param: 'gateway.auth.token' });
});

test('a text that is not well formed shows no secret, and cannot be saved with what stands for one', async () => {
  const current = `{ gateway: { auth: { token: '${secret}' }`;
  const texts = textsOf(current);
  const shown = await texts.hide(current);
  assert.ok(!shown.includes(secret));
  await assert.rejects(texts.fill(`${shown} } }`), { code: 'invalid_request', param: 'raw' });
  assert.equal(await texts.fill('{ broken'), '{ broken');
  assert.equal(await texts.parse(current), undefined);
});

test('a patch is laid over member by member, null takes one away, and comments stay', async () => {
  const current = '{\n  // who calls\n  gateway: { port: 1, bind: "lan" },\n}\n';
  const texts = textsOf(current);
  const merged = await texts.merge(current, '{ gateway: { port: 2, bind: null, auth: { mode: "none" } }, logging: { level: "warn" } }');
  assert.match(merged, /who calls/);
  assert.deepEqual(await texts.parse(merged), { gateway: { port: 2, auth: { mode: 'none' } }, logging: { level: 'warn' } });
  assert.deepEqual(await texts.parse(await texts.merge('', '{ gateway: { port: 3 } }')), { gateway: { port: 3 } });
  await assert.rejects(texts.merge(current, '{ gateway'), { code: 'config_invalid' });
  await assert.rejects(texts.merge(current, '[]'), { code: 'invalid_request' });
  await assert.rejects(texts.merge('{ broken', '{ gateway: { port: 1 } }'), { code: 'invalid_request' });
});
