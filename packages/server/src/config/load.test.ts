import assert from 'node:assert/strict';
import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { readEnvironment } from '../core/env.ts';
import { createFolder } from './folder.fixture.ts';
import { ensureGatewayToken } from './gateway-token.ts';
import { loadConfiguration } from './load.ts';

test('without a file and with an empty environment the defaults hold', async (t) => {
  const { settings, exists, files, origins } = await createFolder(t).load();
  assert.equal(exists, false);
  assert.deepEqual(files, []);
  assert.equal(settings.gateway.port, 18_789);
  assert.equal(settings.gateway.bind, 'loopback');
  assert.deepEqual([settings.gateway.auth.mode, settings.gateway.auth.token], ['token', undefined]);
  assert.deepEqual(settings.gateway.controlUi, { enabled: true, allowedOrigins: [], allowedHosts: [] });
  assert.deepEqual(settings.gateway.tls, { enabled: false, selfSigned: true });
  assert.equal(settings.gateway.drainTimeoutMs, 8000);
  assert.equal(settings.gateway.limits.bodyBytes, 32 * 2 ** 20);
  assert.deepEqual(settings.models.retry, { attempts: 5, baseDelayMs: 500, maxDelayMs: 30_000, budgetPercent: 10 });
  assert.deepEqual(origins.get('gateway.port'), { kind: 'default', where: 'default' });
});

test('a flag wins over a variable, a variable over the file, the file over the default', async (t) => {
  const folder = createFolder(t, { 'openclaw.json': "{ gateway: { port: 1, bind: 'loopback' }, logging: { level: 'debug' } }" });
  const env = { OPENCLAW_GATEWAY_PORT: '2', OPENCLAW_GATEWAY_BIND: 'lan' };
  const { settings, origins } = await folder.load({ env, flags: { port: '3' } });
  assert.deepEqual(
    [settings.gateway.port, settings.gateway.bind, settings.logging.level, settings.logging.format],
    [3, 'lan', 'debug', 'auto'],
  );
  assert.deepEqual(
    ['gateway.port', 'gateway.bind', 'logging.level', 'logging.format'].map((path) => origins.get(path)?.where),
    ['--port', 'environment variable OPENCLAW_GATEWAY_BIND', `${join(folder.path, 'openclaw.json')}:1:61`, 'default'],
  );
});

test('PORT counts where OPENCLAW_GATEWAY_PORT is not set', async (t) => {
  const folder = createFolder(t);
  assert.equal((await folder.load({ env: { PORT: '81' } })).settings.gateway.port, 81);
  assert.equal((await folder.load({ env: { PORT: '81', OPENCLAW_GATEWAY_PORT: '82' } })).settings.gateway.port, 82);
});

test('the address that Kubernetes puts into OPENCLAW_GATEWAY_PORT for a Service of that name is not taken for a port', async (t) => {
  const { settings } = await createFolder(t).load({ env: { OPENCLAW_GATEWAY_PORT: 'tcp://10.0.0.1:18789', PORT: '83' } });
  assert.equal(settings.gateway.port, 83);
});

test('every override is also read from its NAME_FILE and from the secrets of the container', async (t) => {
  const folder = createFolder(t, { 'run/secrets/OPENCLAW_GATEWAY_TOKEN': 'from-the-runtime\n', level: 'warn\n' });
  const { settings, files } = await folder.load({ env: { OPENCLAW_LOG_LEVEL_FILE: join(folder.path, 'level') } });
  assert.equal(settings.gateway.auth.token, 'from-the-runtime');
  assert.equal(settings.logging.level, 'warn');
  assert.deepEqual(files.toSorted(), [join(folder.path, 'level'), join(folder.path, 'run/secrets/OPENCLAW_GATEWAY_TOKEN')]);
});

test('an empty state directory and variables alone give a gateway that can be reached', async (t) => {
  const env = { OPENCLAW_GATEWAY_BIND: 'lan', PORT: '80', OPENCLAW_GATEWAY_TOKEN: 'secret' };
  const { gateway } = (await createFolder(t).load({ env })).settings;
  assert.deepEqual([gateway.bind, gateway.port, gateway.auth.mode, gateway.auth.token], ['lan', 80, 'token', 'secret']);
});

test('the time for a handshake is a number of milliseconds, or a text with a unit', async (t) => {
  const timeOf = async (value: string): Promise<number> => {
    const { settings } = await createFolder(t).load({ env: { OPENCLAW_HANDSHAKE_TIMEOUT_MS: value } });
    return settings.gateway.handshakeTimeoutMs;
  };
  assert.deepEqual([await timeOf('3000'), await timeOf('30s'), await timeOf('')], [3000, 30_000, 15_000]);
});

