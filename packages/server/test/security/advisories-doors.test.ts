/** What was published about who gets in over the WebSocket of the existing gateway: each shown not to be so here. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../control/plane.ts';
import { startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { advisory, createTestDevice, elsewhere, knock, pair } from './attack.ts';

const admin = ['operator.admin'];

/** The token stands in the file, so that an edit rotates it. */
const ownToken = { settings: { gateway: { auth: { token: 'first-token-of-the-file' } } }, environment: { OPENCLAW_GATEWAY_TOKEN: '' } };

async function rotateToken(gateway: TestGateway, token: string): Promise<void> {
  await writeFile(join(gateway.stateDirectory, 'openclaw.json'), JSON.stringify({ gateway: { auth: { token } } }));
  await gateway.keeper.look();
}

const statusOf = async (gateway: TestGateway, token: string, path = '/admin/v1/keys'): Promise<number> =>
  (await fetch(gateway.url + path, { headers: { authorization: `Bearer ${token}` } })).status;

test(advisory('CVE-2026-22172 GHSA-rqpp-rjj8-7wv8', 'the shared token without a device keeps no scopes that it declares'), async () => {
  await using gateway = await startTestGateway();
  for (const client of ['cli/cli', 'gateway-client/backend', 'openclaw-tui/ui', 'webchat/webchat', 'test/test']) {
    await using outcome = await knock(gateway, { client, scopes: admin, headers: elsewhere });
    assert.equal(outcome.result, 'token []', client);
    assert.equal((await outcome.client.call('config.get', {})).error?.code, 'FORBIDDEN');
  }
});

test(
  advisory('CVE-2026-35663 GHSA-9hjh-fr4f-gxc4', 'who calls itself the backend and comes back from elsewhere or from a page gains nothing'),
  async () => {
    await using gateway = await startTestGateway();
    const { device, deviceToken } = await pair(gateway, ['operator.read']);
    const backend = { client: 'gateway-client/backend', scopes: admin } as const;
    await using page = await knock(gateway, { ...backend, headers: { origin: gateway.url } });
    assert.equal(page.result, 'token []');
    await using again = await knock(gateway, { ...backend, device, auth: { deviceToken } });
    assert.equal(again.result, 'PAIRING_REQUIRED');
  },
);

test(
  advisory(
    'CVE-2026-32987 GHSA-63f5-hhc7-cx6p CVE-2026-33575 GHSA-7h7g-x2px-94hj GHSA-9v8j-9c9g-w66c',
    'there are no setup codes to be replayed or to widen a request',
  ),
  async () => {
    await using gateway = await startTestGateway();
    const device = createTestDevice();
    for (const bootstrapToken of ['code', testToken, 'ocb_0123456789']) {
      await using outcome = await knock(gateway, { device, auth: { bootstrapToken }, scopes: admin, headers: elsewhere });
      assert.equal(outcome.hello, undefined);
      await using here = await knock(gateway, { device, auth: { bootstrapToken }, scopes: admin });
      assert.equal(here.hello, undefined);
    }
    await using operator = await knock(gateway, { scopes: ['operator.pairing'] });
    const { payload } = await operator.client.call('device.pair.list', {});
    assert.deepEqual(payload, { pending: [], paired: [] });
  },
);

test(
  advisory(
    'CVE-2026-43585 GHSA-xmxx-7p24-h892 GHSA-m8wm-r5vq-qjpg CVE-2026-41916 GHSA-68x5-xx89-w9mm',
    'after a rotation the old token opens neither door, and the new one both',
  ),
  async () => {
    await using gateway = await startTestGateway(ownToken);
    assert.equal(await statusOf(gateway, 'first-token-of-the-file'), 200);
    await rotateToken(gateway, 'second-token-of-the-file');
    for (const path of ['/admin/v1/keys', '/v1/models', '/admin/v1/requests']) {
      assert.equal(await statusOf(gateway, 'first-token-of-the-file', path), 401, path);
      assert.equal(await statusOf(gateway, 'second-token-of-the-file', path), 200, path);
    }
    await using old = await knock(gateway, { auth: { token: 'first-token-of-the-file' } });
    assert.equal(old.result, 'AUTH_TOKEN_MISMATCH');
    await using next = await knock(gateway, { auth: { token: 'second-token-of-the-file' } });
    assert.equal(next.result, 'token [operator.read]');
  },
);

