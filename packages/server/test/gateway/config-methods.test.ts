/** The configuration over the control plane of a whole gateway: shown without its secrets, edited, refused, and put back. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ControlClient } from '@openclaw/client/control';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

const apiKey = 'acme-key-that-nobody-may-see';
const settings = {
  logging: { level: 'info' },
  models: { providers: { acme: { baseUrl: 'http://127.0.0.1:9/v1', api: 'openai-completions', apiKey, models: [{ id: 'large' }] } } },
};

interface Shown {
  readonly raw: string;
  readonly hash: string;
  readonly valid: boolean;
  readonly config: { readonly logging: { readonly level: string } };
}

async function operate(gateway: TestGateway): Promise<ControlClient> {
  const client = new ControlClient({
    ...{ url: gateway.url.replace('http', 'ws'), auth: { token: gateway.token }, scopes: ['operator.admin'], reconnect: false },
    client: { id: 'cli', mode: 'cli', version: '1', platform: 'linux' },
  });
  await client.connect();
  return client;
}

const fileOf = ({ stateDirectory }: TestGateway): Promise<string> => readFile(join(stateDirectory, 'openclaw.json'), 'utf8');

test('no answer shows a secret, and what is edited around one leaves it in the file', async () => {
  await using gateway = await startTestGateway({ settings });
  await using client = await operate(gateway);
  const shown = await client.request<Shown>('config.get');
  const before = await fileOf(gateway);
  const written = await client.request<{ version: number }>('config.set', {
    raw: shown.raw.replace('"info"', '"warn"'),
    baseHash: shown.hash,
  });
  assert.equal(await fileOf(gateway), before.replace('"info"', '"warn"'));
  const after = await client.request<Shown>('config.get');
  assert.equal(after.config.logging.level, 'warn');
  const history = await client.request<{ versions: { version: number; by: string; changed: string[] }[] }>('config.history');
  assert.deepEqual(history.versions[0]?.changed, ['logging.level']);
  const old = await client.request<{ raw: string }>('config.version', { version: written.version - 1 });
  await client.request('config.rollback', { version: written.version - 1 });
  assert.equal(await fileOf(gateway), before);
  for (const answer of [shown, written, after, history, old]) assert.ok(!JSON.stringify(answer).includes(apiKey));
});

test('one setting is changed in place, and what would be wrong is refused with its place and leaves everything as it was', async () => {
  await using gateway = await startTestGateway({ settings });
  await using client = await operate(gateway);
  const { hash } = await client.request<Shown>('config.get');
  await client.request('config.patch', { raw: "{ logging: { level: 'error' } }", baseHash: hash });
  const { config, hash: next } = await client.request<Shown>('config.get');
  assert.equal(config.logging.level, 'error');
  await assert.rejects(client.request('config.patch', { raw: '{}', baseHash: hash }), /changed by somebody else/);
  const before = await fileOf(gateway);
  await assert.rejects(client.request('config.patch', { raw: '{ logging: { level: 7 } }', baseHash: next }), /logging\.level|level/);
  assert.deepEqual(await fileOf(gateway), before);
  const checked = await client.request<{ valid: boolean; issues: { message: string }[] }>('config.check', {
    raw: '{ gateway: { prot: 1 } }',
  });
  assert.equal(checked.valid, false);
  assert.match(checked.issues[0]?.message ?? '', /prot/);
});

test('a broken file is shown without its secrets, with what is wrong, while what held before holds', async () => {
  await using gateway = await startTestGateway({ settings });
  await using client = await operate(gateway);
  await writeFile(join(gateway.stateDirectory, 'openclaw.json'), `{ "models": { "providers": { "acme": { "apiKey": "${apiKey}" }`);
  // What the watch of the file does a moment later.
  await gateway.keeper.look();
  const shown = await client.request<Shown>('config.get');
  assert.equal(shown.valid, false);
  assert.equal(shown.config.logging.level, 'info');
  assert.ok(!JSON.stringify(shown).includes(apiKey));
  const raw = JSON.stringify(settings);
  await client.request('config.set', { raw, baseHash: shown.hash });
  assert.equal((await client.request<Shown>('config.get')).valid, true);
});