test('a password alone means mode password; beside a token the mode stays token', async (t) => {
  const folder = createFolder(t);
  ensureGatewayToken(folder.path);
  assert.equal((await folder.load({ env: { OPENCLAW_GATEWAY_PASSWORD: 'p' } })).settings.gateway.auth.mode, 'password');
  assert.equal(
    (await folder.load({ env: { OPENCLAW_GATEWAY_PASSWORD: 'p', OPENCLAW_GATEWAY_TOKEN: 't' } })).settings.gateway.auth.mode,
    'token',
  );
});

test('the token of the first start counts where nobody gave another', async (t) => {
  const folder = createFolder(t);
  const { token, file } = ensureGatewayToken(folder.path);
  const made = await folder.load();
  assert.equal(made.settings.gateway.auth.token, token);
  assert.equal(made.origins.get('gateway.auth.token')?.where, file);
  assert.deepEqual([...made.secrets], [['gateway.auth.token', token]]);
  assert.equal((await folder.load({ env: { OPENCLAW_GATEWAY_TOKEN: 'mine' } })).settings.gateway.auth.token, 'mine');
});

test('the token of the first start is made once, for its owner only', (t) => {
  const folder = createFolder(t);
  const first = ensureGatewayToken(folder.path);
  const second = ensureGatewayToken(folder.path);
  assert.deepEqual([first.isNew, second.isNew, second.token], [true, false, first.token]);
  assert.match(first.token, /^[\w-]{43}$/);
  assert.equal(statSync(first.file).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder.path, 'credentials')).mode & 0o777, 0o700);
});

test('sizes and times may be written for people', async (t) => {
  const text = "{ gateway: { drainTimeoutMs: '1.5s', limits: { bodyBytes: '2 MiB', keepAliveMs: 70000 } }, logging: { maxAgeMs: '7d' } }";
  const { gateway, logging } = (await createFolder(t, { 'openclaw.json': text }).load()).settings;
  assert.deepEqual(
    [gateway.drainTimeoutMs, gateway.limits.bodyBytes, gateway.limits.keepAliveMs, logging.maxAgeMs],
    [1500, 2 ** 21, 70_000, 604_800_000],
  );
});

test('${NAME} is filled in from the environment, then from .env beside the file, then from .env in the state directory', async (t) => {
  const text = "{ models: { providers: { a: { headers: { x: '${A}-${B}-${C}' } } } } }";
  const folder = createFolder(t, { 'etc/openclaw.json': text, 'etc/.env': 'A=etc\nB=etc\n', '.env': 'A=state\nB=state\nC=state\n' });
  const { settings, files, origins } = await folder.load({
    env: { A: 'own', OPENCLAW_CONFIG_PATH: join(folder.path, 'etc/openclaw.json') },
  });
  assert.equal(settings.models.providers['a']?.headers['x'], 'own-etc-state');
  assert.deepEqual(
    files.toSorted(),
    ['.env', 'etc/.env', 'etc/openclaw.json'].map((name) => join(folder.path, name)),
  );
  assert.match(
    origins.get('models.providers.a.headers.x')?.where ?? '',
    /openclaw\.json:1:45 \(environment variable A, B in .*etc\/\.env, C in .*\.env\)$/,
  );
});

test('.env also holds the variables that override the file', async (t) => {
  const { settings } = await createFolder(t, { '.env': 'OPENCLAW_GATEWAY_PORT=84\n' }).load();
  assert.equal(settings.gateway.port, 84);
});

test('$${ stands for ${ itself', async (t) => {
  const text = "{ models: { providers: { a: { headers: { x: '$${A} costs $5' } } } } }";
  const { settings } = await createFolder(t, { 'openclaw.json': text }).load();
  assert.equal(settings.models.providers['a']?.headers['x'], '${A} costs $5');
});

test('a variable may stand for a number', async (t) => {
  const text = "{ gateway: { port: '${P}', drainTimeoutMs: '${D}', limits: { bodyBytes: '${S}' } } }";
  const { gateway } = (await createFolder(t, { 'openclaw.json': text }).load({ env: { P: '85', D: '4000', S: '1MiB' } })).settings;
  assert.deepEqual([gateway.port, gateway.drainTimeoutMs, gateway.limits.bodyBytes], [85, 4000, 2 ** 20]);
});

