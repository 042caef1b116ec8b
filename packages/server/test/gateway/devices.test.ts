/** Devices over the whole gateway: who is paired without a click, who waits, what survives a restart, and what ends a connection. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AuditEntry, Challenge, ConnectParams, HelloOk, WireError } from '@openclaw/protocol';
import { createTestDevice, type TestDevice } from '../../src/access/devices/devices.fixture.ts';
import { type End, RawClient } from '../control/raw-client.ts';
import { startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';

interface Knock {
  readonly device?: TestDevice;
  readonly auth?: ConnectParams['auth'];
  readonly scopes?: readonly string[];
  readonly headers?: Record<string, string>;
}

interface Outcome extends AsyncDisposable {
  readonly client: RawClient;
  readonly hello: HelloOk | undefined;
  readonly error: WireError | undefined;
}

async function knock(
  gateway: TestGateway,
  { device, auth = { token: testToken }, scopes = ['operator.read'], headers }: Knock,
): Promise<Outcome> {
  const client = new RawClient(gateway.url.replace('http', 'ws'), headers);
  const { payload } = await client.event('connect.challenge');
  const params: ConnectParams = {
    ...{ minProtocol: 4, maxProtocol: 4, scopes, auth },
    client: { id: 'cli', version: '1.0.0', platform: 'linux', mode: 'cli' },
  };
  const answer = await client.call('connect', device ? device.prove(params, { challenge: payload as Challenge }) : params);
  return {
    client,
    hello: answer.ok ? (answer.payload as HelloOk) : undefined,
    error: answer.error,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** As a proxy in front passes on what comes from elsewhere. */
const elsewhere = { 'x-forwarded-for': '203.0.113.7' };

async function onState(use: (stateDirectory: string) => Promise<void>): Promise<void> {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'openclaw-paired-'));
  try {
    await use(stateDirectory);
  } finally {
    await rm(stateDirectory, { recursive: true, force: true });
  }
}

test('a device on this machine is paired without a click, and its token opens both doors after a restart', async () => {
  await onState(async (stateDirectory) => {
    const device = createTestDevice();
    let deviceToken = '';
    {
      await using gateway = await startTestGateway({ stateDirectory });
      await using outcome = await knock(gateway, { device, scopes: ['operator.admin'] });
      assert.equal(outcome.error, undefined);
      assert.deepEqual([outcome.hello!.auth.method, outcome.hello!.auth.scopes], ['token', ['operator.admin']]);
      deviceToken = outcome.hello!.auth.deviceToken ?? '';
    }
    await using gateway = await startTestGateway({ stateDirectory });
    await using outcome = await knock(gateway, { device, auth: { deviceToken }, headers: elsewhere });
    assert.deepEqual([outcome.hello?.auth.method, outcome.hello?.auth.scopes], ['device-token', ['operator.read']]);
    const http = await fetch(`${gateway.url}/admin/v1/keys`, { headers: { authorization: `Bearer ${deviceToken}` } });
    assert.equal(http.status, 200);
    assert.ok(!JSON.stringify(gateway.logLines).includes(deviceToken));
  });
});

test('a device elsewhere is closed with 1008 and the id of its request, is seen by an operator, approved, and let in', async () => {
  await using gateway = await startTestGateway();
  const device = createTestDevice();
  const scopes = ['operator.admin', 'operator.pairing'];
  await using operator = await knock(gateway, { scopes });
  await using waiting = await knock(gateway, { device, headers: elsewhere });
  const requestId = String(waiting.error?.details?.['requestId']);
  const end: End = await waiting.client.ended;
  assert.deepEqual(end, { code: 1008, reason: `pairing required: device is not approved yet (requestId: ${requestId})` });
  const { payload } = await operator.client.call('device.pair.list', {});
  assert.equal((payload as { pending: { requestId: string }[] }).pending[0]?.requestId, requestId);
  assert.equal((await operator.client.call('device.pair.approve', { requestId })).ok, true);
  await using admitted = await knock(gateway, { device, headers: elsewhere });
  assert.match(admitted.hello?.auth.deviceToken ?? '', /^ocd_/);

  assert.equal((await operator.client.call('device.pair.remove', { deviceId: device.id })).ok, true);
  assert.equal((await admitted.client.ended).code, 4001);
  await using again = await knock(gateway, { device, headers: elsewhere });
  assert.equal(again.error?.details?.['code'], 'PAIRING_REQUIRED');

  const created = await gateway.request('/admin/v1/keys', { json: { name: 'ci' } });
  assert.equal(created.status, 201);
  const answer = await gateway.request('/admin/v1/audit?limit=10');
  const { entries } = (await answer.json()) as { entries: AuditEntry[] };
  assert.deepEqual(
    entries.map(({ action, actor }) => `${action} by ${actor}`),
    ['key.created by gateway-token', 'device.removed by gateway-token', 'device.approved by gateway-token'],
  );
  const some = await gateway.request('/admin/v1/audit?action=device.&limit=1');
  assert.equal(((await some.json()) as { entries: AuditEntry[] }).entries[0]?.subject, device.id);
  assert.equal((await gateway.request('/admin/v1/audit?limit=x')).status, 400);
  assert.equal((await fetch(`${gateway.url}/admin/v1/audit`)).status, 401);
});
