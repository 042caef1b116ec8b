import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import fc from 'fast-check';

import { createFolder } from '../folder.fixture.ts';
import type { Conversion, ImportNote } from './convert.ts';
import { importFile } from './read-theirs.ts';

const vendors = ['openai', 'anthropic'];

async function convertText(t: TestContext, text: string): Promise<Conversion> {
  const folder = createFolder(t, { 'theirs.json': text });
  return importFile(join(folder.path, 'theirs.json'), vendors);
}

const words = ({ kind, path, to }: ImportNote): string => `${kind}: ${path}${to === undefined ? '' : ` -> ${to}`}`;

/** A file as the other program's own documentation has its parts. */
const typical = `{
  meta: { lastTouchedVersion: '2026.9.6' },
  gateway: {
    mode: 'local',
    port: 18790,
    bind: 'auto',
    auth: { mode: 'token', token: '\${THE_TOKEN}', rateLimit: { maxAttempts: 10 } },
    controlUi: { allowedOrigins: ['https://a.example/', '*'] },
    tls: { enabled: true, autoGenerate: true },
  },
  models: {
    mode: 'merge',
    providers: {
      proxy: {
        baseUrl: 'http://localhost:4000/v1',
        apiKey: 'LITELLM_KEY',
        timeoutSeconds: 60,
        models: [{ id: 'llama', name: 'Llama', cost: { input: 0.1, output: 0.4 }, contextWindow: 128000, maxTokens: 32000 }],
      },
      vertex: { api: 'google-vertex', apiKey: 'plain-vertex-key' },
    },
  },
  agents: { defaults: { model: { primary: 'proxy/llama', fallbacks: ['openai/gpt-5', 'nowhere/x'] } } },
  channels: { telegram: { botToken: 'plain-telegram-token' } },
  logging: { level: 'debug', consoleStyle: 'json' },
}`;

test('each line of a typical file is carried, changed or left out', async (t) => {
  const { notes } = await convertText(t, typical);
  assert.deepEqual(notes.map(words), [
    'left out: meta.lastTouchedVersion',
    'left out: gateway.mode',
    'carried: gateway.port',
    'changed: gateway.bind',
    'carried: gateway.auth.mode',
    'carried: gateway.auth.token',
    'left out: gateway.auth.rateLimit',
    'changed: gateway.controlUi.allowedOrigins[0]',
    'left out: gateway.controlUi.allowedOrigins[1]',
    'carried: gateway.tls.enabled',
    'changed: gateway.tls.autoGenerate -> gateway.tls.selfSigned',
    'left out: models.mode',
    'changed: models.providers.proxy -> models.providers.proxy.api',
    'carried: models.providers.proxy.baseUrl',
    'changed: models.providers.proxy.apiKey',
    'changed: models.providers.proxy.timeoutSeconds -> models.providers.proxy.timeouts.totalMs',
    'carried: models.providers.proxy.models[0].id',
    'left out: models.providers.proxy.models[0].name',
    'carried: models.providers.proxy.models[0].cost.input',
    'carried: models.providers.proxy.models[0].cost.output',
    'carried: models.providers.proxy.models[0].contextWindow',
    'carried: models.providers.proxy.models[0].maxTokens',
    'left out: models.providers.vertex',
    'changed: agents.defaults.model -> models.routes.default.targets',
    'left out: channels.telegram',
    'carried: logging.level',
    'changed: logging.consoleStyle -> logging.format',
  ]);
  assert.deepEqual([notes[0]?.line, notes.at(-1)?.line], [2, 25]);
  assert.ok(notes.every(({ kind, remark }) => kind !== 'left out' || (remark ?? '') !== ''));
  assert.doesNotMatch(JSON.stringify(notes), /plain-/);
});

test('what comes of it is a good configuration that says the same', async (t) => {
  const { text } = await convertText(t, typical);
  const folder = createFolder(t, { 'openclaw.json': text });
  const { settings } = await folder.load({ env: { THE_TOKEN: 'the-token', LITELLM_KEY: 'the-key' }, vendors });
  const { gateway, models, logging } = settings;
  assert.deepEqual(
    [gateway.port, gateway.bind, gateway.auth.token, gateway.tls],
    [18_790, 'loopback', 'the-token', { enabled: true, selfSigned: true }],
  );
  assert.deepEqual(gateway.controlUi.allowedOrigins, ['https://a.example']);
  const { api, apiKey, timeouts, models: offered } = models.providers['proxy'] ?? {};
  assert.deepEqual(
    [api, apiKey, timeouts?.totalMs, offered?.[0]?.cost],
    ['openai-completions', 'the-key', 60_000, { input: 0.1, output: 0.4 }],
  );
  assert.deepEqual(
    models.routes['default']?.targets.map(({ model }) => model),
    ['proxy/llama', 'openai/gpt-5'],
  );
  assert.deepEqual([logging.level, logging.format], ['debug', 'json']);
});

