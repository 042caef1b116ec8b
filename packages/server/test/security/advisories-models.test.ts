/** What was published about LiteLLM's proxy, and about what the existing gateway sends to providers: each shown not to be so here. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { acme, startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { json, startProvider } from '../harness/provider.ts';
import { chatWhole } from '../harness/wire.ts';
import { advisory, exchange, findTexts, knock, lines, pair } from './attack.ts';

const providerKey = 'acme-key-of-the-provider';
const question = { model: 'acme/large', messages: [{ role: 'user', content: 'Hello?' }] };

async function createKey(gateway: TestGateway, more: object = {}): Promise<{ id: string; key: string }> {
  const answer = await gateway.request('/admin/v1/keys', { json: { name: 'ci', ...more } });
  return (await answer.json()) as { id: string; key: string };
}

const statusWith = async (gateway: TestGateway, headers: Record<string, string>, path = '/v1/models'): Promise<number> =>
  (await fetch(gateway.url + path, { headers })).status;

const injections = [
  ...["' OR '1'='1", "x' UNION SELECT * FROM virtual_keys --", "'; DROP TABLE virtual_keys; --", '" OR ""="', "ock_' OR 1=1 --"],
  ...["\\' OR 1=1 #", '1; ATTACH DATABASE "/tmp/x" AS y', "ock_%' OR hash LIKE '%", '$1', '?', ':id'],
];

test(advisory('CVE-2026-42208 GHSA-r75f-5x8p-qvmc', 'no text in the place of a key is read as SQL, at either door'), async () => {
  await using gateway = await startTestGateway();
  const { key } = await createKey(gateway);
  for (const text of injections) {
    assert.equal(await statusWith(gateway, { authorization: `Bearer ${text}` }), 401, text);
    assert.equal(await statusWith(gateway, { 'x-api-key': text }), 401, text);
    for (const auth of [{ token: text }, { deviceToken: text }, { password: text }]) {
      await using outcome = await knock(gateway, { auth });
      assert.equal(outcome.hello, undefined, text);
    }
  }
  assert.equal(await statusWith(gateway, { authorization: `Bearer ${key}` }), 200, 'the keys are still there');
});

test(advisory('CVE-2024-4890 CVE-2024-5225 CVE-2025-45809', 'no id, name or question of the administration is read as SQL'), async () => {
  await using gateway = await startTestGateway();
  const { id } = await createKey(gateway);
  const internal: string[] = [];
  const look = async (what: string, answer: Response): Promise<void> => {
    const text = await answer.text();
    if (answer.status >= 500 || /sqlite|syntax error|no such column/i.test(text)) internal.push(`${what}: ${answer.status} ${text}`);
  };
  for (const text of injections) {
    const escaped = encodeURIComponent(text);
    for (const path of [
      `keys/${escaped}`,
      `usage?by=${escaped}`,
      `audit?action=${escaped}`,
      `requests/${escaped}`,
      `models/${escaped}`,
      `callers?by=${escaped}`,
    ]) {
      await look(path, await gateway.request(`/admin/v1/${path}`));
    }
    await look(`revoke ${text}`, await gateway.request(`/admin/v1/keys/${escaped}`, { method: 'DELETE' }));
    await look(`create ${text}`, await gateway.request('/admin/v1/keys', { json: { name: text, models: [text] } }));
  }
  assert.deepEqual(internal, []);
  const { keys } = (await (await gateway.request('/admin/v1/keys')).json()) as { keys: { id: string; revokedAt?: string | null }[] };
  assert.equal(keys.length, 1 + injections.length);
  assert.equal((await gateway.request(`/admin/v1/keys/${id}`)).status, 200);
});

test(
  advisory(
    'CVE-2024-6587 GHSA-g26j-5385-hhw3 CVE-2026-84377 GHSA-3cv6-jpf6-8222',
    'nothing in a request says where it is sent, or whose key goes with it',
  ),
  async () => {
    await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
    await using stranger = await startProvider(json(chatWhole({ text: 'stolen' })));
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
    const address = stranger.baseUrl;
    const routing = {
      ...{
        api_base: address,
        base_url: address,
        baseUrl: address,
        api_key: 'mine',
        apiKey: 'mine',
        endpoint: address,
        custom_llm_provider: 'openai',
      },
      ...{ model_list: [{ model_name: 'large', litellm_params: { api_base: address } }], fallbacks: [{ model: 'x', api_base: address }] },
      ...{ litellm_credential_name: 'acme', metadata: { api_base: address }, extra_body: { api_base: address }, proxy: address },
    };
    const headers = { 'x-api-base': address, 'x-forwarded-host': new URL(address).host, 'x-target': address, 'openai-base-url': address };
    for (const body of [
      { ...question, ...routing },
      { ...question, 'extra_body[api_base]': address },
      { ...question, model: `${address}/large` },
    ]) {
      const answer = await gateway.request(`/v1/chat/completions?api_base=${encodeURIComponent(address)}`, { json: body, headers });
      await answer.arrayBuffer();
    }
    assert.equal(stranger.requests.length, 0);
    assert.ok(provider.requests.length > 0);
    assert.ok(provider.requests.every((request) => request.headers['authorization'] === `Bearer ${providerKey}`));
  },
);

test(advisory('CVE-2026-32913 GHSA-6mgf-v5j7-45cr', 'a provider that redirects is followed nowhere, and so no key is'), async () => {
  await using stranger = await startProvider(json(chatWhole({ text: 'stolen' })));
  for (const status of [301, 302, 303, 307, 308]) {
    await using provider = await startProvider(
      (response) => void response.writeHead(status, { location: `${stranger.baseUrl}/chat/completions` }).end(),
    );
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
    const answer = await gateway.request('/v1/chat/completions', { json: question });
    assert.ok(answer.status >= 400, `${status} became ${answer.status}`);
    assert.ok(!(await answer.text()).includes(providerKey));
    assert.equal(answer.headers.get('location'), null);
  }
  assert.equal(stranger.requests.length, 0);
});

test(
  advisory('CVE-2024-2952 GHSA-46cm-pfwv-cgf8 CVE-2026-42203 GHSA-xqmj-j6mv-4862', 'templates in prompts, names and settings are text'),
  async () => {
    await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
    const template = "{{ 7*7 }} ${7*7} #{7*7} <%= 7*7 %> {% for x in ''.__class__.__mro__ %}{% endfor %} ${env.HOME}";
    const body = {
      ...question,
      messages: [
        { role: 'system', content: template },
        { role: 'user', content: template },
      ],
      chat_template: template,
    };
    await (await gateway.request('/v1/chat/completions', { json: body })).arrayBuffer();
    const messages = provider.requests[0]?.json['messages'] as { content: string }[];
    assert.deepEqual(
      messages.map(({ content }) => content),
      [template, template],
    );
    const made = await (await gateway.request('/admin/v1/keys', { json: { name: template.slice(0, 60) } })).text();
    assert.ok(made.includes('{{ 7*7 }}') && !made.includes('49'));
  },
);

test(
  advisory('CVE-2024-8984 GHSA-fh2c-86xm-pm2x', 'a boundary of a hundred thousand dashes is refused before anybody looks for it'),
  async () => {
    await using gateway = await startTestGateway();
    const boundary = '-'.repeat(20_000);
    const startedMs = Date.now();
    for (const path of ['/v1/chat/completions', '/admin/v1/keys']) {
      const answer = await gateway.request(path, {
        method: 'POST',
        headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
        body: boundary.repeat(5),
      });
      assert.ok([400, 413, 415].includes(answer.status), `${path}: ${answer.status}`);
    }
    assert.ok(Date.now() - startedMs < 5000);
  },
);

test(advisory('CVE-2024-10188', 'nesting and numbers without end are refused, and the gateway answers the next'), async () => {
  await using gateway = await startTestGateway();
  const bombs = [
    '['.repeat(1_000_000),
    '{"a":'.repeat(500_000),
    `{"model":${'9'.repeat(1_000_000)}}`,
    `{"model":"${'\\u0000'.repeat(200_000)}"}`,
    '{"a":1e999999}',
  ];
  for (const bomb of bombs) {
    for (const path of ['/v1/chat/completions', '/v1/messages', '/v1/embeddings']) {
      const { status } = await gateway.request(path, { method: 'POST', body: bomb });
      assert.ok(status >= 400 && status < 500, `${path} ${bomb.slice(0, 10)}: ${status}`);
    }
  }
  assert.equal((await gateway.request('/healthz')).status, 200);
});

test(advisory('CVE-2026-49468 GHSA-4xpc-pv4p-pm3w', 'what stands in Host is no part of the path that is asked for'), async () => {
  await using gateway = await startTestGateway();
  for (const host of [
    'localhost/healthz?',
    'localhost/healthz#',
    'localhost/healthz',
    '/healthz',
    'a@localhost/health',
    'localhost:1/healthz?x=',
    '[::1]/healthz?',
  ]) {
    for (const path of ['/admin/v1/keys', '/v1/models']) {
      const { status, text } = await exchange(gateway.url, lines(`GET ${path} HTTP/1.1`, `host: ${host}`, 'connection: close'));
      assert.ok([400, 401, 403].includes(status), `${host}: ${status} ${text.slice(0, 80)}`);
    }
  }
});

test(advisory('CVE-2024-9606 CVE-2025-0330', 'no credential, right or wrong, is in a log line, an error or a file'), async () => {
  await using provider = await startProvider(
    (response) => void response.writeHead(401).end(`{"error":{"message":"bad key ${providerKey}"}}`),
  );
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl), logLevel: 'debug' });
  const { key } = await createKey(gateway);
  const wrong = ['sk-wrong-0123456789abcdef', 'ock_wrong-0123456789abcdefghij', 'completely-unknown-secret'];
  const said: string[] = [];
  for (const text of [...wrong, key, testToken]) {
    for (const headers of [{ authorization: `Bearer ${text}` }, { 'x-api-key': text }] as Record<string, string>[]) {
      const answer = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(question) });
      said.push(await answer.text(), JSON.stringify([...answer.headers]));
    }
  }
  const all = JSON.stringify(gateway.logLines) + said.join();
  for (const text of [...wrong, key, testToken, providerKey]) {
    assert.ok(!all.includes(text), text);
    assert.ok(!all.includes(text.slice(0, -4)), `all but the end of ${text}`);
  }
  assert.deepEqual(findTexts(gateway.stateDirectory, [...wrong, key, testToken]), []);
});

test(
  advisory(
    'CVE-2024-5710 GHSA-qqcv-vg9f-5rr3 CVE-2026-35029 GHSA-53mr-6c8q-9789',
    'a key for models, and a device that may write, administer nothing',
  ),
  async () => {
    await using gateway = await startTestGateway();
    const { id, key } = await createKey(gateway);
    const { deviceToken, device } = await pair(gateway, ['operator.read', 'operator.write', 'operator.pairing']);
    for (const credential of [key, deviceToken]) {
      const headers = { authorization: `Bearer ${credential}` };
      const wanted: readonly (readonly [string, string, object?])[] = [
        ['POST', '/admin/v1/keys', { name: 'more', scopes: ['admin'] }],
        ['PATCH', `/admin/v1/keys/${id}`, { scopes: ['admin'], models: null }],
        ['DELETE', `/admin/v1/keys/${id}`],
        ['GET', '/admin/v1/audit'],
        ['PUT', '/admin/v1/logging', { level: 'trace' }],
      ];
      for (const [method, path, body] of wanted) {
        const answer = await fetch(gateway.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
        assert.equal(answer.status, 403, `${method} ${path}`);
      }
    }
    await using outcome = await knock(gateway, { device, auth: { deviceToken }, scopes: ['operator.write'] });
    for (const method of ['config.set', 'config.patch', 'config.apply']) {
      assert.equal((await outcome.client.call(method, { raw: '{}' })).error?.code, 'FORBIDDEN', method);
    }
  },
);

test(advisory('GHSA-69x8-hrgq-fjj8', 'hashes of credentials are told to nobody, and are no credentials'), async () => {
  await using gateway = await startTestGateway();
  const { id, key } = await createKey(gateway);
  const { deviceToken } = await pair(gateway, ['operator.read']);
  await using operator = await knock(gateway, { scopes: ['operator.admin', 'operator.pairing'] });
  const told = [
    ...[await (await gateway.request('/admin/v1/keys')).text(), await (await gateway.request(`/admin/v1/keys/${id}`)).text()],
    ...[await (await gateway.request('/admin/v1/audit')).text(), JSON.stringify(await operator.client.call('device.pair.list', {}))],
  ].join();
  for (const credential of [key, deviceToken, testToken]) {
    for (const digest of [hash('sha256', credential), hash('sha256', credential, 'base64url'), hash('sha256', credential, 'base64')]) {
      assert.ok(!told.includes(digest));
      assert.equal(await statusWith(gateway, { authorization: `Bearer ${digest}` }), 401);
    }
  }
});

test(
  advisory(
    'CVE-2026-35030 GHSA-jjhc-v7c2-5hh6',
    'a credential that shares all but its end with a right one is a wrong one, also after the right one was used',
  ),
  async () => {
    await using gateway = await startTestGateway();
    const { key } = await createKey(gateway);
    const { deviceToken } = await pair(gateway, ['operator.admin']);
    for (const right of [key, deviceToken, testToken]) {
      assert.equal(await statusWith(gateway, { authorization: `Bearer ${right}` }), 200);
      const last = right.endsWith('A') ? 'B' : 'A';
      for (const near of [
        right.slice(0, -1) + last,
        right.slice(0, -1),
        `${right}${last}`,
        right.slice(0, 20),
        right.toUpperCase(),
        `${right}\u00a0`,
      ]) {
        if (near.trim() === right || near === right) continue;
        assert.equal(await statusWith(gateway, { authorization: `Bearer ${encodeURI(near)}` }), 401, near);
      }
    }
  },
);
