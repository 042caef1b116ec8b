/** A redeploy, a restore and a new token: what an operator made is there afterwards. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OpenClaw } from '@openclaw/client';
import { createTestDevice } from '../../src/access/devices/devices.fixture.ts';
import { startProgram } from '../harness/program.ts';
import { answerOf, createHome, knock, statusOf } from './operator.ts';

const config = "{ gateway: { auth: { mode: 'token', token: '${OPENCLAW_GATEWAY_TOKEN}' } } }";
const session = { sessionKey: 'main' };

async function makeUse(home: string, env: Record<string, string>): Promise<string> {
  const key = await answerOf(home, ['keys', 'create', '--name', 'ci'], env);
  const message = { ...session, message: 'say Well kept.', idempotencyKey: 'the-first' };
  await answerOf(home, ['gateway', 'call', 'chat.send', JSON.stringify(message)], env);
  await answerOf(home, ['gateway', 'call', 'agent.wait', '{"runId":"the-first"}'], env);
  return key.trim();
}

/** What the commands say of it, without what changes by itself. */
async function ownedBy(home: string, env: Record<string, string>): Promise<Record<string, unknown>> {
  const read = async (...args: string[]): Promise<unknown> => JSON.parse(await answerOf(home, [...args, '-o', 'json'], env));
  const history = JSON.parse(await answerOf(home, ['gateway', 'call', 'chat.history', JSON.stringify(session)], env)) as {
    messages: unknown[];
  };
  const { versions } = (await read('config', 'history')) as { versions: unknown[] };
  const { paired } = (await read('devices', 'list')) as { paired: { deviceId: string; tokens: unknown }[] };
  return {
    devices: paired.map(({ deviceId, tokens }) => ({ deviceId, tokens })),
    keys: await read('keys', 'list'),
    messages: history.messages,
    audit: await read('audit'),
    versions,
  };
}

const rows = Array.from({ length: 20_000 }, (_, index) => `row ${index}`);

/** A step of a program's own whose result is too large for the journal. @returns how often it was done */
async function takeLargeStep(url: string, token: string): Promise<number> {
  await using openclaw = new OpenClaw({ baseURL: `${new URL(url).origin}/v1`, token });
  const run = await openclaw.runs.open('report', { input: null });
  let times = 0;
  const result = await run.step('fetch', () => ((times += 1), rows));
  assert.deepEqual(result, rows);
  return times;
}

test('a plain tar of the live state directory, started elsewhere, has its devices, keys, sessions, audit and configuration history', async () => {
  using home = createHome();
  using elsewhere = createHome();
  const env = { OPENCLAW_GATEWAY_TOKEN: 'a-token-of-the-environment' };
  mkdirSync(join(home.path, '.openclaw'));
  writeFileSync(join(home.path, '.openclaw/openclaw.json'), config);
  await using gateway = await startProgram({ home: home.path, env });
  const { url } = await gateway.ready();
  const device = createTestDevice();
  const { hello } = await knock(url, { device, auth: { token: env.OPENCLAW_GATEWAY_TOKEN } });
  const deviceToken = hello?.auth.deviceToken ?? '';
  const key = await makeUse(home.path, env);
  await answerOf(home.path, ['config', 'set', 'models.retry.attempts', '3'], env);
  assert.equal(await takeLargeStep(url, env.OPENCLAW_GATEWAY_TOKEN), 1);
  const before = await ownedBy(home.path, env);
  for (const [what, list] of Object.entries(before)) assert.ok(JSON.stringify(list).length > 50, what);

  const archive = join(elsewhere.path, 'backup.tgz');
  const packed = spawnSync('tar', ['-czf', archive, '-C', home.path, '.openclaw'], { encoding: 'utf8' });
  assert.ok(packed.status === 0 || /file changed as we read it/.test(packed.stderr), packed.stderr);
  assert.equal(spawnSync('tar', ['-xzf', archive, '-C', elsewhere.path]).status, 0);
  await using restored = await startProgram({ home: elsewhere.path, env });
  const there = await restored.ready();
  assert.deepEqual(await ownedBy(elsewhere.path, env), before);
  assert.equal(await takeLargeStep(there.url, env.OPENCLAW_GATEWAY_TOKEN), 0, 'it is given back and not done again');
  assert.equal((await knock(there.url, { device, auth: { deviceToken } })).hello?.auth.method, 'device-token');
  assert.equal(await statusOf(`${there.url}/v1/models`, key), 200);
  assert.equal(await statusOf(`${url}/v1/models`, key), 200, 'the original goes on beside its copy');
});

test('a gateway token that is changed by its variable keeps devices, keys and sessions', async () => {
  using home = createHome();
  const [first, second] = [{ OPENCLAW_GATEWAY_TOKEN: 'the-first-token' }, { OPENCLAW_GATEWAY_TOKEN: 'the-second-token' }];
  const device = createTestDevice();
  let [deviceToken, key] = ['', ''];
  let before: Record<string, unknown> = {};
  {
    await using gateway = await startProgram({ home: home.path, env: first });
    const { url } = await gateway.ready();
    const { hello } = await knock(url, { device, auth: { token: 'the-first-token' } });
    deviceToken = hello?.auth.deviceToken ?? '';
    key = await makeUse(home.path, first);
    before = await ownedBy(home.path, first);
  }
  await using gateway = await startProgram({ home: home.path, env: second });
  const { url } = await gateway.ready();
  assert.deepEqual(await ownedBy(home.path, second), before);
  assert.equal((await knock(url, { device, auth: { deviceToken } })).hello?.auth.method, 'device-token');
  assert.equal(await statusOf(`${url}/v1/models`, key), 200);
  assert.equal(await statusOf(`${url}/v1/models`, 'the-first-token'), 401);
  assert.equal(await statusOf(`${url}/v1/models`, 'the-second-token'), 200);
});

test('a missing variable for the token is named at every start, opens nothing beyond this machine, and makes no new token each time', async () => {
  using home = createHome();
  mkdirSync(join(home.path, '.openclaw'));
  writeFileSync(join(home.path, '.openclaw/openclaw.json'), config.replace('gateway: {', "gateway: { bind: 'lan',"));
  const tokens: string[] = [];
  for (let start = 0; start < 3; start += 1) {
    await using gateway = await startProgram({ home: home.path });
    const { url, token } = await gateway.ready();
    assert.match(url, /^http:\/\/127\.0\.0\.1:/);
    assert.match(gateway.stdout(), /gateway\.auth\.token needs the variable OPENCLAW_GATEWAY_TOKEN, which is not set\./);
    assert.ok(!gateway.stdout().includes('every other address'));
    tokens.push(token);
  }
  assert.equal(new Set(tokens).size, 1);
  await using gateway = await startProgram({ home: home.path, env: { OPENCLAW_GATEWAY_TOKEN: 'set-at-last' } });
  const { url } = await gateway.ready();
  assert.deepEqual([await statusOf(`${url}/v1/models`, 'set-at-last'), await statusOf(`${url}/v1/models`, tokens[0])], [200, 401]);
});
