/**
 * A real nginx in front, with the very block of `docs/remote-access.md`: the page, WebSockets, streams, and that nobody behind it is taken
 * for this machine. `OPENCLAW_TEST_REQUIRE=nginx` makes it a failure that there is none.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { readTls } from '../../src/gateway/index.ts';
import { startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { createTestDevice, knock } from './attack.ts';

const hasNginx = spawnSync('nginx', ['-v']).status === 0;
const isRequired = (process.env['OPENCLAW_TEST_REQUIRE'] ?? '').split(',').includes('nginx');
const page = new URL('../../../../docs/remote-access.md', import.meta.url);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('there is an nginx where one is required', () =>
  assert.ok(hasNginx || !isRequired, 'OPENCLAW_TEST_REQUIRE names nginx, and there is none'));

describe('behind nginx as the docs set it up', { skip: hasNginx ? false : 'there is no nginx here: apt-get install nginx' }, () => {
  const resources = new AsyncDisposableStack();
  let gateway: TestGateway;
  let port: number;
  let ca: string;

  before(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'openclaw-nginx-'));
    resources.defer(() => rm(directory, { recursive: true, force: true }));
    gateway = resources.use(
      await startTestGateway({ settings: { gateway: { controlUi: { allowedHosts: ['claw.example.org'] } } }, logLevel: 'debug' }),
    );
    const tls = await readTls(
      { enabled: true },
      { directory, clock: systemClock, names: ['claw.example.org', 'other.example', 'localhost', '127.0.0.1'] },
    );
    assert.ok(tls);
    ca = tls.certificate;
    port = await freePort();
    const block = /```nginx\n([\s\S]*?)```/.exec(await readFile(page, 'utf8'))?.[1] ?? '';
    const here = block
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace('http://127.0.0.1:18789', gateway.url)
      .replace('/etc/ssl/claw.example.org.crt', join(directory, 'gateway-tls.crt'))
      .replace('/etc/ssl/claw.example.org.key', join(directory, 'gateway-tls.key'));
    assert.ok(here.includes(gateway.url) && here.includes(String(port)), 'the block of the page');
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(directory, name)};`);
    const file = join(directory, 'nginx.conf');
    await writeFile(
      file,
      `daemon off; master_process off; pid ${join(directory, 'pid')}; error_log stderr; events {}\nhttp { access_log off; ${places.join(' ')}\n${here} }\n`,
    );
    const nginx = spawn('nginx', ['-c', file, '-p', directory], { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    nginx.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
    resources.defer(async () => {
      nginx.kill('SIGTERM');
      if (nginx.exitCode === null) await once(nginx, 'exit');
    });
    const answers = (): Promise<boolean> =>
      ask('/healthz').then(
        () => true,
        () => false,
      );
    while (!(await answers())) assert.equal(nginx.exitCode, null, words);
  });
  after(() => resources.disposeAsync());

  interface Answer {
    readonly response: IncomingMessage;
    readonly text: string;
    /** When each piece came. */
    readonly atMs: readonly number[];
  }

  function ask(path: string, headers: Record<string, string> = {}, body?: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, ca, agent: false, method: body ? 'POST' : 'GET' };
      const call = request({ ...options, headers: { host: `claw.example.org:${port}`, ...headers } }, (response) => {
        const [chunks, atMs]: [Buffer[], number[]] = [[], []];
        response.on('data', (chunk: Buffer) => (chunks.push(chunk), atMs.push(Date.now())));
        response.on('end', () => resolve({ response, text: Buffer.concat(chunks).toString(), atMs }));
      });
      call.on('error', reject).end(body ? JSON.stringify(body) : undefined);
    });
  }
  const bearer = { authorization: `Bearer ${testToken}` };
  const behind = () => ({
    url: `https://127.0.0.1:${port}`,
    ca,
    host: `claw.example.org:${port}`,
    origin: `https://claw.example.org:${port}`,
  });

  test('the page is served under the name that is listed, with its headers, and under no other', async () => {
    const { response } = await ask('/', { accept: 'text/html' });
    assert.equal(response.statusCode, 200);
    assert.match(String(response.headers['content-security-policy']), /frame-ancestors 'none'/);
    assert.equal((await ask('/', { accept: 'text/html', host: 'other.example' })).response.statusCode, 403);
  });

  test('a WebSocket opens for the page, and not for a page elsewhere', async () => {
    const { url, ca: authority, host, origin } = behind();
    await using outcome = await knock({ url }, { ca: authority, headers: { host, origin }, scopes: [] });
    assert.equal(outcome.result, 'token []');
    await using foreign = await knock({ url }, { ca: authority, headers: { host, origin: 'https://evil.example' } });
    assert.equal(foreign.result, 'CONTROL_UI_ORIGIN_NOT_ALLOWED');
  });

  test('a stream arrives piece by piece', async () => {
    const body = { model: 'openclaw/rehearsal', stream: true, messages: [{ role: 'user', content: 'say one\nwait 1s\nsay two' }] };
    const { response, text, atMs } = await ask('/v1/chat/completions', bearer, body);
    assert.equal(response.statusCode, 200);
    assert.match(text, /one[\s\S]*two[\s\S]*\[DONE\]/);
    assert.ok((atMs.at(-1) ?? 0) - (atMs[0] ?? 0) >= 800, 'the first piece did not wait for the last');
  });

  test('nobody behind it is taken for this machine: no silent pairing, no scopes without a device, no metrics, no end to guessing', async () => {
    const { url, ca: authority, host, origin } = behind();
    for (const spoofed of [{}, { 'x-forwarded-for': '127.0.0.1' }, { 'x-real-ip': '127.0.0.1' }, { forwarded: 'for=127.0.0.1' }] as Record<
      string,
      string
    >[]) {
      for (const name of [host, `localhost:${port}`]) {
        const headers = { ...spoofed, host: name, ...(name === host ? { origin } : {}) };
        await using outcome = await knock({ url }, { ca: authority, device: createTestDevice(), headers, scopes: ['operator.admin'] });
        assert.equal(outcome.result, 'PAIRING_REQUIRED', JSON.stringify(headers));
        await using backend = await knock(
          { url },
          { ca: authority, client: 'gateway-client/backend', headers, scopes: ['operator.admin'] },
        );
        assert.equal(backend.result, 'token []');
      }
    }
    assert.equal((await ask('/metrics', { host: `localhost:${port}` })).response.statusCode, 401);
    assert.equal((await ask('/metrics', bearer)).response.statusCode, 200);
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess += 1)
      statuses.push((await ask('/v1/models', { authorization: `Bearer guess-${guess}` })).response.statusCode ?? 0);
    assert.equal(statuses.at(-1), 429);
    assert.equal((await ask('/v1/models', bearer)).response.statusCode, 200, 'the right token is not held up by the guesses of others');
  });
});
