/** A credential does what its scopes say and no more, over both doors, and nothing once it is taken away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdsScope, operatorScopes } from '@openclaw/protocol';
import { startTestGateway } from '../harness/gateway.ts';
import { createTestDevice, elsewhere, knock, pair } from './attack.ts';

const statusOf = async (url: string, token: string, path: string): Promise<number> =>
  (await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })).status;

/** What each scope lets its holder call; one of each. */
const calls: Readonly<Record<string, readonly [string, object]>> = {
  'operator.read': ['models.list', {}],
  'operator.write': ['chat.abort', { sessionKey: 'agent:main:main' }],
  'operator.pairing': ['device.pair.list', {}],
  'operator.admin': ['config.patch', { raw: 'no object' }],
};

test("a device's token opens what the device was approved for, over HTTP and over the WebSocket, and nothing else", async () => {
  await using gateway = await startTestGateway();
  const sets: readonly (readonly string[])[] = [
    [],
    ['operator.read'],
    ['operator.write'],
    ['operator.pairing'],
    ['operator.approvals'],
    ['operator.read', 'operator.pairing'],
    ['operator.admin'],
  ];
  for (const scopes of sets) {
    const { device, deviceToken } = await pair(gateway, scopes);
    const isAdmin = scopes.includes('operator.admin');
    for (const path of ['/admin/v1/keys', '/admin/v1/audit', '/admin/v1/requests', '/admin/v1/usage']) {
      assert.equal(await statusOf(gateway.url, deviceToken, path), isAdmin ? 200 : 403, `${scopes.join()} ${path}`);
    }
    assert.equal(
      await statusOf(gateway.url, deviceToken, '/v1/models'),
      isAdmin || scopes.includes('operator.write') ? 200 : 403,
      scopes.join(),
    );
    await using outcome = await knock(gateway, { device, auth: { deviceToken }, scopes });
    assert.equal(outcome.result, `device-token [${operatorScopes.filter((scope) => scopes.includes(scope)).join(' ')}]`);
    for (const [scope, [method, params]] of Object.entries(calls)) {
      const { error } = await outcome.client.call(method, params);
      const isForbidden = error?.code === 'FORBIDDEN';
      assert.equal(isForbidden, !holdsScope(new Set(scopes), scope), `${scopes.join()} ${method} ${JSON.stringify(error)}`);
    }
  }
});

test('a device that asks for more than it was given is asked about, whichever door it comes by', async () => {
  await using gateway = await startTestGateway();
  const { device, deviceToken } = await pair(gateway, ['operator.read']);
  for (const scope of operatorScopes.filter((name) => !holdsScope(new Set(['operator.read']), name))) {
    await using more = await knock(gateway, { device, auth: { deviceToken }, scopes: [scope] });
    assert.equal(more.result, 'PAIRING_REQUIRED', scope);
    await using fromElsewhere = await knock(gateway, { device, scopes: ['operator.read', scope], headers: elsewhere });
    assert.equal(fromElsewhere.result, 'PAIRING_REQUIRED', scope);
  }
  await using unknown = await knock(gateway, { device, auth: { deviceToken }, scopes: ['operator.read', 'operator.root', '*', 'admin'] });
  assert.equal(unknown.result, 'device-token [operator.read]');
});

test('the token of a device is of no use to another device, nor without one', async () => {
  await using gateway = await startTestGateway();
  const { deviceToken } = await pair(gateway, ['operator.admin']);
  await using thief = await knock(gateway, { device: createTestDevice(), auth: { deviceToken }, scopes: ['operator.admin'] });
  assert.equal(thief.hello, undefined);
  await using bare = await knock(gateway, { auth: { token: deviceToken }, scopes: ['operator.admin'] });
  assert.equal(bare.hello, undefined);
});

test('whoever may pair gives away nothing that it lacks, and a cap on its connection is a cap on what it gives', async () => {
  await using gateway = await startTestGateway();
  for (const scope of ['operator.admin', 'operator.write', 'operator.approvals', 'operator.read']) {
    await using asking = await knock(gateway, { device: createTestDevice(), scopes: [scope], headers: elsewhere });
    const requestId = String(asking.error?.details?.['requestId']);
    await using pairing = await knock(gateway, { scopes: ['operator.pairing'] });
    assert.match(String((await pairing.client.call('device.pair.approve', { requestId })).error?.message), new RegExp(`lacks ${scope}`));
    await using capped = await knock(gateway, {
      scopes: ['operator.pairing', 'operator.admin'],
      headers: { 'x-openclaw-scopes': 'operator.pairing' },
    });
    assert.equal(capped.result, 'token [operator.pairing]');
    assert.equal((await capped.client.call('device.pair.approve', { requestId })).ok, false);
  }
});

test('removed means gone at once, at both doors, and so does revoked', async () => {
  await using gateway = await startTestGateway();
  await using operator = await knock(gateway, { scopes: ['operator.admin', 'operator.pairing'] });
  for (const method of ['device.pair.remove', 'device.token.revoke']) {
    const { device, deviceToken } = await pair(gateway, ['operator.admin']);
    await using connected = await knock(gateway, { device, auth: { deviceToken }, scopes: ['operator.admin'] });
    assert.equal(await statusOf(gateway.url, deviceToken, '/admin/v1/keys'), 200);
    assert.equal((await operator.client.call(method, { deviceId: device.id })).ok, true);
    assert.equal(await statusOf(gateway.url, deviceToken, '/admin/v1/keys'), 401, method);
    assert.equal((await connected.client.ended).code, 4001, method);
    await using again = await knock(gateway, { device, auth: { deviceToken }, scopes: ['operator.admin'] });
    assert.equal(again.hello, undefined, method);
  }
});

test('a key that is revoked is so for the next request, at both doors', async () => {
  await using gateway = await startTestGateway();
  const { id, key } = (await (await gateway.request('/admin/v1/keys', { json: { name: 'ci', scopes: ['models', 'admin'] } })).json()) as {
    id: string;
    key: string;
  };
  assert.equal(await statusOf(gateway.url, key, '/admin/v1/keys'), 200);
  assert.equal(await statusOf(gateway.url, key, '/v1/models'), 200);
  assert.equal((await gateway.request(`/admin/v1/keys/${id}`, { method: 'DELETE' })).status, 200);
  assert.equal(await statusOf(gateway.url, key, '/v1/models'), 401);
  await using outcome = await knock(gateway, { auth: { token: key }, scopes: ['operator.admin'] });
  assert.equal(outcome.hello, undefined);
});
