/** What platforms and their probes meet: the address, the paths, and a process that stays the same one. */
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startProgram } from '../harness/program.ts';
import { answerOf, createHome, freePort, statusOf, until } from './operator.ts';

const ownAddress = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

const token = 'a-token-of-the-file';
const bound = (bind: string, mode = 'token'): string => `{ gateway: { bind: '${bind}', auth: { mode: '${mode}', token: '${token}' } } }`;

test('gateway.bind set to lan and back while it runs moves the same process, which goes on serving', { skip: !ownAddress }, async () => {
  using home = createHome();
  mkdirSync(join(home.path, '.openclaw'));
  const file = join(home.path, '.openclaw/openclaw.json');
  writeFileSync(file, bound('loopback'));
  await using gateway = await startProgram({ home: home.path, env: { OPENCLAW_GATEWAY_PORT: await freePort() } });
  const { url } = await gateway.ready();
  const outside = url.replace('127.0.0.1', String(ownAddress));
  assert.equal(await statusOf(`${outside}/healthz`), 0);
  writeFileSync(file, bound('lan'));
  await until('it listens outside', async () => (await statusOf(`${outside}/v1/models`, token)) === 200);
  assert.equal(await statusOf(`${outside}/v1/models`), 401);
  writeFileSync(file, bound('lan', 'none'));
  await until('the edit is refused', () => /was refused/.test(gateway.stderr()));
  assert.equal(await statusOf(`${outside}/v1/models`), 401, 'nobody opens the door by an edit');
  writeFileSync(file, bound('loopback'));
  await until('it has left the outside', async () => (await statusOf(`${outside}/healthz`)) === 0);
  // Two listeners cannot hold one port, so for a moment there is none.
  await until('it listens here', async () => (await statusOf(`${url}/healthz`)) === 200);
  assert.deepEqual([await statusOf(`${url}/readyz`), gateway.child.exitCode], [200, null]);
});

test('with the page served at /, a path that does not exist is 404 all the same, and /metrics is metrics', async () => {
  await using gateway = await startProgram();
  const { url } = await gateway.ready();
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  assert.match(String(page.headers.get('content-type')), /^text\/html/);
  for (const path of [
    'health/',
    'healthz/live',
    'livez',
    'ready',
    'api/health',
    'chat',
    'index.php',
    'assets/none.js',
    '%2e%2e/package.json',
  ])
    assert.equal(await statusOf(`${url}/${path}`), 404, path);
  const metrics = await fetch(`${url}/metrics`);
  assert.match(String(metrics.headers.get('content-type')), /^text\/plain/);
  assert.match(await metrics.text(), /^# TYPE openclaw_/m);
});

test('a drain takes no longer by default than the ten seconds that Docker gives', async () => {
  using home = createHome();
  const { value } = JSON.parse(await answerOf(home.path, ['config', 'get', 'gateway.drainTimeoutMs', '-o', 'json'])) as { value: number };
  assert.ok(value > 0 && value < 9000, String(value));
});
