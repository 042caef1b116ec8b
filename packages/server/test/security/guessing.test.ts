/** Guessing credentials: how fast it may go, at both doors together, and that nothing a stranger writes makes it faster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGate } from '../../src/access/gate.ts';
import { createFakeClock } from '../../src/core/fake-clock.ts';
import { startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { createTestDevice, elsewhere, exchange, knock, lines, outerAddress } from './attack.ts';

const guess = async (gateway: TestGateway, index: number, headers: Record<string, string> = elsewhere): Promise<number> =>
  (await fetch(`${gateway.url}/v1/models`, { headers: { ...headers, authorization: `Bearer guess-${index}` } })).status;

test('wrong tokens are counted at both doors together, and the right one is not held up', async () => {
  await using gateway = await startTestGateway();
  for (let index = 0; index < 5; index += 1) {
    assert.equal(await guess(gateway, index), 401);
    await using outcome = await knock(gateway, { auth: { token: `guess-${index}` }, headers: elsewhere });
    assert.equal(outcome.result, 'AUTH_TOKEN_MISMATCH');
  }
  const locked = await fetch(`${gateway.url}/v1/models`, { headers: { ...elsewhere, authorization: 'Bearer guess' } });
  assert.equal(locked.status, 429);
  assert.ok(Number(locked.headers.get('retry-after')) > 200, 'minutes, not seconds');
  await using outcome = await knock(gateway, { auth: { token: 'guess' }, headers: elsewhere });
  assert.equal(outcome.result, 'AUTH_RATE_LIMITED');
  const right = await fetch(`${gateway.url}/v1/models`, { headers: { ...elsewhere, authorization: `Bearer ${testToken}` } });
  assert.equal(right.status, 200);
});

test('another address in a forwarding header does not make guessing start anew', async () => {
  await using gateway = await startTestGateway();
  const statuses: number[] = [];
  for (let index = 0; index < 12; index += 1)
    statuses.push(await guess(gateway, index, { 'x-forwarded-for': `203.0.113.${index}`, 'x-real-ip': `10.0.0.${index}` }));
  assert.deepEqual(statuses.slice(-2), [429, 429]);
});

test('a page in a browser of this machine is slowed: by its Origin, and by the name that it has pointed here', async () => {
  await using gateway = await startTestGateway();
  const statuses: number[] = [];
  for (let index = 0; index < 12; index += 1) {
    const bytes = lines('GET /v1/models HTTP/1.1', 'host: evil.example', 'connection: close', `authorization: Bearer guess-${index}`);
    statuses.push((await exchange(gateway.url, bytes)).status);
  }
  assert.deepEqual(statuses.slice(-2), [429, 429]);
  assert.equal(await guess(gateway, 0, { origin: gateway.url }), 429, 'and counted as one');
  assert.equal(await guess(gateway, 0, {}), 401, "programs of this machine are slowed by nobody's guesses");
});

test('whoever comes over the network is slowed by the address of the connection', async (t) => {
  const address = outerAddress();
  if (address === undefined) {
    t.skip('this machine has no address beyond loopback');
    return;
  }
  await using gateway = await startTestGateway({ settings: { gateway: { bind: 'lan', auth: { token: testToken } } } });
  const url = gateway.url.replace('127.0.0.1', address);
  const statuses: number[] = [];
  for (let index = 0; index < 12; index += 1) {
    const headers = { authorization: `Bearer guess-${index}`, 'x-forwarded-for': '127.0.0.1', host: 'localhost' };
    statuses.push((await fetch(`${url}/v1/models`, { headers })).status);
  }
  assert.deepEqual(statuses.slice(-2), [429, 429]);
  await using outcome = await knock({ url }, { device: createTestDevice(), scopes: ['operator.admin'], headers: { host: 'localhost' } });
  assert.equal(outcome.result, 'PAIRING_REQUIRED', 'an address that is not loopback is not this machine, whatever Host says');
  await using bare = await knock({ url }, { scopes: ['operator.admin'], headers: { host: '127.0.0.1' } });
  assert.equal(bare.result, 'token []');
});

test('who is not the trusted proxy is believed nothing that it says of users', async () => {
  const trustedProxy = { addresses: ['10.99.0.5', '2001:db8::/64'], userHeader: 'x-forwarded-user' };
  await using gateway = await startTestGateway({
    settings: { gateway: { auth: { mode: 'trusted-proxy', trustedProxy } } },
    environment: { OPENCLAW_GATEWAY_TOKEN: '' },
  });
  for (const headers of [
    { 'x-forwarded-user': 'ada' },
    { 'x-forwarded-user': 'ada', 'x-forwarded-for': '10.99.0.5' },
    { 'x-forwarded-user': 'ada', forwarded: 'for=10.99.0.5', 'x-real-ip': '10.99.0.5' },
  ] as Record<string, string>[]) {
    for (const path of ['/v1/models', '/admin/v1/keys', '/metrics']) {
      const { status } = await fetch(gateway.url + path, { headers });
      assert.equal(status, 401, `${path} ${JSON.stringify(headers)}`);
    }
    await using outcome = await knock(gateway, { auth: {}, headers, client: 'openclaw-control-ui/ui', scopes: ['operator.admin'] });
    assert.equal(outcome.hello, undefined);
  }
});

test('how much of a guess is right does not show in the time that it takes', () => {
  const secret = 'k'.repeat(64);
  const gate = createGate({ mode: 'token', secret, clock: createFakeClock() });
  // Put together by the engine they would be strings of another kind, which shows.
  const flat = (text: string): string => Buffer.from(text).toString();
  const guesses = { nothing: flat('x'.repeat(64)), half: flat('k'.repeat(32) + 'x'.repeat(32)), almost: flat(`${'k'.repeat(63)}x`) };
  const times: Record<string, number[]> = {};
  for (let round = 0; round < 40; round += 1) {
    for (const [name, text] of Object.entries(guesses)) {
      const startedNs = process.hrtime.bigint();
      for (let index = 0; index < 2000; index += 1) gate.isSecret(text);
      (times[name] ??= []).push(Number(process.hrtime.bigint() - startedNs));
    }
  }
  const best = Object.values(times).map((list) => Math.min(...list));
  // A comparison that ends at the first difference is many times faster for some of them; this machine may be busy.
  assert.ok(Math.max(...best) < 2 * Math.min(...best), JSON.stringify(best));
});
