/** What a page in the operator's own browser may not do: be framed, be taken for ours, read by rebinding, write from elsewhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { servedPaths } from '../../src/gateway/index.ts';
import { startTestGateway, testToken } from '../harness/gateway.ts';
import { exchange, knock, lines } from './attack.ts';

const bearer = `authorization: Bearer ${testToken}`;
const open = { settings: { gateway: { auth: { mode: 'none' } } }, environment: { OPENCLAW_GATEWAY_TOKEN: '' } };

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** With a Host of any name, which `fetch` does not send. */
async function ask(url: string, path: string, ...headers: readonly string[]): Promise<Answer> {
  const hosts = headers.some((line) => line.startsWith('host:')) ? [] : [`host: ${new URL(url).host}`];
  const { text, status } = await exchange(url, lines(`GET ${path} HTTP/1.1`, ...hosts, 'connection: close', ...headers));
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  return { status, head: head.toLowerCase(), body };
}

/** Whether the browser lets a page have the connection at all. */
function upgradeStatus(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    const ws = new WebSocket(url.replace(/^http/, 'ws'), { headers });
    ws.on('open', () => (resolve(101), ws.terminate()));
    ws.on('unexpected-response', (request, response) => (resolve(response.statusCode ?? 0), request.destroy()));
    ws.on('error', () => undefined);
  });
}

test('under a name that a stranger has pointed here, nothing is shown and no WebSocket opens', async () => {
  await using gateway = await startTestGateway();
  const { port } = new URL(gateway.url);
  for (const name of [
    'evil.example',
    `evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    `localhost.evil.example:${port}`,
    'evil.localhost.example',
  ]) {
    const page = await ask(gateway.url, '/', `host: ${name}`, 'accept: text/html');
    assert.equal(page.status, 403, name);
    assert.match(page.body, /gateway\.controlUi\.allowedHosts/);
    // A page reads its own origin without an Origin header, so this is what a rebound one gets.
    assert.equal((await ask(gateway.url, '/metrics', `host: ${name}`)).status, 401, name);
    assert.doesNotMatch((await ask(gateway.url, '/health', `host: ${name}`)).body, /detail|reason/);
    assert.equal(await upgradeStatus(gateway.url, { host: name, origin: `http://${name}` }), 403, name);
  }
  assert.equal((await ask(gateway.url, '/metrics')).status, 200, 'here, under a name of this machine');
});

test('through a proxy on this machine the metrics need a credential', async () => {
  await using gateway = await startTestGateway();
  for (const header of [
    'x-forwarded-for: 203.0.113.7',
    'via: 1.1 proxy',
    'forwarded: for=203.0.113.7',
    'x-forwarded-proto: https',
    'cf-connecting-ip: 203.0.113.7',
  ]) {
    assert.equal((await ask(gateway.url, '/metrics', header)).status, 401, header);
    assert.equal((await ask(gateway.url, '/metrics', header, bearer)).status, 200, header);
  }
});

test('without auth every path is refused under a name that is not of this machine', async () => {
  await using gateway = await startTestGateway(open);
  for (const path of ['/', '/v1/models', '/admin/v1/keys', '/metrics', '/health']) {
    for (const name of ['evil.example', '192.0.2.1', 'gateway', '0.0.0.0']) {
      assert.equal((await ask(gateway.url, path, `host: ${name}`)).status, 403, `${path} as ${name}`);
    }
    assert.equal((await ask(gateway.url, path)).status, 200, path);
  }
  assert.equal(await upgradeStatus(gateway.url, { host: 'evil.example' }), 403);
  await using page = await knock(gateway, { auth: {}, headers: { origin: 'https://evil.example' } });
  assert.equal(page.result, 'CONTROL_UI_ORIGIN_NOT_ALLOWED');
});

test('every answer of every path says that it stands in no frame, runs nothing and is what it says it is', async () => {
  await using gateway = await startTestGateway();
  const page = 'accept: text/html';
  const paths = [...servedPaths.map((path) => path.replace('*', 'x')), '/nothing', '/v1/nothing', '/admin/v1/nothing', '/favicon.ico'];
  for (const path of paths) {
    for (const headers of [[], [page], [bearer], [page, 'host: evil.example'], [bearer, 'origin: https://evil.example']]) {
      const { status, head } = await ask(gateway.url, path, ...headers);
      const where = `${path} ${headers.join(' ')} ${status}`;
      assert.match(head, /content-security-policy: [^\r]*frame-ancestors 'none'/, where);
      assert.match(head, /content-security-policy: default-src 'none'/, where);
      assert.doesNotMatch(head, /unsafe-|content-security-policy: [^\r]*\*/, where);
      assert.match(head, /x-frame-options: deny/, where);
      assert.match(head, /x-content-type-options: nosniff/, where);
      assert.match(head, /referrer-policy: no-referrer/, where);
      assert.doesNotMatch(head, /set-cookie|access-control-/, where);
      assert.doesNotMatch(head, /x-powered-by|^server:/m, where);
      if (!path.startsWith('/assets/') && path !== '/favicon.svg') assert.match(head, /cache-control: no-(store|cache)/, where);
    }
  }
});

test('a preflight is refused, so that no page elsewhere sends a header of its own', async () => {
  await using gateway = await startTestGateway();
  for (const path of ['/admin/v1/keys', '/v1/chat/completions', '/']) {
    const { text, status } = await exchange(
      gateway.url,
      lines(
        `OPTIONS ${path} HTTP/1.1`,
        'host: localhost',
        'origin: https://evil.example',
        'access-control-request-method: POST',
        'connection: close',
      ),
    );
    assert.ok(status >= 400, `${path} ${status}`);
    assert.doesNotMatch(text, /access-control-allow/i);
  }
});

test('no credential in an address is taken, at either door, and none is written down', async () => {
  await using gateway = await startTestGateway({ logLevel: 'debug' });
  const queries = [
    `token=${testToken}`,
    `access_token=${testToken}`,
    `auth=${testToken}`,
    `api_key=${testToken}`,
    `key=${testToken}`,
    `password=${testToken}`,
  ];
  for (const query of queries) {
    for (const path of ['/v1/models', '/admin/v1/keys']) assert.equal((await fetch(`${gateway.url}${path}?${query}`)).status, 401, query);
    await using outcome = await knock({ url: `${gateway.url}/?${query}` }, { auth: {} });
    assert.equal(outcome.result, 'DEVICE_IDENTITY_REQUIRED', query);
    assert.equal((await fetch(`${gateway.url}/nothing/${testToken}?${query}`)).status, 404);
  }
  const { host } = new URL(gateway.url);
  assert.equal((await exchange(gateway.url, lines(`GET http://x:${testToken}@${host}/v1/models HTTP/1.1`, `host: ${host}`))).status, 404);
  assert.equal((await ask(gateway.url, '/admin/v1/keys', `cookie: token=${testToken}; openclaw=${testToken}`)).status, 401);
  assert.ok(!JSON.stringify(gateway.logLines).includes(testToken));
  assert.ok(!gateway.metrics.text().includes(testToken));
});