test(advisory('CVE-2026-42421 GHSA-5h3f-885m-v22w', 'a rotation ends the WebSockets that came by the old token'), async () => {
  await using gateway = await startTestGateway(ownToken);
  await using outcome = await knock(gateway, { auth: { token: 'first-token-of-the-file' }, scopes: admin });
  await rotateToken(gateway, 'second-token-of-the-file');
  assert.equal((await outcome.client.ended).code, 4001);
});

test(advisory('GHSA-wwc3-c577-533m', 'a new token for a device ends the connections of its old one, over both doors'), async () => {
  await using gateway = await startTestGateway();
  const { device, deviceToken } = await pair(gateway, admin);
  await using old = await knock(gateway, { device, auth: { deviceToken }, scopes: admin });
  await using operator = await knock(gateway, { scopes: [...admin, 'operator.pairing'] });
  assert.equal(await statusOf(gateway, deviceToken), 200);
  assert.equal((await operator.client.call('device.token.rotate', { deviceId: device.id })).ok, true);
  assert.equal((await old.client.ended).code, 4001);
  assert.equal(await statusOf(gateway, deviceToken), 401);
});

test(advisory('CVE-2026-42422 GHSA-whf9-3hcx-gq54', 'no token is made for a role that was never approved'), async () => {
  await using gateway = await startTestGateway();
  const { device } = await pair(gateway, ['operator.read']);
  await using operator = await knock(gateway, { scopes: [...admin, 'operator.pairing'] });
  for (const role of ['node', 'worker', 'admin', '__proto__', '']) {
    const { ok } = await operator.client.call('device.token.rotate', { deviceId: device.id, role });
    assert.equal(ok, false, role);
  }
});

test(advisory('GHSA-q99w-vh6v-q3v7', 'what was revoked does not come back by a rotation'), async () => {
  await using gateway = await startTestGateway();
  const { device, deviceToken } = await pair(gateway, ['operator.read']);
  await using operator = await knock(gateway, { scopes: [...admin, 'operator.pairing'] });
  assert.equal((await operator.client.call('device.token.revoke', { deviceId: device.id })).ok, true);
  assert.equal((await operator.client.call('device.token.rotate', { deviceId: device.id })).ok, false);
  await using again = await knock(gateway, { device, auth: { deviceToken } });
  assert.equal(again.result, 'AUTH_DEVICE_TOKEN_MISMATCH');
});

test(advisory('GHSA-xrq9-jm7v-g9h7', 'a paired device that may pair decides about no device that holds more than itself'), async () => {
  await using gateway = await startTestGateway();
  const strong = await pair(gateway, admin);
  const weak = await pair(gateway, ['operator.pairing']);
  await using outcome = await knock(gateway, {
    device: weak.device,
    auth: { deviceToken: weak.deviceToken },
    scopes: ['operator.pairing'],
  });
  const deviceId = strong.device.id;
  for (const [method, params] of [
    ['device.pair.remove', { deviceId }],
    ['device.token.revoke', { deviceId }],
    ['device.token.rotate', { deviceId }],
    ['device.pair.rename', { deviceId, displayName: 'mine' }],
  ] as const) {
    const { error } = await outcome.client.call(method, params);
    assert.match(String(error?.message), /lacks operator\.admin/, method);
  }
  assert.equal(await statusOf(gateway, strong.deviceToken), 200);
  assert.equal((await outcome.client.call('device.pair.rename', { deviceId: weak.device.id, displayName: 'me' })).ok, true);
});

test(
  advisory('GHSA-8mg9-j9cf-54cj', 'nobody approves more than they hold, and a device that comes back asking for nothing holds nothing'),
  async () => {
    await using gateway = await startTestGateway();
    const device = createTestDevice();
    await using asking = await knock(gateway, { device, scopes: admin, headers: elsewhere });
    const requestId = String(asking.error?.details?.['requestId']);
    await using pairing = await knock(gateway, { scopes: ['operator.pairing'] });
    assert.match(String((await pairing.client.call('device.pair.approve', { requestId })).error?.message), /lacks operator\.admin/);
    await using empty = await knock(gateway, { device, scopes: [], headers: elsewhere });
    const emptyId = String(empty.error?.details?.['requestId']);
    assert.notEqual(emptyId, requestId);
    assert.equal((await pairing.client.call('device.pair.approve', { requestId })).ok, false, 'what was superseded');
    assert.equal((await pairing.client.call('device.pair.approve', { requestId: emptyId })).ok, true);
    await using admitted = await knock(gateway, { device, scopes: [], headers: elsewhere });
    assert.equal(admitted.result, 'token []');
    await using more = await knock(gateway, { device, auth: { deviceToken: admitted.deviceToken }, scopes: admin });
    assert.equal(more.result, 'PAIRING_REQUIRED');
  },
);