test('a secret is read from a file beside the configuration or from a variable, and known as one', async (t) => {
  const text = `{ models: { providers: {
    a: { apiKey: { $secret: { file: 'keys/a' } } },
    b: { apiKeys: [{ key: { $secret: { env: 'KEY_B' } } }, { key: 'three' }] },
    c: { headers: { 'x-key': 'four' } },
  } } }`;
  const folder = createFolder(t, { 'openclaw.json': text, 'keys/a': 'one\n' });
  const { settings, secrets, files, origins } = await folder.load({ env: { KEY_B: 'two' } });
  assert.equal(settings.models.providers['a']?.apiKey, 'one');
  assert.deepEqual(
    settings.models.providers['b']?.apiKeys.map(({ key }) => key),
    ['two', 'three'],
  );
  assert.deepEqual(
    [...secrets],
    [
      ['models.providers.a.apiKey', 'one'],
      ['models.providers.b.apiKeys[0].key', 'two'],
      ['models.providers.b.apiKeys[1].key', 'three'],
      ['models.providers.c.headers.x-key', 'four'],
    ],
  );
  assert.ok(files.includes(join(folder.path, 'keys/a')));
  assert.equal(
    origins.get('models.providers.a.apiKey')?.where,
    `${join(folder.path, 'openclaw.json')}:2:18 (${join(folder.path, 'keys/a')})`,
  );
});

test('a secret whose file is missing is a mistake that names the file', async (t) => {
  const text = "{ gateway: { auth: { token: { $secret: { file: 'nowhere' } } } } }";
  const [mistake = ''] = await createFolder(t, { 'openclaw.json': text }).mistakes();
  assert.match(mistake, /^openclaw\.json:1:29: gateway\.auth\.token needs the file nowhere, which cannot be read: ENOENT/);
});

test('settings are frozen to the bottom, and records find nothing that nobody wrote', async (t) => {
  const text = "{ models: { routes: { fast: { targets: ['a/b'] } } } }";
  const { settings } = await createFolder(t, { 'openclaw.json': text }).load();
  assert.ok(
    [settings, settings.gateway.limits, settings.models.routes, settings.models.routes['fast']?.targets].every((part) =>
      Object.isFrozen(part),
    ),
  );
  assert.equal(settings.models.routes['constructor'], undefined);
  assert.equal(settings.models.providers['toString'], undefined);
});

test('the home directory stands for ~, and the configuration lies in the state directory unless told otherwise', async (t) => {
  const folder = createFolder(t);
  const load = (env: Record<string, string>) =>
    loadConfiguration({ environment: readEnvironment({ env: { HOME: folder.path, ...env }, secretsDirectory: folder.path }) });
  assert.equal((await load({})).file, join(folder.path, '.openclaw/openclaw.json'));
  assert.equal((await load({ OPENCLAW_STATE_DIR: '~/there' })).file, join(folder.path, 'there/openclaw.json'));
  assert.equal((await load({ OPENCLAW_CONFIG_PATH: '~/my.json5' })).file, join(folder.path, 'my.json5'));
});

test('a file that --config names must exist; one that the environment names need not', async (t) => {
  const folder = createFolder(t);
  const missing = join(folder.path, 'missing.json');
  await assert.rejects(folder.load({ flags: { config: missing } }), {
    code: 'config_unreadable',
    message: `The configuration ${missing} cannot be read: it does not exist.`,
  });
  assert.equal((await folder.load({ env: { OPENCLAW_CONFIG_PATH: missing } })).exists, false);
});

test('what is not a small text file is refused', async (t) => {
  const folder = createFolder(t, { 'folder/x': '', 'large.json': ' '.repeat(2 ** 20 + 1) });
  writeFileSync(join(folder.path, 'latin.json'), Buffer.from([0x7b, 0xe4, 0x7d]));
  const reasons = { folder: /is not a regular file\.$/, 'large.json': /is larger than 1048576 bytes\.$/, 'latin.json': /not valid/ };
  for (const [name, message] of Object.entries(reasons)) {
    await assert.rejects(folder.load({ flags: { config: join(folder.path, name) } }), { code: 'config_unreadable', message });
  }
});

test('a file that cannot be looked at is an error and not an absent file', async (t) => {
  const folder = createFolder(t);
  symlinkSync('openclaw.json', join(folder.path, 'openclaw.json'));
  await assert.rejects(folder.load(), { code: 'config_unreadable', message: /ELOOP/ });
});

