/** What was published about the pages, paths and files of the existing gateway: each shown not to be so here. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { servedPaths } from '../../src/gateway/index.ts';
import { readBundle } from '../../src/gateway/pages/bundle.ts';
import { startTestGateway, testToken } from '../harness/gateway.ts';
import { advisory, exchange, knock, lines, outerAddress, pair } from './attack.ts';

const run = promisify(execFile);
const launcher = fileURLToPath(new URL('../../bin/openclaw.js', import.meta.url));
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const bearer = { authorization: `Bearer ${testToken}` };
const page = { accept: 'text/html' };
const publicPaths = new Set(['/', '/assets/*', '/favicon.svg', '/healthz', '/readyz', '/startupz', '/health', '/metrics', '/openapi.json']);

test(
  advisory('CVE-2026-25253 GHSA-g8p2-7wf7-98mq GHSA-r2c6-8jc8-g32w', 'no address of the page makes it send its token to somebody else'),
  async () => {
    await using gateway = await startTestGateway();
    const answer = await fetch(`${gateway.url}/?gatewayUrl=wss://evil.example&token=x`, { headers: page });
    const policy = answer.headers.get('content-security-policy') ?? '';
    assert.match(policy, /connect-src 'self'(;|$)/);
    assert.doesNotMatch(policy, /unsafe|\*|wss?:/);
    const readers = globSync('packages/{control-ui,client}/src/**/*.{ts,tsx}', { cwd: root }).filter(
      (file) =>
        !file.includes('.test.') &&
        /gatewayUrl|location\.search|document\.referrer|postMessage/.test(readFileSync(join(root, file), 'utf8')),
    );
    assert.deepEqual(readers, [], 'the page takes no address from whoever linked to it');
  },
);

test(advisory('openclaw#16485', 'a page of another port of this machine opens no WebSocket'), async () => {
  await using gateway = await startTestGateway();
  const { port } = new URL(gateway.url);
  for (const origin of [
    'http://localhost:3000',
    'http://127.0.0.1:1',
    `https://127.0.0.1:${port}`.replace(port, '8443'),
    'null',
    'https://evil.example',
    `http://evil.example:${port}`,
  ]) {
    await using outcome = await knock(gateway, { headers: { origin } });
    assert.equal(outcome.result, 'CONTROL_UI_ORIGIN_NOT_ALLOWED', origin);
  }
});

