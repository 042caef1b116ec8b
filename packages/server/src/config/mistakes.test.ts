/** Each kind of bad configuration, with the exact words that its writer reads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createFolder } from './folder.fixture.ts';

const schemaHint = 'docs/config.md and `openclaw config schema` say what is accepted.';
const laterHint = 'Take it out until then: this release has nothing that would heed it.';

const cases: readonly {
  readonly title: string;
  readonly text: string;
  readonly says: readonly string[];
  readonly vendors?: readonly string[];
}[] = [
  {
    title: 'text that is not JSON5',
    text: '{\n  gateway: {\n    port: 1,,\n  },\n}',
    says: [
      'openclaw.json:3:13: not valid JSON5: unexpected token Comma. Look at this place and just before it: a comma, a quote or a brace is missing or too many.',
    ],
  },
  {
    title: 'an empty file',
    text: '',
    says: [
      'openclaw.json:1:1: not valid JSON5: unexpected end of input. Look at this place and just before it: a comma, a quote or a brace is missing or too many.',
    ],
  },
  {
    title: 'an unterminated text',
    text: "{ gateway: { bind: 'lan } }",
    says: [
      'openclaw.json:1:28: not valid JSON5: unexpected end of input. Look at this place and just before it: a comma, a quote or a brace is missing or too many.',
    ],
  },
  {
    title: 'a file that holds no object',
    text: '[]',
    says: [`openclaw.json:1:1: the configuration must be an object, not an empty list. ${schemaHint}`],
  },
  {
    title: 'nesting without end',
    text: `{ gateway: ${'['.repeat(10_000)}${']'.repeat(10_000)} }`,
    says: ['openclaw.json:1:1: it is nested deeper than 64 levels. No setting is.'],
  },
  {
    title: 'a name with a slip',
    text: "{ models: { providers: { openai: { apiKy: 'k' } } } }",
    says: ['openclaw.json:1:36: there is no setting models.providers.openai.apiKy. Did you mean models.providers.openai.apiKey?'],
  },
  {
    title: 'a name that is like none',
    text: '{ gateway: { colour: 1 } }',
    says: [
      'openclaw.json:1:14: there is no setting gateway.colour. Known here: port, bind, customBindHost, auth, drainTimeoutMs, handshakeTimeoutMs, controlUi, tls, limits.',
    ],
  },
  {
    title: 'a name that stands twice',
    text: '{\n  gateway: { port: 1 },\n  gateway: {},\n}',
    says: ['openclaw.json:3:3: gateway stands here a second time; the first is in line 2. Keep one of the two.'],
  },
  ...['__proto__', 'constructor', 'prototype'].map((name) => ({
    title: `the name ${name}`,
    text: `{ models: { providers: { '${name}': {} } } }`,
    says: [`openclaw.json:1:26: the name ${name} is not allowed. Choose another name.`],
  })),
  {
    title: 'a text for a number',
    text: "{ gateway: { port: '80' } }",
    says: [`openclaw.json:1:20: gateway.port must be a whole number from 0 to 65535, not "80". ${schemaHint}`],
  },
  {
    title: 'a number out of range',
    text: '{ gateway: { port: 65536 } }',
    says: [`openclaw.json:1:20: gateway.port must be a whole number from 0 to 65535, not 65536. ${schemaHint}`],
  },
  {
    title: 'a fraction for a whole number',
    text: '{ gateway: { limits: { connections: 1.5 } } }',
    says: [`openclaw.json:1:37: gateway.limits.connections must be a whole number of at least 1, not 1.5. ${schemaHint}`],
  },
  {
    title: 'a number that is none',
    text: '{ logging: { maxFiles: NaN } }',
    says: [`openclaw.json:1:24: logging.maxFiles must be a whole number from 1 to 1000, not NaN. ${schemaHint}`],
  },
  {
    title: 'null',
    text: '{ logging: { level: null } }',
    says: [
      `openclaw.json:1:21: logging.level must be one of 'silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace', not null. ${schemaHint}`,
    ],
  },
  {
    title: 'a word with a slip',
    text: "{ gateway: { bind: 'lann' } }",
    says: [`openclaw.json:1:20: gateway.bind must be one of 'loopback', 'lan', 'custom', not "lann". Did you mean 'lan'?`],
  },
  {
    title: 'a size without a unit',
    text: "{ gateway: { limits: { bodyBytes: '32' } } }",
    says: [
      `openclaw.json:1:35: gateway.limits.bodyBytes must be a size such as '32MiB', or a whole number of bytes of at least 1024, not "32". ${schemaHint}`,
    ],
  },
  {
    title: 'a time with the unit of a size',
    text: "{ gateway: { drainTimeoutMs: '8MiB' } }",
    says: [
      `openclaw.json:1:30: gateway.drainTimeoutMs must be a time such as '20s', or a whole number of milliseconds that is not negative, not "8MiB". ${schemaHint}`,
    ],
  },
  {
    title: 'a negative price',
    text: "{ models: { providers: { a: { models: [{ id: 'm', cost: { input: -1 } }] } } } }",
    says: [`openclaw.json:1:66: models.providers.a.models[0].cost.input must be a number that is not negative, not -1. ${schemaHint}`],
  },
  {
    title: 'a value for an object',
    text: '{ gateway: 80 }',
    says: [`openclaw.json:1:12: gateway must be an object, not 80. ${schemaHint}`],
  },
  {
    title: 'an object for a list',
    text: '{ models: { providers: { a: { models: {} } } } }',
    says: [`openclaw.json:1:39: models.providers.a.models must be a list, not an object. ${schemaHint}`],
  },
  {
    title: 'a model without its id',
    text: '{ models: { providers: { a: { models: [{}] } } } }',
    says: [`openclaw.json:1:40: models.providers.a.models[0].id is missing; it must be a text that is not empty. ${schemaHint}`],
  },
  {
    title: 'a route without targets',
    text: '{ models: { routes: { fast: {} } } }',
    says: [`openclaw.json:1:29: models.routes.fast.targets is missing; it must be a list that is not empty. ${schemaHint}`],
  },
  {
    title: 'a route with no target',
    text: '{ models: { routes: { fast: { targets: [] } } } }',
    says: [`openclaw.json:1:40: models.routes.fast.targets must be a list that is not empty, not an empty list. ${schemaHint}`],
  },
  {
    title: 'a target without a provider',
    text: "{ models: { routes: { fast: { targets: ['gpt-5'] } } } }",
    says: [`openclaw.json:1:41: models.routes.fast.targets[0] must be a model written 'provider/model', not "gpt-5". ${schemaHint}`],
  },
  {
    title: 'a name with a slash',
    text: '{ models: { providers: { "a/b": {} } } }',
    says: [
      `openclaw.json:1:26: models.providers has the name "a/b", which must be a word of letters, digits, dots, dashes and underscores, without a slash. ${schemaHint}`,
    ],
  },
  {
    title: 'an address that is none',
    text: "{ models: { providers: { a: { baseUrl: 'ftp://x' } } } }",
    says: [
      `openclaw.json:1:40: models.providers.a.baseUrl must be an http or https address without fragment, not "ftp://x". ${schemaHint}`,
    ],
  },
  {
    title: 'an address with a bad port',
    text: "{ models: { providers: { a: { baseUrl: 'http://x:99999' } } } }",
    says: [`openclaw.json:1:40: models.providers.a.baseUrl is not an address. ${schemaHint}`],
  },
  {
    title: 'a secret that cannot be in a header',
    text: "{ models: { providers: { a: { apiKey: 'sk two' } } } }",
    says: [
      `openclaw.json:1:39: models.providers.a.apiKey must be a text of visible ASCII characters without spaces; what stands there is not shown. ${schemaHint}`,
    ],
  },
  {
    title: 'a number for a secret',
    text: '{ gateway: { auth: { token: 12345 } } }',
    says: [
      `openclaw.json:1:29: gateway.auth.token must be a text of visible ASCII characters without spaces; what stands there is not shown. ${schemaHint}`,
    ],
  },
  {
    title: 'a reference to a secret of an unknown kind',
    text: "{ gateway: { auth: { token: { $secret: { keychain: 'x' } } } } }",
    says: [
      "openclaw.json:1:29: gateway.auth.token must be a text, or { $secret: … } with exactly one of env, file, exec, vault, aws, azure, google. Such as { $secret: { file: 'PATH' } }; docs/secrets.md has one of each.",
    ],
  },
  {
    title: 'a reference that lacks what its kind needs',
    text: "{ gateway: { auth: { token: { $secret: { vault: { path: 'x' } } } } } }",
    says: [
      'openclaw.json:1:29: gateway.auth.token refers to nothing: gateway.auth.token.$secret.vault.key is missing; it must be a text that is not empty. docs/secrets.md has one of each.',
    ],
  },
  {
    title: 'a reference by which the gateway is let in elsewhere, and which leads elsewhere itself',
    text: "{ secrets: { vault: { token: { $secret: { aws: 'x' } } } } }",
    says: [
      'openclaw.json:1:30: secrets.vault.token may come from this machine alone (env, file, exec): by it the gateway is let in elsewhere. Put it into a file or a variable.',
    ],
  },
  {
    title: 'a secret in a variable that is not set',
    text: "{ gateway: { auth: { token: { $secret: { env: 'NOPE' } } } } }",
    says: ['openclaw.json:1:29: gateway.auth.token needs the variable NOPE, which is not set. Set NOPE in the environment or in .env.'],
  },
  {
    title: 'a variable that is not set',
    text: "{ models: { providers: { openai: { apiKey: '${NOPE}' } } } }",
    says: [
      'openclaw.json:1:44: models.providers.openai.apiKey needs the variable NOPE, which is not set. Set NOPE in the environment or in .env, or its file in NOPE_FILE.',
    ],
  },
  {
    title: 'half a variable',
    text: "{ models: { providers: { openai: { apiKey: '${NOPE' } } } }",
    says: [
      'openclaw.json:1:44: models.providers.openai.apiKey has a ${ that is not followed by the name of a variable and }. Write $${ for the text ${ itself.',
    ],
  },
  {
    title: 'a token that is the name of a variable',
    text: "{ gateway: { auth: { token: '$OPENCLAW_GATEWAY_TOKEN' } } }",
    says: [
      'openclaw.json:1:29: gateway.auth.token looks like the name of a variable and not like its value. In the file write ${NAME}; in a shell use double quotes and export it first.',
    ],
  },
  {
    title: 'bind custom without a host',
    text: "{ gateway: { bind: 'custom' } }",
    says: [
      "openclaw.json:1:20: gateway.bind is 'custom', and gateway.customBindHost is missing. Set gateway.customBindHost to the address to listen on.",
    ],
  },
  {
    title: 'mode password without a password',
    text: "{ gateway: { auth: { mode: 'password' } } }",
    says: [
      "openclaw.json:1:28: gateway.auth.mode is 'password', and gateway.auth.password is missing. Set OPENCLAW_GATEWAY_PASSWORD or gateway.auth.password.",
    ],
  },
  {
    title: 'no auth on every interface',
    text: "{ gateway: { bind: 'lan', auth: { mode: 'none' } } }",
    says: [
      'refusing to bind to 0.0.0.0 without auth: anybody who reaches the port could use your providers. Set OPENCLAW_GATEWAY_TOKEN (or gateway.auth.token), or bind to loopback.',
    ],
  },
  {
    title: 'one key and several',
    text: "{ models: { providers: { a: { apiKey: 'k', apiKeys: [{ key: 'l' }] } } } }",
    says: ['openclaw.json:1:53: models.providers.a has both apiKey and apiKeys. Put all keys into apiKeys.'],
  },
  {
    title: 'a model id that stands twice',
    text: "{ models: { providers: { a: { models: [{ id: 'm' }, { id: 'm' }] } } } }",
    says: ['openclaw.json:1:59: models.providers.a.models[1] repeats the id m. Keep one of the two.'],
  },
  {
    title: 'a provider that is no vendor and says not what it is',
    text: '{ models: { providers: { mine: {} } } }',
    vendors: ['openai'],
    says: [
      "openclaw.json:1:32: models.providers.mine needs baseUrl and api: it is not a vendor that OpenClaw knows. For example: baseUrl: 'http://127.0.0.1:8000/v1', api: 'openai-completions'.",
    ],
  },
  {
    title: 'a target at a provider with a slip',
    text: "{ models: { routes: { fast: { targets: ['opnai/gpt-5'] } } } }",
    vendors: ['openai'],
    says: ['openclaw.json:1:41: models.routes.fast.targets[0] names the provider opnai, which does not exist. Did you mean openai/gpt-5?'],
  },
  {
    title: 'a base delay above the longest',
    text: "{ models: { retry: { baseDelayMs: '2m' } } }",
    says: [
      'openclaw.json:1:35: models.retry.baseDelayMs (120000) is larger than models.retry.maxDelayMs (30000). Raise maxDelayMs or lower baseDelayMs.',
    ],
  },
  {
    title: 'a channel of a kind that is not there yet',
    text: '{ channels: { telegram: {} } }',
    says: [`openclaw.json:1:15: channels.telegram comes with a later release. ${laterHint}`],
  },
  {
    title: 'a first limit of concurrency above the highest',
    text: '{ models: { providers: { openai: { concurrency: { initial: 8, max: 4 } } } } }',
    vendors: ['openai'],
    says: [
      'openclaw.json:1:60: models.providers.openai.concurrency.initial (8) is larger than models.providers.openai.concurrency.max (4). Raise max or lower initial.',
    ],
  },
  {
    title: 'a negative weight',
    text: "{ models: { routes: { b: { targets: [{ model: 'a/b', weight: -1 }] } } } }",
    says: [`openclaw.json:1:62: models.routes.b.targets[0].weight must be a number that is not negative, not -1. ${schemaHint}`],
  },
  {
    title: 'a target that is a list',
    text: "{ models: { routes: { b: { targets: [['a/b']] } } } }",
    says: [
      `openclaw.json:1:38: models.routes.b.targets[0] must be a model written 'provider/model', or an object, not a list. ${schemaHint}`,
    ],
  },
  {
    title: 'a target without its model',
    text: '{ models: { routes: { b: { targets: [{ weight: 2 }] } } } }',
    says: [`openclaw.json:1:38: models.routes.b.targets[0].model is missing; it must be a model written 'provider/model'. ${schemaHint}`],
  },
  {
    title: 'a strategy that does not exist',
    text: "{ models: { routes: { b: { strategy: 'stiky', targets: ['a/b'] } } } }",
    says: [
      `openclaw.json:1:38: models.routes.b.strategy must be one of 'priority', 'weighted', 'latency', 'cost', 'sticky', not "stiky". Did you mean 'sticky'?`,
    ],
  },
  {
    title: 'a store of the cache that is not there yet',
    text: "{ models: { cache: { store: 'sqlite' } } }",
    says: [`openclaw.json:1:29: models.cache.store: 'sqlite' comes with a later release; now it must be 'memory'. ${schemaHint}`],
  },
  {
    title: 'a trusted proxy without its addresses',
    text: "{ gateway: { auth: { mode: 'trusted-proxy' } } }",
    says: [
      "openclaw.json:1:28: gateway.auth.mode is 'trusted-proxy', and gateway.auth.trustedProxy.addresses is empty. Set it to the addresses of the proxy: nobody else is believed.",
    ],
  },
  {
    title: 'addresses of a proxy that are none, or everybody’s',
    text: "{ gateway: { auth: { trustedProxy: { addresses: ['10.0.0.5', '10.0.0', '10.0.0.0/33', '::/0', 'proxy'] } } } }",
    says: [
      `openclaw.json:1:95: gateway.auth.trustedProxy.addresses[4] must be an address such as '10.0.0.5', or a network such as '10.0.0.0/8', not "proxy". ${schemaHint}`,
    ],
  },
  {
    title: 'networks of a proxy that are none, or everybody’s',
    text: "{ gateway: { auth: { trustedProxy: { addresses: ['10.0.0.5', '10.0.0', '10.0.0.0/33', '::/0'] } } } }",
    says: [
      `openclaw.json:1:62: gateway.auth.trustedProxy.addresses[1] is not an address: 10.0.0. ${schemaHint}`,
      `openclaw.json:1:72: gateway.auth.trustedProxy.addresses[2] has a prefix that is too long: 10.0.0.0/33. ${schemaHint}`,
      `openclaw.json:1:87: gateway.auth.trustedProxy.addresses[3] is every address: anybody could say who they are. ${schemaHint}`,
    ],
  },
  {
    title: 'a certificate without its key',
    text: "{ gateway: { tls: { enabled: true, certFile: 'c.pem' } } }",
    says: ['openclaw.json:1:46: gateway.tls has certFile and no keyFile. Set both, or neither for a certificate that signs itself.'],
  },
  {
    title: 'encryption without a certificate',
    text: '{ gateway: { tls: { enabled: true, selfSigned: false } } }',
    says: [
      'openclaw.json:1:48: gateway.tls is enabled, has no certificate and may not make one. Set gateway.tls.certFile and gateway.tls.keyFile, or selfSigned: true.',
    ],
  },
  {
    title: 'an origin with a path, and a host with a port',
    text: "{ gateway: { controlUi: { allowedOrigins: ['https://a.example/ui'], allowedHosts: ['a.example:8080'] } } }",
    says: [
      `openclaw.json:1:44: gateway.controlUi.allowedOrigins[0] must be an origin such as 'https://claw.example.org', without a path, not "https://a.example/ui". ${schemaHint}`,
      `openclaw.json:1:84: gateway.controlUi.allowedHosts[0] must be a host name such as 'claw.example.org', without a port, not "a.example:8080". ${schemaHint}`,
    ],
  },
];

for (const { title, text, says, vendors } of cases) {
  test(`refused with its words: ${title}`, async (t) => {
    const folder = createFolder(t, { 'openclaw.json': text });
    assert.deepEqual(await folder.mistakes(vendors ? { vendors } : {}), says);
  });
}

test('every mistake is reported at once, in the order of the file', async (t) => {
  const text =
    "{\n  gateway: { port: -1, prt: 2 },\n  logging: { level: 'loud' },\n  models: { retry: { attempts: 0 }, braker: {} },\n  gateway: 1,\n}";
  const mistakes = await createFolder(t, { 'openclaw.json': text }).mistakes();
  assert.deepEqual(
    mistakes.map((mistake) => mistake.split(': ', 1)[0]),
    ['2:20', '2:24', '3:21', '4:32', '4:37', '5:3'].map((place) => `openclaw.json:${place}`),
  );
});

test('a value that was filled in from a variable is not shown when it does not fit', async (t) => {
  const folder = createFolder(t, { 'openclaw.json': "{ logging: { level: '${OPENAI_API_KEY}' } }" });
  const [mistake = ''] = await folder.mistakes({ env: { OPENAI_API_KEY: 'sk-very-secret' } });
  assert.match(mistake, /logging\.level must be one of .*, and the value of \$\{OPENAI_API_KEY\} is not\./);
  assert.doesNotMatch(mistake, /very-secret/);
});

test('a bad variable is named in place of a line', async (t) => {
  const mistakes = await createFolder(t).mistakes({ env: { OPENCLAW_GATEWAY_PORT: '8080x' } });
  assert.deepEqual(mistakes, [
    `environment variable OPENCLAW_GATEWAY_PORT: gateway.port must be a whole number from 0 to 65535, not "8080x". ${schemaHint}`,
  ]);
});

test('a bad flag is named in place of a line', async (t) => {
  const loading = createFolder(t).load({ flags: { bind: 'everywhere' } });
  await assert.rejects(loading, {
    code: 'config_invalid',
    message: `--bind: gateway.bind must be one of 'loopback', 'lan', 'custom', not "everywhere".`,
  });
});
