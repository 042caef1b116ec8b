import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { createFolder } from '../../config/folder.fixture.ts';
import { knownProviders } from '../../models/index.ts';
import { describePreset, presetNames, renderPreset } from './init-preset.ts';
import { firstModels, type FoundProvider, providersToWrite } from './init-providers.ts';

const found = (...ids: readonly string[]): FoundProvider[] => ids.map((id) => ({ id, keyVariable: `${id.toUpperCase()}_API_KEY` }));

const situations: readonly (readonly FoundProvider[])[] = [[], found('openai'), found('openai', 'anthropic', 'google')];

const variables = { OPENCLAW_GATEWAY_TOKEN: 'a-token', OPENAI_API_KEY: 'key-1', ANTHROPIC_API_KEY: 'key-2', GOOGLE_API_KEY: 'key-3' };

for (const name of presetNames) {
  test(`${name}: holds as it stands and with everything in it switched on, whatever keys there are`, async (t) => {
    for (const providers of situations) {
      for (const includeOff of [false, true]) {
        const folder = createFolder(t, { 'openclaw.json': renderPreset(name, providers, { includeOff }) });
        assert.deepEqual(await folder.mistakes({ env: variables, vendors: knownProviders }), []);
      }
    }
  });

  test(`${name}: above every line that sets something stands what it does`, () => {
    for (const providers of situations) {
      const lines = renderPreset(name, providers).split('\n');
      const setting = /^\s*(?:\w+: |'[^']+',|\{ )/;
      const explained = lines.flatMap((line, index) => (setting.test(line) ? [lines[index - 1] ?? ''] : []));
      assert.ok(explained.length > 60, String(explained.length));
      for (const above of explained) assert.match(above, /^\s*\/\/ \S/);
      // And nothing else is in the file than settings, comments and what closes.
      const others = lines.filter((line) => line !== '' && !setting.test(line) && !/^\s*(?:\/\/ .+|[\]}],?|\{)$/.test(line));
      assert.deepEqual(others, []);
      assert.deepEqual(
        lines.filter((line) => line.length > 140),
        [],
      );
    }
  });

  test(`${name}: what is off is in the file as a comment, and in force nowhere`, async (t) => {
    const folder = createFolder(t, { 'openclaw.json': renderPreset(name, []) });
    const { settings } = await folder.load({ env: variables, vendors: knownProviders });
    assert.equal(settings.telemetry.traces.endpoint, undefined);
    assert.equal(settings.models.cache.enabled, false);
    assert.equal(settings.gateway.tls.certFile, undefined);
    assert.match(renderPreset(name, []), /^ {4}\/\/ traces: \{ endpoint: /m);
  });
}

test('every layer of a request and of a run is in each preset', () => {
  for (const name of presetNames) {
    const text = JSON.stringify(describePreset(name, []));
    const layers = ['auth', 'limits', 'providers', 'concurrency', 'routes', 'retry', 'breaker', 'queue', 'hedge', 'cache'];
    for (const layer of [...layers, 'instructions', 'allow', 'ask', 'deny', 'logging', 'telemetry']) {
      assert.ok(text.includes(`"name":"${layer}"`), `${name} ${layer}`);
    }
  }
});

test('production listens on the network by TLS, and its agents reach less', async (t) => {
  const folder = createFolder(t, { 'openclaw.json': renderPreset('production', []) });
  const { gateway, agents } = (await folder.load({ env: variables, vendors: knownProviders })).settings;
  assert.deepEqual([gateway.bind, gateway.tls.enabled, gateway.auth.mode, gateway.auth.token], ['lan', true, 'token', 'a-token']);
  assert.deepEqual(agents.defaults.tools, { allow: ['read', 'list', 'search'], ask: ['write', 'edit'], deny: ['exec', 'http'] });
});

test('the route fails over: to another vendor where there are keys of several, else to another model', async (t) => {
  const targets = async (...ids: readonly string[]): Promise<string[]> => {
    const folder = createFolder(t, { 'openclaw.json': renderPreset('starter', found(...ids)) });
    const { settings } = await folder.load({ env: variables, vendors: knownProviders });
    return settings.models.routes['default']?.targets.map(({ model }) => model) ?? [];
  };
  assert.deepEqual(await targets(), ['local/small', 'openclaw/rehearsal']);
  assert.deepEqual(await targets('openai'), ['openai/gpt-5.4-mini', 'openai/gpt-5-mini']);
  assert.deepEqual(await targets('openai', 'anthropic'), ['openai/gpt-5.4-mini', 'anthropic/claude-sonnet-5']);
});

test('a file begins with three providers at most, and only with those that there is a first model for', () => {
  const ids = providersToWrite(found('azure', 'openai', 'anthropic', 'google', 'mistral')).map(({ id }) => id);
  assert.deepEqual(ids, ['openai', 'anthropic', 'google']);
});

test('the first models are in the catalogue, and take tools', () => {
  const file = new URL('../../models/catalogue/models.json', import.meta.url);
  const { models } = JSON.parse(readFileSync(file, 'utf8')) as { models: Record<string, Record<string, { abilities: string }>> };
  for (const [vendor, names] of Object.entries(firstModels)) {
    assert.ok(knownProviders.includes(vendor), vendor);
    for (const name of names) assert.match(models[vendor]?.[name]?.abilities ?? '', /\btools\b/, `${vendor}/${name}`);
  }
});
