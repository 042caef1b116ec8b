/** `openclaw models` against a real gateway, and without one. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createModelsClient } from '../../src/cli/openclaw/models-access.ts';
import type { ModelsClient } from '../../src/cli/openclaw/models-client.ts';
import { startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { refuse, startProvider } from '../harness/provider.ts';

const silent = { write: () => true };
const settings = {
  models: {
    providers: {
      openai: { apiKeys: [{ key: 'sk-one', weight: 2 }, { key: 'sk-two' }], models: [{ id: 'gpt-5', cost: { input: 1 } }] },
      house: { baseUrl: 'http://127.0.0.1:9/v1', api: 'openai-completions', models: [{ id: 'small', contextWindow: 4096 }] },
    },
    routes: { fast: { strategy: 'weighted', targets: [{ model: 'openai/gpt-5', weight: 3 }, 'house/small', 'openclaw/rehearsal'] } },
  },
};

function clientOf(environment: Record<string, string>): ModelsClient {
  return createModelsClient({ stdout: silent, stderr: silent, env: environment });
}

function beside(gateway: TestGateway): ModelsClient {
  return clientOf({ OPENCLAW_STATE_DIR: gateway.stateDirectory, OPENCLAW_GATEWAY_TOKEN: testToken, OPENCLAW_GATEWAY_URL: gateway.url });
}

test('what a gateway shows and what the configuration shows without one is the same, but for the states of keys', async () => {
  await using gateway = await startTestGateway({ settings });
  const directory = await mkdtemp(join(tmpdir(), 'openclaw-models-'));
  try {
    await writeFile(join(directory, 'openclaw.json'), JSON.stringify(settings));
    const alone = clientOf({ OPENCLAW_STATE_DIR: directory });
    assert.deepEqual(await beside(gateway).list(), await alone.list());
    const [seen, known] = [await beside(gateway).show('fast'), await alone.show('fast')];
    const states = (targets: typeof seen.targets): string[] => targets.flatMap(({ keys }) => keys.map(({ state }) => state));
    assert.deepEqual(states(seen.targets), ['ok', 'ok', 'ok', 'ok']);
    assert.deepEqual(states(known.targets), ['unknown', 'unknown', 'unknown', 'unknown']);
    const withoutStates = (text: string): string => text.replace(/"state":"\w+"/g, '');
    assert.equal(withoutStates(JSON.stringify(seen)), withoutStates(JSON.stringify(known)));
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('of each piece of knowledge it is said where it comes from, and never a key', async () => {
  await using gateway = await startTestGateway({ settings });
  const description = await beside(gateway).show('fast');
  const [gpt, small] = description.targets;
  assert.deepEqual([gpt?.weight, gpt?.price?.value.input, gpt?.price?.source], [3, 1, 'models.providers.openai.models']);
  assert.match(gpt?.contextWindow?.source ?? '', /^the catalogue of \d{4}-\d{2}-\d{2}$/);
  assert.deepEqual(
    gpt?.keys.map(({ source, weight }) => [source, weight]),
    [
      ['models.providers.openai.apiKeys[0]', 2],
      ['models.providers.openai.apiKeys[1]', 1],
    ],
  );
  assert.deepEqual(small?.contextWindow, { value: 4096, source: 'models.providers.house.models' });
  assert.doesNotMatch(JSON.stringify(description), /sk-/);
});

test('one small request says who answered and how fast, or why not, with the hint', async () => {
  await using gateway = await startTestGateway({ settings });
  const models = beside(gateway);
  const good = await models.ask('openclaw/rehearsal');
  assert.equal(good.error, null);
  assert.equal(good.target, 'openclaw/rehearsal');
  assert.ok((good.firstTokenMs ?? 0) > 0 && (good.firstTokenMs ?? 0) <= good.totalMs);
  assert.ok((good.usage?.output ?? 0) > 0);
  const unheard = await models.ask('of-nobody');
  assert.match(unheard.error?.message ?? '', /of-nobody/);
  assert.match(unheard.error?.hint ?? '', /GET \/v1\/models/);
});

test('a name that does not exist, and a request without a gateway, are errors with a hint', async () => {
  await using gateway = await startTestGateway({ settings });
  await assert.rejects(beside(gateway).show('of-nobody'), {
    ...{ code: 'command_refused', message: 'There is no model of-nobody.', hint: 'GET /v1/models lists those that there are.' },
  });
  const directory = await mkdtemp(join(tmpdir(), 'openclaw-models-'));
  await assert.rejects(clientOf({ OPENCLAW_STATE_DIR: directory }).ask('openclaw/rehearsal'), { code: 'gateway_unreachable' });
  await rm(directory, { recursive: true });
});

test('an address that is none, and a server that is no gateway, are said in one line; what such a server echoes is not', async () => {
  const at = (url: string): ModelsClient => clientOf({ OPENCLAW_GATEWAY_URL: url, OPENCLAW_GATEWAY_TOKEN: testToken });
  for (const url of ['nonsense', 'localhost:18789', 'file:///etc/passwd']) {
    await assert.rejects(at(url).list(), { code: 'gateway_unreachable', message: /that is no http or https address/ });
  }
  await using stranger = await startProvider(refuse(401, `wrong key: ${testToken}`));
  await assert.rejects(at(stranger.baseUrl).list(), { code: 'gateway_refused', message: /status 401, and not an answer of OpenClaw/ });
});