test(
  advisory('CVE-2026-26317 GHSA-3fqr-4cg8-h96q', 'a page elsewhere changes nothing, with the right token and without any auth'),
  async () => {
    await using gateway = await startTestGateway();
    await using open = await startTestGateway({
      settings: { gateway: { auth: { mode: 'none' } } },
      environment: { OPENCLAW_GATEWAY_TOKEN: '' },
    });
    for (const { url } of [gateway, open]) {
      for (const origin of ['https://evil.example', 'null', 'http://localhost:3000']) {
        const headers = { ...bearer, origin, 'content-type': 'text/plain' };
        const answer = await fetch(`${url}/admin/v1/keys`, { method: 'POST', headers, body: '{"name":"stolen"}' });
        assert.equal(answer.status, 403, origin);
        assert.equal(answer.headers.get('access-control-allow-origin'), null);
      }
    }
    assert.deepEqual(await (await gateway.request('/admin/v1/keys')).json(), { keys: [] });
    const asked = await fetch(`${open.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
      body: '{}',
    });
    assert.equal(asked.status, 403);
  },
);

const behindProxy = {
  settings: { gateway: { auth: { mode: 'trusted-proxy', trustedProxy: { addresses: ['127.0.0.1'], allowUsers: ['ada'] } } } },
  environment: { OPENCLAW_GATEWAY_TOKEN: '' },
};

test(
  advisory('GHSA-2xp4-qhr4-xqm2', 'the session that a browser has with a trusted proxy is of no use to a page elsewhere, also for models'),
  async () => {
    await using gateway = await startTestGateway(behindProxy);
    const headers = { 'x-forwarded-user': 'ada', 'content-type': 'text/plain' };
    const body = JSON.stringify({ model: 'openclaw/rehearsal', messages: [{ role: 'user', content: 'say hi' }] });
    const ask = (more: Record<string, string>, path = '/v1/chat/completions') =>
      fetch(gateway.url + path, { method: 'POST', headers: { ...headers, ...more }, body }).then(({ status }) => status);
    assert.equal(await ask({}), 200);
    assert.equal(await ask({ origin: 'https://evil.example' }), 403);
    assert.equal(await ask({ origin: 'null' }, '/v1/messages'), 403);
    assert.equal(await ask({ origin: 'https://evil.example' }, '/admin/v1/keys'), 403);
  },
);

test(advisory('CVE-2026-41908 GHSA-v8qf-fr4g-28p2', 'a cap that the trusted proxy puts on scopes holds on every path'), async () => {
  await using gateway = await startTestGateway(behindProxy);
  const statusOf = async (path: string, scopes: string): Promise<number> =>
    (await fetch(gateway.url + path, { headers: { 'x-forwarded-user': 'ada', 'x-openclaw-scopes': scopes } })).status;
  for (const path of ['/admin/v1/keys', '/admin/v1/audit', '/admin/v1/requests', '/metrics']) {
    assert.equal(await statusOf(path, 'operator.read'), 403, path);
    assert.equal(await statusOf(path, ''), 403, path);
    assert.equal(await statusOf(path, 'operator.admin'), 200, path);
  }
  assert.equal(await statusOf('/v1/models', 'operator.read'), 403);
  assert.equal((await fetch(`${gateway.url}/admin/v1/keys`, { headers: { 'x-forwarded-user': 'eve' } })).status, 403);
});

test(
  advisory('CVE-2026-44118 GHSA-r6xh-pqhr-v4xh GHSA-35vf-vw9f-q3cr', 'no header makes a caller more than its credential does'),
  async () => {
    await using gateway = await startTestGateway();
    const { device, deviceToken } = await pair(gateway, ['operator.read']);
    const claims = {
      'x-openclaw-scopes': 'operator.admin',
      'x-openclaw-role': 'owner',
      'x-forwarded-user': 'admin',
      'x-openclaw-user': 'gateway',
    };
    const answer = await fetch(`${gateway.url}/admin/v1/keys`, { headers: { authorization: `Bearer ${deviceToken}`, ...claims } });
    assert.equal(answer.status, 403);
    await using outcome = await knock(gateway, { device, auth: { deviceToken }, headers: claims, scopes: ['operator.admin'] });
    assert.equal(outcome.result, 'PAIRING_REQUIRED');
  },
);

test(advisory('CVE-2026-32045 GHSA-hff7-ccv5-52f8', 'what Tailscale writes into headers opens nothing'), async () => {
  await using gateway = await startTestGateway();
  const headers = { 'tailscale-user-login': 'ada@example.org', 'tailscale-user-name': 'Ada', 'x-forwarded-for': '100.64.0.1' };
  for (const path of ['/v1/models', '/admin/v1/keys', '/metrics'])
    assert.equal((await fetch(gateway.url + path, { headers })).status, 401, path);
});

/** Runs, and the sessions that they stand in, use tools on the operator's machine, so a key for models opens them as little as the administration. */
function isForOperators(path: string): boolean {
  return path.startsWith('/admin/') || /^\/(v1\/(runs|sessions)|api|apis|openapi|version)(\/|$)/.test(path);
}

/** What stands below a wildcard, where not every path is one. */
const below: Readonly<Record<string, string>> = {
  '/api/v1/*': 'namespaces/default/pods',
  '/apis/*': 'openclaw.io/v1/namespaces/default/workloads',
  '/openapi/v3/*': 'api/v1',
};

test(
  advisory(
    'CVE-2026-35634 GHSA-6mqc-jqh6-x8fc CVE-2026-35657 GHSA-5jvj-hxmh-6h6j GHSA-943q-mwmv-hhvh',
    'to sit on this machine opens no path, and a key for models none of the administration',
  ),
  async () => {
    await using gateway = await startTestGateway();
    const { key } = (await (await gateway.request('/admin/v1/keys', { json: { name: 'ci' } })).json()) as { key: string };
    assert.match(key, /^ock_/);
    for (const path of servedPaths.filter((served) => !publicPaths.has(served))) {
      const [url, methods] = [gateway.url + path.replace('*', below[path] ?? 'x'), gateway.running.endpoints[path] ?? []];
      for (const method of methods) {
        assert.equal((await fetch(url, { method })).status, 401, `${method} ${path}`);
        const asKey = (await fetch(url, { method, headers: { authorization: `Bearer ${key}` } })).status;
        // A wildcard stands for several routes, not each of which knows each method.
        assert.equal(asKey === 403 || (path.includes('*') && asKey === 405), isForOperators(path), `${method} ${path} ${asKey}`);
      }
    }
    for (const path of ['/tools/invoke', '/api/sessions', '/hooks/agent/now']) {
      assert.equal((await gateway.request(path, { json: {} })).status, 404, path);
    }
    assert.equal((await gateway.request('/hooks/agent', { json: {} })).status, 401, 'what is signed is believed, and no token');
  },
);

test(
  advisory('GHSA-93rg-2xm5-2p9v GHSA-fjm8-mgc9-mf65', 'strangers learn nothing of the configuration from the page or from the probes'),
  async () => {
    await using gateway = await startTestGateway();
    const page404 = await fetch(`${gateway.url}/control-ui-config.json`, { headers: page });
    assert.equal(page404.status, 404);
    for (const path of ['/', '/health', '/readyz', '/startupz', '/healthz', '/nothing']) {
      for (const headers of [page, {}] as Record<string, string>[]) {
        const text = await (await fetch(gateway.url + path, { headers })).text();
        assert.ok(!text.includes(gateway.stateDirectory) && !text.includes(testToken), path);
        assert.doesNotMatch(text, /"detail"|"reason"|providers?":\s*\[/, path);
      }
    }
  },
);

test(advisory('CVE-2026-27485 GHSA-r6h2-5gqq-v5v6', 'the page is the built file, byte for byte, whatever anybody is called'), async () => {
  await using gateway = await startTestGateway();
  const before = await (await fetch(gateway.url, { headers: page })).text();
  const evil = '</script><script>alert(1)</script>';
  await gateway.request('/admin/v1/keys', { json: { name: evil } });
  const { device } = await pair(gateway, ['operator.read']);
  await using operator = await knock(gateway, { scopes: ['operator.admin', 'operator.pairing'] });
  await operator.client.call('device.pair.rename', { deviceId: device.id, displayName: evil });
  assert.equal(await (await fetch(gateway.url, { headers: page })).text(), before);
  assert.doesNotMatch(before, /<script(?![^>]*\bsrc=)[^>]*>/i);
});

test(
  advisory(
    'CVE-2026-43528 GHSA-8372-7vhw-cm6q CVE-2026-41385 GHSA-jjw7-3vjf-fg5j',
    'no field of config.get, under whatever name, holds a secret',
  ),
  async () => {
    const secrets = ['sk-provider-key-0123456789', 'header-credential-abcdef', 'another-gateway-password'];
    const acme = {
      baseUrl: 'http://127.0.0.1:9/v1',
      api: 'openai-completions',
      apiKey: secrets[0],
      headers: { 'x-secret-header': secrets[1] },
      models: [{ id: 'm' }],
    };
    const settings = { gateway: { auth: { token: secrets[2] } }, models: { providers: { acme } } };
    await using gateway = await startTestGateway({ settings, environment: { OPENCLAW_GATEWAY_TOKEN: '' } });
    await using admin = await knock(gateway, { auth: { token: secrets[2]! }, scopes: ['operator.admin', 'operator.read'] });
    for (const method of ['config.get', 'config.status', 'config.history', 'status', 'health', 'models.list']) {
      const text = JSON.stringify(await admin.client.call(method, {}));
      for (const secret of secrets) assert.ok(!text.includes(secret), `${method} tells ${secret}`);
    }
  },
);

test(advisory('CVE-2026-32031 GHSA-8j2w-6fmm-m587', 'no spelling of a path leads past the credential'), async () => {
  await using gateway = await startTestGateway();
  const spellings = [
    ...[
      '/admin/v1/keys',
      '//admin/v1/keys',
      '/./admin/v1/keys',
      '/healthz/../admin/v1/keys',
      '/assets/../admin/v1/keys',
      '/admin/v1/keys/',
    ],
    ...[
      '/%61dmin/v1/keys',
      '/admin%2fv1%2fkeys',
      '/ADMIN/v1/keys',
      '/admin/v1/keys;a=b',
      '/admin\\v1\\keys',
      '/healthz%00/../admin/v1/keys',
    ],
    ...[
      'http://evil.example/admin/v1/keys',
      `${gateway.url}/admin/v1/keys`,
      '/openai/v1/../admin/v1/keys',
      '/openai/v1/models',
      '*',
      'admin/v1/keys',
    ],
  ];
  for (const path of spellings) {
    const { status, text } = await exchange(gateway.url, lines(`GET ${path} HTTP/1.1`, 'host: localhost', 'connection: close'));
    assert.ok([400, 401, 404].includes(status), `${path}: ${status}`);
    assert.ok(!text.includes('"keys"'), path);
  }
});

test(advisory('CVE-2026-32020 GHSA-5ghc-98wh-gwwf', 'links in the folder of the page lead nowhere'), async () => {
  const directory = await mkdtemp(join(tmpdir(), 'openclaw-links-'));
  await mkdir(join(directory, 'page'));
  await writeFile(join(directory, 'secret.html'), 'never served');
  await writeFile(join(directory, 'page', 'index.html'), 'page');
  await symlink(join(directory, 'secret.html'), join(directory, 'page', 'link.html'));
  await symlink(directory, join(directory, 'page', 'folder'));
  assert.deepEqual([...((await readBundle(join(directory, 'page'))) ?? new Map()).keys()], ['/index.html']);
  await rm(directory, { recursive: true });
});

test(
  advisory(
    'CVE-2026-32061 GHSA-56pc-6hvp-4gv4',
    'an include by a relative name, or through a link, does not leave the folder of the configuration',
  ),
  async () => {
    await using gateway = await startTestGateway();
    await symlink('/etc', join(gateway.stateDirectory, 'linked'));
    for (const name of ['../../../../../../etc/passwd', './a/../../../../../etc/passwd', 'linked/passwd']) {
      const [problem] = await gateway.keeper.check(JSON.stringify({ $include: name }));
      assert.ok(problem, name);
      assert.doesNotMatch(JSON.stringify([problem.message, problem.hint, problem.details]), /root:/);
    }
  },
);

test(advisory('CVE-2026-32970 GHSA-qvr7-g57c-mrc7', 'a token whose variable is missing is replaced by no other credential'), async () => {
  const settings = { gateway: { auth: { token: 'token-that-held' } } };
  await using gateway = await startTestGateway({ settings, environment: { OPENCLAW_GATEWAY_TOKEN: '' } });
  await writeFile(join(gateway.stateDirectory, 'openclaw.json'), "{ gateway: { auth: { token: '${NO_SUCH_VARIABLE}' } } }");
  await gateway.keeper.look();
  assert.notEqual(gateway.keeper.status.state, 'current');
  for (const token of ['${NO_SUCH_VARIABLE}', 'undefined', 'null', '', testToken]) {
    const answer = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 401, token);
  }
  assert.equal((await fetch(`${gateway.url}/v1/models`, { headers: { authorization: 'Bearer token-that-held' } })).status, 200);
});

test(advisory('CVE-2026-28478 GHSA-q447-rj3r-2cgh', 'a body of a stranger is not gathered'), async () => {
  await using gateway = await startTestGateway();
  for (const path of ['/v1/chat/completions', '/admin/v1/keys', '/nothing']) {
    const head = lines(`POST ${path} HTTP/1.1`, 'host: localhost', 'content-type: application/json', 'content-length: 1000000000');
    const { status } = await exchange(gateway.url, head + '['.repeat(100_000));
    assert.ok([401, 404].includes(status), `${path}: ${status}`);
  }
});

test(
  advisory(
    'CVE-2026-44114 GHSA-hxvm-xjvf-93f3 GHSA-9r9j-3r2w-fg3v CVE-2026-43531 GHSA-7wv4-cc7p-jhxc CVE-2026-45004 GHSA-r39h-4c2p-3jxp GHSA-xpr6-2hgm-4wwp',
    'nothing is read or loaded from the folder that a command is called in',
  ),
  async () => {
    const [home, folder] = [await mkdtemp(join(tmpdir(), 'openclaw-home-')), await mkdtemp(join(tmpdir(), 'openclaw-cwd-'))];
    await writeFile(join(folder, '.env'), 'OPENCLAW_GATEWAY_PORT=1\nNODE_OPTIONS=--require ./evil.js\n');
    await writeFile(join(folder, 'openclaw.json'), '{ gateway: { port: 2 } }');
    for (const name of ['setup-api.js', 'evil.js', 'openclaw.js', 'index.js', 'package.json'])
      await writeFile(join(folder, name), "throw new Error('loaded')");
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, XDG_CACHE_HOME: join(tmpdir(), 'openclaw-test-cache') };
    const { stdout } = await run(process.execPath, [launcher, 'config', 'get', 'gateway.port'], { cwd: folder, env });
    assert.match(stdout, /18789/);
    await Promise.all([home, folder].map((path) => rm(path, { recursive: true })));
  },
);

test(advisory('GHSA-gv2f-q4wp-fvh5', "the configuration's credential is sent to no other gateway"), async (t) => {
  const address = outerAddress();
  if (address === undefined) {
    t.skip('this machine has no address beyond loopback');
    return;
  }
  const seen: IncomingHttpHeaders[] = [];
  const stranger = createServer((request, response) => void (seen.push(request.headers), response.end('{}')));
  await new Promise<void>((resolve) => void stranger.listen(0, address, resolve));
  const home = await mkdtemp(join(tmpdir(), 'openclaw-home-'));
  await mkdir(join(home, '.openclaw'));
  await writeFile(join(home, '.openclaw', 'openclaw.json'), "{ gateway: { auth: { token: 'token-of-my-own-gateway' } } }");
  const env = {
    ...{ PATH: process.env['PATH'] ?? '', HOME: home, XDG_CACHE_HOME: join(tmpdir(), 'openclaw-test-cache') },
    OPENCLAW_GATEWAY_URL: `http://${address}:${(stranger.address() as AddressInfo).port}`,
  };
  for (const args of [['keys', 'list'], ['audit'], ['models', 'list'], ['kubeconfig'], ['health']]) {
    const { stdout } = await run(process.execPath, [launcher, ...args], { env }).catch((error: { stdout: string }) => error);
    assert.ok(!stdout.includes('token-of-my-own-gateway'), args.join(' '));
  }
  assert.ok(seen.length > 0);
  assert.ok(!JSON.stringify(seen).includes('token-of-my-own-gateway'));
  stranger.close();
  await rm(home, { recursive: true });
});