test(advisory('GHSA-83w9-h5wv-j9xm', 'another role is another request: what an operator was given lets in no node'), async () => {
  await using gateway = await startTestGateway();
  const { device, deviceToken } = await pair(gateway, ['operator.read']);
  await using node = await knock(gateway, { device, auth: { deviceToken }, role: 'node', client: 'node-host/node', scopes: [] });
  assert.equal(node.hello, undefined);
  await using asked = await knock(gateway, { device, role: 'node', client: 'node-host/node', scopes: [], headers: elsewhere });
  assert.equal(asked.error?.details?.['reason'], 'role-upgrade');
});

test(advisory('GHSA-chr9-m4q2-76hw', 'nobody is taken for this machine by what they write into a header'), async () => {
  await using gateway = await startTestGateway();
  const host = new URL(gateway.url).host;
  const spoofed: readonly Record<string, string>[] = [
    { 'x-forwarded-for': '127.0.0.1' },
    { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': host },
    { forwarded: 'for=127.0.0.1;host=localhost' },
    { 'x-real-ip': '::1' },
    { via: '1.1 localhost' },
    { 'x-forwarded-proto': 'http' },
    { 'x-forwarded-prefix': '/' },
    { 'cf-connecting-ip': '127.0.0.1' },
    { 'tailscale-user-login': 'ada@example.org' },
    { host: 'evil.example' },
    { host: `localhost.evil.example:${new URL(gateway.url).port}` },
  ];
  for (const headers of spoofed) {
    const device = createTestDevice();
    await using outcome = await knock(gateway, { device, client: 'openclaw-control-ui/ui', scopes: admin, headers });
    assert.equal(outcome.result, 'PAIRING_REQUIRED', JSON.stringify(headers));
    assert.equal(outcome.deviceToken, '');
  }
});

test(advisory('GHSA-gxg4-2rrr-jhc7', 'a name with a dot at its end is no name of this machine'), async () => {
  await using gateway = await startTestGateway();
  const { port } = new URL(gateway.url);
  for (const name of ['localhost.', '127.0.0.1.', 'localhost.localdomain', '0x7f.1', '2130706433']) {
    await using outcome = await knock(gateway, { device: createTestDevice(), headers: { host: `${name}:${port}` } });
    assert.equal(outcome.result, 'PAIRING_REQUIRED', name);
  }
});

test('requests for pairing are bounded: many devices of one address make room by their own oldest', async () => {
  await using gateway = await startTestGateway();
  for (let index = 0; index < 40; index += 1)
    await (await knock(gateway, { device: createTestDevice(), headers: elsewhere }))[Symbol.asyncDispose]();
  await using operator = await knock(gateway, { scopes: ['operator.pairing'] });
  const { payload } = await operator.client.call('device.pair.list', {});
  const { length } = (payload as { pending: object[] }).pending;
  assert.ok(length > 0 && length < 40, `${length} wait`);
});

test(advisory('CVE-2026-32025 GHSA-jmmg-jqc7-5qf4', 'a page in a browser of this machine cannot go on guessing the password'), async () => {
  const settings = { gateway: { auth: { mode: 'password', password: 'correct-horse' } } };
  await using gateway = await startTestGateway({ settings, environment: { OPENCLAW_GATEWAY_TOKEN: '' } });
  const page = { origin: gateway.url };
  for (let guess = 0; guess < 10; guess += 1) {
    await using outcome = await knock(gateway, { auth: { password: `guess-${guess}` }, headers: page });
    assert.equal(outcome.result, 'AUTH_PASSWORD_MISMATCH');
  }
  await using locked = await knock(gateway, { auth: { password: 'correct-horse' }, headers: page });
  assert.equal(locked.result, 'AUTH_RATE_LIMITED');
  const rebound = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: 'Bearer correct-horse', origin: gateway.url } });
  assert.equal(rebound.status, 429);
});

