import assert from 'node:assert/strict';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { createIds } from '../../core/ids.ts';
import { createLog } from '../../core/log.ts';
import { listen } from '../listener.ts';
import type { GatewayPolicy } from '../policy.ts';
import { createRequestHandler } from '../router.ts';
import { createControlUiEndpoints } from './control-ui.ts';

const limits = {
  headerTimeoutMs: 15_000,
  bodyTimeoutMs: 15_000,
  keepAliveMs: 5000,
  connections: 100,
  headerBytes: 8192,
  bodyBytes: 1024,
  nestingDepth: 8,
};
const closed: GatewayPolicy = {
  limits,
  open: false,
  ambient: false,
  loopbackOnly: true,
  controlUi: { enabled: true, allowedOrigins: [], allowedHosts: [] },
  restricted: undefined,
};

async function serve(options: { readonly policy?: GatewayPolicy; readonly built?: boolean } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'openclaw-pages-'));
  const policy = options.policy ?? closed;
  if (options.built !== false) {
    await mkdir(join(directory, 'assets'));
    await writeFile(join(directory, 'index.html'), '<!doctype html><title>OpenClaw</title>');
    await writeFile(join(directory, 'assets', 'index-a1b2c3d4.js'), `/* ${'script '.repeat(1000)}*/`);
  }
  await writeFile(join(directory, '..', 'secret-beside.html'), 'never served');
  const handler = createRequestHandler({
    endpoints: createControlUiEndpoints({ version: '1.2.3', directory, policy: () => policy }),
    authenticate: () => assert.fail('nobody is asked for a credential'),
    policy: () => policy,
    admit: () => {},
    log: createLog({ clock: systemClock, level: 'silent', destinations: [] }),
    ids: createIds(),
    onRequest: () => {},
  });
  const listener = await listen({ host: '127.0.0.1', port: 0, limits }, { request: handler });
  const ask = (path: string, headers: Record<string, string> = {}): Promise<{ response: IncomingMessage; body: Buffer }> =>
    new Promise((resolve, reject) => {
      // Not through `fetch`, which takes dots out of paths and sets a Host of its own.
      get({ port: listener.port, host: '127.0.0.1', path, agent: false, headers: { accept: 'text/html', ...headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve({ response, body: Buffer.concat(chunks) }));
      }).on('error', reject);
    });
  return { ask, directory, [Symbol.asyncDispose]: () => listener.close() };
}

test('a browser gets the page, a program a few words', async () => {
  await using gateway = await serve();
  const page = await gateway.ask('/');
  assert.match(page.body.toString(), /<title>OpenClaw/);
  const words = await gateway.ask('/', { accept: '*/*' });
  assert.match(words.response.headers['content-type'] ?? '', /^text\/plain/);
  assert.match(words.body.toString(), /base URL ending in \/v1/);
});

test('the page takes nothing from elsewhere, runs no inline script and stands in no frame', async () => {
  await using gateway = await serve();
  const { headers } = (await gateway.ask('/')).response;
  const policy = String(headers['content-security-policy']);
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.equal(headers['x-frame-options'], 'DENY');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['referrer-policy'], 'no-referrer');
});

test('files are compressed, kept for ever by their name, and asked for again by their tag', async () => {
  await using gateway = await serve();
  const path = '/assets/index-a1b2c3d4.js';
  const { response, body } = await gateway.ask(path, { 'accept-encoding': 'gzip, br' });
  assert.equal(response.headers['content-encoding'], 'br');
  assert.match(brotliDecompressSync(body).toString(), /script script/);
  assert.match(String(response.headers['cache-control']), /immutable/);
  const plain = await gateway.ask(path, { 'accept-encoding': 'br;q=0' });
  assert.equal(plain.response.headers['content-encoding'], undefined);
  const again = await gateway.ask(path, { 'if-none-match': String(response.headers.etag) });
  assert.deepEqual([again.response.statusCode, again.body.length], [304, 0]);
});

test('no path leads out of the folder of the page', async () => {
  await using gateway = await serve();
  const tries = [
    '/assets/../../secret-beside.html',
    '/assets/..%2f..%2fsecret-beside.html',
    '/assets/%2e%2e/index.html',
    '/assets//etc/passwd',
  ];
  for (const path of [...tries, '/assets/..\\..\\secret-beside.html', '/assets/', '/assets/none.js', '/secret-beside.html']) {
    const { response, body } = await gateway.ask(path);
    assert.equal(response.statusCode, 404, path);
    assert.doesNotMatch(body.toString(), /never served/);
  }
});

test('under a name that it is not known by, the page says which setting would list it', async () => {
  await using gateway = await serve();
  const { response, body } = await gateway.ask('/', { host: 'rebound.example:18789' });
  assert.equal(response.statusCode, 403);
  assert.match(body.toString(), /gateway\.controlUi\.allowedHosts '\["rebound\.example"\]'/);
});

test('without a build the page says how to make one; once built it is served without a restart', async () => {
  await using gateway = await serve({ built: false });
  assert.match((await gateway.ask('/')).body.toString(), /npm run prepare/);
  await writeFile(join(gateway.directory, 'index.html'), '<!doctype html><title>built</title>');
  assert.match((await gateway.ask('/')).body.toString(), /<title>built/);
});

test('switched off, there is neither page nor file', async () => {
  await using gateway = await serve({ policy: { ...closed, controlUi: { ...closed.controlUi, enabled: false } } });
  assert.match((await gateway.ask('/')).body.toString(), /gateway\.controlUi\.enabled/);
  assert.equal((await gateway.ask('/assets/index-a1b2c3d4.js')).response.statusCode, 404);
});
