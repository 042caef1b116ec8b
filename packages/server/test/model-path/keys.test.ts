/** Keys of providers in a running gateway: dead ones, rotated ones, and those that are checked at the start. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '../../src/core/fake-clock.ts';
import { keyDefaults } from '../../src/models/keys/keys.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { json, startProvider, type Reply } from '../harness/provider.ts';
import { chatWhole } from '../harness/wire.ts';

const question = { messages: [{ role: 'user', content: 'Hello?' }] };

/** Answers to these keys, and refuses every other. */
function knows(...keys: readonly string[]): Reply {
  return (response, request) => {
    const isGood = keys.some((key) => request.headers.authorization === `Bearer ${key}`);
    const refusal = { error: { message: 'Incorrect API key provided', type: 'invalid_request_error', code: 'invalid_api_key' } };
    return json(isGood ? chatWhole({ text: 'Hello.' }) : refusal, isGood ? 200 : 401)(response, request);
  };
}

function settingsOf(baseUrl: string, keys: object): Record<string, unknown> {
  return { models: { providers: { acme: { baseUrl, api: 'openai-completions', models: [{ id: 'large' }], ...keys } } } };
}

async function ask(gateway: TestGateway, model = 'acme/large'): Promise<{ readonly status: number; readonly text: string }> {
  const response = await gateway.request('/v1/chat/completions', { json: { ...question, model } });
  return { status: response.status, text: await response.text() };
}

test('a dead key costs one request one failover; afterwards nobody is sent with it', async () => {
  await using provider = await startProvider(knows('key-good'));
  await using gateway = await startTestGateway({
    settings: settingsOf(provider.baseUrl, { apiKeys: [{ key: 'key-dead' }, { key: 'key-good' }] }),
  });
  for (let count = 0; count < 6; count++) assert.equal((await ask(gateway)).status, 200);
  const dead = provider.requests.filter(({ headers }) => headers.authorization === 'Bearer key-dead');
  assert.equal(dead.length, 1);
  const lines = gateway.logLines.filter(({ message }) => String(message).includes('left out'));
  assert.equal(lines.length, 1);
  assert.doesNotMatch(JSON.stringify(gateway.logLines), /key-dead/);
});

test('a provider whose only key is refused is not hammered: after a few, requests get its words at once', async () => {
  await using provider = await startProvider(knows('key-good'));
  await using gateway = await startTestGateway({ settings: settingsOf(provider.baseUrl, { apiKey: 'key-dead' }) });
  const answers = [];
  for (let count = 0; count < 10; count++) answers.push(await ask(gateway));
  assert.equal(provider.requests.length, keyDefaults.lastKeyRefusals);
  const [first, ...others] = answers;
  assert.equal(first?.status, 502);
  for (const { text, status } of others) {
    assert.equal(status, 502);
    assert.match(text, /Incorrect API key provided/);
    assert.match(text, /models\.providers\.acme\.apiKey/);
  }
});

test('a key that is checked after the start and refused makes health degraded, with its name, and not down', async () => {
  await using provider = await startProvider(knows('key-good'));
  // Listened for before the start: the check may well be over by the time that everything is prepared.
  const asked = provider.received();
  await using gateway = await startTestGateway({ settings: settingsOf(provider.baseUrl, { apiKey: 'key-dead' }), checkKeys: true });
  await asked;
  let health: { status: string; checks: Record<string, { detail?: string }> } | undefined;
  for (let count = 0; count < 200 && health?.status !== 'degraded'; count++) {
    await new Promise((resolve) => void setTimeout(resolve, 10));
    health = (await (await gateway.request('/health')).json()) as typeof health;
  }
  assert.equal(health?.status, 'degraded');
  assert.match(health?.checks['providers']?.detail ?? '', /acme.*refused, Incorrect API key provided/);
  assert.equal((await gateway.request('/readyz')).status, 200);
  assert.equal(provider.requests[0]?.path, '/v1/models');
});

/** Where a provider's key may lie: named in the configuration, or for a known vendor by a variable. */
const places: Readonly<Record<string, (file: string, baseUrl: string) => Parameters<typeof startTestGateway>[0]>> = {
  'named in the configuration': (file, baseUrl) => ({ settings: settingsOf(baseUrl, { apiKey: { $secret: { file } } }) }),
  'named by a variable': (file, baseUrl) => ({
    settings: { models: { providers: { mistral: { baseUrl } }, routes: { 'acme-large': { targets: ['mistral/large'] } } } },
    environment: { MISTRAL_API_KEY_FILE: file },
  }),
};

for (const [place, optionsOf] of Object.entries(places))
  test(`a key whose file, ${place}, is replaced is used without a restart`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'openclaw-rotated-'));
    const file = join(directory, 'key');
    await writeFile(file, 'key-old\n');
    const clock = createFakeClock();
    await using provider = await startProvider(knows('key-old', 'key-new'));
    await using gateway = await startTestGateway({ ...optionsOf(file, provider.baseUrl), clock });
    const model = gateway.running.models.providers()[0]?.id === 'acme' ? 'acme/large' : 'acme-large';
    assert.equal((await ask(gateway, model)).status, 200);
    await writeFile(file, 'key-new\n');
    for (let count = 0; count < 500 && !gateway.logLines.some(({ message }) => message === 'a provider key was rotated'); count++) {
      clock.advance(2000);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    assert.equal((await ask(gateway, model)).status, 200);
    assert.deepEqual(
      provider.requests.map(({ headers }) => headers.authorization),
      ['Bearer key-old', 'Bearer key-new'],
    );
    assert.doesNotMatch(JSON.stringify(gateway.logLines), /key-new/);
    await rm(directory, { recursive: true });
  });