test('secrets go where they lay: a variable, a file; what a program or a store holds is for the operator', async (t) => {
  const { text, notes } = await convertText(
    t,
    `{
      secrets: { providers: { one: { source: 'file', path: '/run/secrets/one', mode: 'singleValue' }, many: { source: 'file', path: '/many.json' } } },
      gateway: { auth: { password: 'a plain password' } },
      models: { providers: {
        a: { baseUrl: 'http://h/v1', api: 'ollama', apiKey: { source: 'env', provider: 'default', id: 'A_KEY' } },
        b: { baseUrl: 'http://h/v1', api: 'ollama', apiKey: { source: 'file', provider: 'one', id: 'value' } },
        c: { baseUrl: 'http://h/v1', api: 'ollama', apiKey: { source: 'file', provider: 'many', id: '/c' } },
        d: { baseUrl: 'http://h/v1', api: 'ollama', apiKey: { source: 'exec', provider: 'p', id: 'd' } },
        e: { baseUrl: 'http://h/v1', api: 'ollama', apiKey: { source: 'store', provider: 'default', id: 'E' } },
        f: { baseUrl: 'http://h/v1', api: 'ollama', apiKey: 'sk-plain', headers: { x: 'y' } },
      } } }`,
  );
  assert.match(text, /env: 'A_KEY'/);
  assert.match(text, /file: '\/run\/secrets\/one'/);
  assert.match(text, /apiKey: 'sk-plain'/);
  assert.deepEqual(
    notes.filter(({ kind, path }) => kind === 'left out' && path.endsWith('apiKey')).map(({ path }) => path),
    ['c', 'd', 'e'].map((name) => `models.providers.${name}.apiKey`),
  );
});

test('traces are carried where they were switched on, and only there', async (t) => {
  const otel = (enabled: boolean): string =>
    `{ diagnostics: { otel: { enabled: ${enabled}, endpoint: 'http://otel:4318', sampleRate: 0.5, metrics: true } } }`;
  assert.match((await convertText(t, otel(true))).text, /endpoint: 'http:\/\/otel:4318\/v1\/traces'.*sampleRatio: 0\.5/s);
  assert.equal((await convertText(t, otel(false))).text, '{}\n');
});

test('every binding of the other program has its place here, and what it loses is said', async (t) => {
  for (const [theirs, ours] of Object.entries({
    loopback: 'loopback',
    lan: 'lan',
    custom: 'custom',
    auto: 'loopback',
    tailnet: 'loopback',
    '0.0.0.0': 'lan',
  })) {
    const { text, notes } = await convertText(t, `{ gateway: { bind: '${theirs}' } }`);
    assert.match(text, new RegExp(`bind: '${ours}'`), theirs);
    assert.equal(notes[0]?.kind, theirs === ours ? 'carried' : 'changed', theirs);
  }
});

test('what another file holds is taken in with it', async (t) => {
  const folder = createFolder(t, { 'theirs.json': "{ gateway: { $include: 'gateway.json' } }", 'gateway.json': '{ port: 5 }' });
  assert.match((await importFile(join(folder.path, 'theirs.json'))).text, /port: 5/);
});

test('a file that is not there, is no JSON5 or holds no object is refused', async (t) => {
  const folder = createFolder(t, { broken: '{ gateway: ', list: '[]' });
  for (const [name, code] of Object.entries({ absent: 'config_unreadable', broken: 'config_invalid', list: 'config_invalid' })) {
    await assert.rejects(importFile(join(folder.path, name)), { code });
  }
});

const names = fc.constantFrom(
  ...[
    'gateway',
    'models',
    'providers',
    'auth',
    'token',
    'apiKey',
    'api',
    'baseUrl',
    'models',
    'headers',
    'agents',
    'defaults',
    'model',
    'bind',
    'tls',
    'x y',
    'port',
  ],
  ...[
    'diagnostics',
    'otel',
    'channels',
    'controlUi',
    'allowedOrigins',
    'timeoutSeconds',
    'primary',
    'fallbacks',
    'constructor-ish',
    'a.b',
    '*',
  ],
);
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom('lan', 'A_B', 'x/y', 1, true, null),
    tie('object'),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
  object: fc.dictionary(names, tie('value'), { maxKeys: 5 }),
}));

test('whatever stands in the file, every value of it is accounted for, and converting never throws', async (t) => {
  const folder = createFolder(t);
  await fc.assert(
    fc.asyncProperty(anything.object, async (theirs) => {
      const file = folder.write('theirs.json', JSON.stringify(theirs));
      const { notes } = await importFile(file, vendors);
      const accounted = new Set(notes.map(({ path }) => path));
      for (const path of leavesOf(theirs, '')) {
        assert.ok(
          [...accounted].some((known) => path === known || path.startsWith(`${known}.`) || path.startsWith(`${known}[`)),
          path,
        );
      }
    }),
    { numRuns: 300 },
  );
});

/** Paths of values that say something; written as notes write them. */
function leavesOf(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, part]) => {
    const segment = /^[^.[\]"\s]+$/.test(name) ? (path === '' ? name : `.${name}`) : `[${JSON.stringify(name)}]`;
    return leavesOf(part, path + segment);
  });
}
