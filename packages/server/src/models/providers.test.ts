import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadConfiguration, timeoutDefaults } from '../config/index.ts';
import { readEnvironment } from '../core/env.ts';
import { createProviders, type FoundKey } from './providers.ts';
import { findVendor } from './catalogue/index.ts';
import type { Provider } from './target.ts';
import type { Upstream } from './upstream.ts';

const nobody: Upstream = { send: () => assert.fail('nothing is to be sent'), close: () => Promise.resolve() };

/** The providers of a configuration. */
async function build(t: TestContext, providers: object, found: readonly FoundKey[] = []) {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-providers-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'key'), 'key-in-a-file\n');
  writeFileSync(join(directory, 'openclaw.json'), JSON.stringify({ models: { providers } }));
  const environment = readEnvironment({ env: { OPENCLAW_STATE_DIR: directory }, secretsDirectory: join(directory, 'none') });
  const { settings, secretFiles } = await loadConfiguration({ environment });
  const built = createProviders({
    ...{ configured: settings.models.providers, fromEnvironment: found, timeouts: timeoutDefaults, secretFiles },
    ...{ http: nobody, rehearsal: nobody, catalogue: () => undefined },
  });
  const get = (id: string): Provider => built.list().find((provider) => provider.id === id) ?? assert.fail(`no provider ${id}`);
  return { built, get, directory };
}

const house = { baseUrl: 'http://127.0.0.1:9/v1', api: 'openai-completions' };

test('how many requests may be under way is as configured, each bound by itself, and else by the kind of endpoint', async (t) => {
  const { get } = await build(t, {
    house,
    both: { ...house, concurrency: { initial: 8, max: 200 } },
    low: { ...house, concurrency: { max: 2 } },
    high: { ...house, concurrency: { initial: 5000 } },
    openai: { apiKey: 'k' },
  });
  const bounds = (id: string): readonly number[] => [get(id).concurrency.initial, get(id).concurrency.max];
  assert.deepEqual(bounds('both'), [8, 200]);
  assert.deepEqual(bounds('low'), [2, 2]);
  assert.deepEqual(bounds('high'), [5000, 5000]);
  assert.ok((bounds('house')[0] ?? 0) < (bounds('openai')[0] ?? 0), 'an unknown server is given less at once than a vendor');
});

test('each key has its header, its weight and where it came from; one in a file is known to lie there', async (t) => {
  const { built, get, directory } = await build(t, {
    house: { ...house, headers: { 'X-Team': 'a' }, apiKeys: [{ key: 'one', weight: 3 }, { key: { $secret: { file: 'key' } } }] },
  });
  assert.deepEqual(
    get('house').keys.map(({ id, source, weight, headers }) => ({ id, source, weight, headers: { ...headers } })),
    [
      { id: '1', source: 'models.providers.house.apiKeys[0]', weight: 3, headers: { authorization: 'Bearer one', 'x-team': 'a' } },
      {
        id: '2',
        source: 'models.providers.house.apiKeys[1]',
        weight: 1,
        headers: { authorization: 'Bearer key-in-a-file', 'x-team': 'a' },
      },
    ],
  );
  const [followed, another] = built.followedKeys;
  assert.deepEqual([followed?.file, followed?.key, another], [{ file: join(directory, 'key') }, get('house').keys[1], undefined]);
});

test('a key is sent in the header of its wire format', async (t) => {
  const { get } = await build(t, {
    one: { ...house, api: 'anthropic-messages', apiKey: 'k' },
    two: { ...house, api: 'google-generative-ai', apiKey: 'k' },
  });
  assert.deepEqual({ ...get('one').keys[0]?.headers }, { 'x-api-key': 'k' });
  assert.deepEqual({ ...get('two').keys[0]?.headers }, { 'x-goog-api-key': 'k' });
});

test('the key of a configured vendor without one is that of the environment', async (t) => {
  const vendor = findVendor('mistral') ?? assert.fail('no such vendor');
  const found = { vendor, key: 'from-outside', source: 'environment variable MISTRAL_API_KEY' };
  const { get } = await build(t, { mistral: { timeouts: { connectMs: 1 } } }, [found]);
  assert.equal(get('mistral').keys[0]?.source, 'environment variable MISTRAL_API_KEY');
  assert.equal(get('mistral').timeouts.connectMs, 1);
});

test('keys are checked where the format or the vendor says, and not where there is no key or no such place', async (t) => {
  const { get } = await build(t, {
    house: { ...house, apiKey: 'k' },
    keyless: house,
    anthropic: { apiKey: 'k' },
    openrouter: { apiKey: 'k' },
    nvidia: { apiKey: 'k' },
    // Another server under a vendor's name is not that vendor's endpoint.
    cohere: { apiKey: 'k', baseUrl: 'http://127.0.0.1:9/proxy/v1' },
  });
  const path = (id: string): string | undefined => get(id).keyCheckPath;
  assert.deepEqual(['house', 'keyless', 'anthropic', 'openrouter', 'nvidia', 'cohere', 'openclaw'].map(path), [
    '/v1/models',
    undefined,
    '/v1/models',
    '/api/v1/key',
    undefined,
    '/proxy/v1/models',
    undefined,
  ]);
});
