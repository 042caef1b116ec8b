import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { createTestDevice } from './devices/devices.fixture.ts';
import { openDoor, secret } from './door.fixture.ts';
import type { GateSettings } from './gate.ts';
import { createTrustedProxy } from './trusted-proxy.ts';

const proxy = '10.1.2.3';
const settings = {
  addresses: ['10.1.0.0/16', '2001:db8::5', 'fd00::/8'],
  userHeader: 'X-Forwarded-User',
  requiredHeaders: [],
  allowUsers: [],
};
const mode: GateSettings = { mode: 'trusted-proxy', trustedProxy: settings };
const asAda = { 'x-forwarded-user': 'ada' };
const all = ['operator.admin', 'operator.read'];

test('the user is whom the proxy names, from its addresses and networks alone', () => {
  const { userOf } = createTrustedProxy(settings);
  for (const address of [proxy, '::ffff:10.1.2.3', '2001:DB8::5', 'fd12::1']) assert.equal(userOf(asAda, address), 'ada', address);
  for (const address of ['10.2.0.1', '203.0.113.7', '127.0.0.1', '2001:db8::6', '::1', ''])
    assert.equal(userOf(asAda, address), undefined, address);
});

test('a proxy that names nobody, or lacks a header that must be there, is said to', () => {
  const { userOf } = createTrustedProxy({ ...settings, requiredHeaders: ['X-Proxy-Sign'] });
  assert.equal(userOf({ ...asAda, 'x-proxy-sign': '1' }, proxy), 'ada');
  const lacks = (header: string) => ({
    code: 'proxy_identity_missing',
    message: `The trusted proxy ${proxy} did not say who asks: the header ${header} is missing.`,
  });
  assert.throws(() => userOf(asAda, proxy), lacks('X-Proxy-Sign'));
  assert.throws(() => userOf({ 'x-forwarded-user': ' ', 'x-proxy-sign': '1' }, proxy), lacks('x-forwarded-user'));
});

test('only listed users may call, where some are listed', () => {
  const { userOf } = createTrustedProxy({ ...settings, allowUsers: ['ada'] });
  assert.equal(userOf(asAda, proxy), 'ada');
  assert.throws(() => userOf({ 'x-forwarded-user': 'Ada' }, proxy), { code: 'proxy_user_refused' });
});

test('users of the proxy come in by the control plane without a device, the Control UI among them', async () => {
  await using door = await openDoor(mode);
  for (const client of ['openclaw-control-ui/webchat', 'cli/cli'] as const) {
    const answer = await door.knock({ client, from: proxy, headers: asAda, auth: {}, scopes: all });
    assert.ok(answer.admitted);
    assert.deepEqual([answer.principal.method, answer.principal.user, Array.from(answer.principal.scopes)], ['trusted-proxy', 'ada', all]);
  }
  const capped = { from: proxy, headers: { ...asAda, 'x-openclaw-scopes': 'operator.read' }, auth: {}, scopes: all };
  assert.equal(await door.result(capped), 'trusted-proxy [operator.read]');
  assert.deepEqual(door.devices.paired(), []);
});

test('the same headers from anybody else are ignored', async () => {
  await using door = await openDoor(mode);
  for (const from of ['here', '203.0.113.7']) {
    assert.equal(await door.result({ from, headers: asAda, auth: {} }), 'DEVICE_IDENTITY_REQUIRED');
    assert.equal(await door.result({ from, headers: asAda, auth: {}, client: 'openclaw-control-ui/webchat' }), 'DEVICE_IDENTITY_REQUIRED');
    assert.equal(await door.result({ from, headers: asAda, auth: {}, device: createTestDevice() }), 'AUTH_TOKEN_MISSING');
  }
});

test('a proxy that names nobody, or the wrong one, is refused with what to review', async () => {
  await using door = await openDoor({ ...mode, trustedProxy: { ...settings, allowUsers: ['grace'] } });
  const nobody = await door.refusal({ from: proxy, auth: {} });
  assert.equal(nobody.details['code'], 'AUTH_IDENTITY_HEADER_REQUIRED');
  assert.equal(nobody.details['recommendedNextStep'], 'review_auth_configuration');
  const ada = await door.refusal({ from: proxy, auth: {}, headers: asAda });
  assert.deepEqual([ada.details['code'], ada.details['authReason']], ['AUTH_UNAUTHORIZED', 'trusted_proxy_user_not_allowed']);
});

test('with a token besides, programs on the same machine come in as ever', async () => {
  await using door = await openDoor({ ...mode, secret });
  assert.equal(await door.result({}), 'token [operator.read]');
  assert.equal(await door.result({ auth: { token: 'wrong' } }), 'AUTH_TOKEN_MISMATCH');
});

test('over HTTP the user may administer and ask models, less what the header takes away', async () => {
  await using door = await openDoor(mode);
  const scopesOf = (headers: Record<string, string>, address = proxy): string => {
    try {
      const { kind, id, scopes } = door.authenticator.authenticate(headers, address);
      return `${kind} ${id} ${Array.from(scopes).join(' ')}`;
    } catch (thrown) {
      assert.ok(thrown instanceof OpenClawError);
      return thrown.code;
    }
  };
  assert.equal(scopesOf(asAda), 'user user:ada models runs admin');
  assert.equal(
    scopesOf({ ...asAda, 'x-openclaw-scopes': 'operator.write, operator.read' }),
    'user user:ada models operator.write operator.read',
  );
  assert.equal(scopesOf({ ...asAda, 'x-openclaw-scopes': 'operator.read' }), 'user user:ada operator.read');
  assert.equal(scopesOf({}), 'proxy_identity_missing');
  assert.equal(scopesOf(asAda, '203.0.113.7'), 'missing_credentials');
  assert.equal(scopesOf({ ...asAda, authorization: 'Bearer ock_of-somebody' }), 'key key_1 models');
});