test('the models section of the specification is a good configuration, and all that it says holds', async (t) => {
  const text = `{
    models: {
      providers: {
        openai: { apiKey: '\${OPENAI_API_KEY}' },
        anthropic: { apiKeys: [{ key: 'one', weight: 2 }, { key: 'two' }] },
        local: {
          baseUrl: 'http://127.0.0.1:8000/v1',
          api: 'openai-completions',
          apiKey: { $secret: { file: 'local' } },
          models: [{ id: 'small', contextWindow: 32768, maxTokens: 4096, cost: { input: 0.1, output: 0.4, cacheRead: 0.01, cacheWrite: 0.1 } }],
          concurrency: { initial: 8, max: 200 },
          timeouts: { connectMs: 5000, firstByteMs: 60000, firstByteWholeMs: 600000, idleMs: 120000, totalMs: 0 },
        },
      },
      routes: {
        fast: { strategy: 'priority', targets: ['openai/gpt-5-mini', 'local/small'] },
        best: {
          strategy: 'weighted',
          targets: [{ model: 'openai/gpt-5', weight: 3 }, { model: 'anthropic/claude-sonnet-5', weight: 1 }],
          afterFirstToken: 'error',
        },
      },
      retry: { attempts: 5, baseDelayMs: 500, maxDelayMs: 30000, budgetPercent: 10 },
      breaker: { failures: 5, windowMs: 120000, openMs: 60000, errorPercent: 50, minimumRequests: 20 },
      queue: { maxWaiting: 1000, maxWaitMs: 30000 },
      hedge: { enabled: false },
      cache: { enabled: false, ttlMs: 600000 },
    },
  }`;
  const folder = createFolder(t, { 'openclaw.json': text, local: 'secret\n' });
  const { models } = (await folder.load({ env: { OPENAI_API_KEY: 'k' }, vendors: ['openai', 'anthropic'] })).settings;
  assert.deepEqual(models.routes['fast']?.targets, [
    { model: 'openai/gpt-5-mini', weight: 1 },
    { model: 'local/small', weight: 1 },
  ]);
  assert.deepEqual(
    models.providers['anthropic']?.apiKeys.map(({ weight }) => weight),
    [2, 1],
  );
  assert.deepEqual(models.providers['local']?.concurrency, { initial: 8, max: 200 });
  assert.equal(models.providers['openai']?.concurrency, undefined);
  // What the specification shows of these is what holds without a file.
  const { models: preset } = (await createFolder(t).load()).settings;
  for (const section of ['retry', 'breaker', 'queue', 'hedge', 'cache'] as const) assert.deepEqual(models[section], preset[section]);
  assert.equal(preset.cache.maxBytes, 64 * 2 ** 20);
});

test('the variables of OpenTelemetry say where traces go; the one for traces is meant literally and wins', async (t) => {
  const folder = createFolder(t, { 'openclaw.json': "{ telemetry: { traces: { endpoint: 'http://file/v1/traces' } } }" });
  const endpoint = async (env: Record<string, string>): Promise<string | undefined> =>
    (await folder.load({ env })).settings.telemetry.traces.endpoint;
  assert.equal(await endpoint({}), 'http://file/v1/traces');
  assert.equal(await endpoint({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://all:4318/' }), 'http://all:4318/v1/traces');
  const both = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://all:4318', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://one:4318/x' };
  assert.equal(await endpoint(both), 'http://one:4318/x');
});

test('of each secret that lies in a file it is known which, and for a .env file under which name', async (t) => {
  const text = `{ models: { providers: {
    a: { apiKey: { $secret: { file: 'keys/a' } } },
    b: { apiKey: '\${KEY_B}' },
    c: { apiKeys: [{ key: { $secret: { env: 'KEY_C' } } }, { key: 'in-place' }, { key: 'prefix-\${KEY_B}' }, { key: '\${KEY_D}' }] },
  } } }`;
  const folder = createFolder(t, { 'openclaw.json': text, '.env': 'KEY_B=two\n', 'keys/a': 'one\n', 'keys/c': 'three\n' });
  const { secretFiles } = await folder.load({ env: { KEY_C_FILE: join(folder.path, 'keys/c'), KEY_D: 'four' } });
  assert.deepEqual(
    [...secretFiles],
    [
      ['models.providers.a.apiKey', { file: join(folder.path, 'keys/a') }],
      ['models.providers.b.apiKey', { file: join(folder.path, '.env'), fileVariable: 'KEY_B' }],
      ['models.providers.c.apiKeys[0].key', { file: join(folder.path, 'keys/c') }],
    ],
  );
});