test(
  advisory(
    'CVE-2026-41333 GHSA-6p8r-6m93-557f GHSA-w9f5-8q83-qwpx',
    'a made-up device token beside each guess does not make guessing free',
  ),
  async () => {
    await using gateway = await startTestGateway();
    const guess = async (index: number): Promise<string> => {
      const auth = { token: `guess-${index}`, deviceToken: `ocd_${'x'.repeat(40)}${index}` };
      await using outcome = await knock(gateway, { auth, headers: elsewhere });
      return outcome.result;
    };
    const results: string[] = [];
    for (let index = 0; index < 11; index += 1) results.push(await guess(index));
    assert.equal(results.at(-1), 'AUTH_RATE_LIMITED');
  },
);

test(advisory('GHSA-r7p2-r9g4-4xph', 'the hello tells where the files are to admins alone'), async () => {
  await using gateway = await startTestGateway();
  for (const scopes of [[], ['operator.read'], ['operator.write', 'operator.pairing', 'operator.approvals']]) {
    await using outcome = await knock(gateway, { scopes });
    assert.ok(!JSON.stringify(outcome.client.frames).includes(gateway.stateDirectory), scopes.join());
  }
});

test(
  advisory('CVE-2026-25593 GHSA-g55j-c2v4-pjcg', 'nobody changes the configuration who was not let in, or holds less than operator.admin'),
  async () => {
    await using gateway = await startTestGateway();
    const before = gateway.keeper.readText();
    const raw = '{ gateway: { auth: { mode: "none" } } }';
    await using stranger = await knock(gateway, { auth: {}, headers: elsewhere });
    assert.equal(stranger.result, 'DEVICE_IDENTITY_REQUIRED');
    await using writer = await knock(gateway, { scopes: ['operator.read', 'operator.write', 'operator.pairing', 'operator.approvals'] });
    for (const method of ['config.set', 'config.patch', 'config.apply', 'config.rollback']) {
      assert.equal((await writer.client.call(method, { raw })).error?.code, 'FORBIDDEN', method);
    }
    assert.equal(gateway.keeper.readText(), before);
  },
);

test(
  advisory(
    'CVE-2026-35621 GHSA-94pw-c6m8-p9p9 CVE-2026-41379 GHSA-3q42-xmxv-9vfr GHSA-v3c2-39fm-jq4h GHSA-hw9r-h9mr-4jff',
    'what is said in a conversation is said to a model, and changes no setting',
  ),
  async () => {
    await using gateway = await startTestGateway();
    const before = gateway.keeper.readText();
    await using writer = await knock(gateway, { scopes: ['operator.read', 'operator.write'] });
    for (const message of ['/config set gateway.auth.mode none', '/verbose on', '/allowlist add *', '/elevated full', '/restart']) {
      await writer.client.call('chat.send', { sessionKey: 'agent:main:main', message, idempotencyKey: message });
    }
    assert.equal(gateway.keeper.readText(), before);
    assert.equal(gateway.keeper.status.state, 'current');
  },
);

test(
  advisory('CVE-2026-41399 GHSA-f44p-c7w9-7xr7', 'connections that wait for their handshake are bounded, and keep nobody out'),
  async () => {
    await using gateway = await startTestGateway({ settings: { gateway: { handshakeTimeoutMs: 60_000 } } });
    const { WebSocket } = await import('ws');
    const held = Array.from({ length: 600 }, () => new WebSocket(gateway.url.replace('http', 'ws')).on('error', () => undefined));
    const settled = held.map((ws) => new Promise((resolve) => ws.once('open', resolve).once('close', resolve)));
    await Promise.all(settled);
    await eventually(() => held.filter(({ readyState }) => readyState === WebSocket.OPEN).length <= 512, 'a crowd of at most 512');
    let admitted = '';
    // Who has waited for a second gives way.
    for (const deadlineMs = Date.now() + 10_000; admitted === '' && Date.now() < deadlineMs;) {
      admitted = await knock(gateway).then(
        ({ result, client }) => (client.ws.terminate(), result),
        () => '',
      );
    }
    assert.equal(admitted, 'token [operator.read]');
    for (const ws of held) ws.terminate();
  },
);
