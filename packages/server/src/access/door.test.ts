import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestDevice } from './devices/devices.fixture.ts';
import { type DoorFixture, type Knock, openDoor, secret, virtualKey } from './door.fixture.ts';

const remote = '203.0.113.7';
const page = 'http://127.0.0.1:18789';
const all = ['operator.admin', 'operator.read'];

/** Each row of the table of who gets in is a test of its own. */
const rows: readonly (readonly [title: string, knock: Knock, result: string])[] = [
  [
    'the command line on this machine, with the token and without a device, keeps its scopes',
    { scopes: all },
    'token [operator.admin operator.read]',
  ],
  [
    'a backend on this machine, with the token and without a device, keeps its scopes',
    { client: 'gateway-client/backend', scopes: all },
    'token [operator.admin operator.read]',
  ],
  ['a probe on this machine, without a device, has no scopes', { client: 'cli/probe', scopes: all }, 'token []'],
  ['another program on this machine, without a device, has no scopes', { client: 'openclaw-tui/ui', scopes: all }, 'token []'],
  ['a page that calls itself the command line has no scopes without a device', { scopes: all, origin: page }, 'token []'],
  [
    'a page that calls itself a backend has no scopes without a device',
    { client: 'gateway-client/backend', scopes: all, origin: page },
    'token []',
  ],
  ['the command line elsewhere, with the token and without a device, has no scopes', { scopes: all, from: remote }, 'token []'],
  [
    'a backend elsewhere, with the token and without a device, has no scopes',
    { client: 'gateway-client/backend', scopes: all, from: remote },
    'token []',
  ],
  ['the command line through a proxy on this machine has no scopes without a device', { scopes: all, from: '127.0.0.2' }, 'token []'],
  ['nobody gets in with neither token nor device, here', { auth: {} }, 'DEVICE_IDENTITY_REQUIRED'],
  ['nobody gets in with neither token nor device, elsewhere', { auth: {}, from: remote }, 'DEVICE_IDENTITY_REQUIRED'],
  [
    'the Control UI needs a device, also with the token and here',
    { client: 'openclaw-control-ui/webchat', origin: page },
    'CONTROL_UI_DEVICE_IDENTITY_REQUIRED',
  ],
  ['the Control UI in a side panel needs a device', { client: 'openclaw-browser-copilot/ui' }, 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED'],
  ['a node needs a device', { role: 'node' }, 'DEVICE_IDENTITY_REQUIRED'],
  ['the token is accepted as a password', { auth: { password: secret } }, 'token [operator.read]'],
  ['whoever asks for no scopes has none', { scopes: [] }, 'token []'],
  ['scopes that nobody knows are none', { scopes: ['operator.everything', 'operator.read'] }, 'token [operator.read]'],
  ['a wrong token is refused', { auth: { token: 'wrong' } }, 'AUTH_TOKEN_MISMATCH'],
  ['a wrong password in mode token is a wrong token', { auth: { password: 'wrong' } }, 'AUTH_TOKEN_MISMATCH'],
  ['a blank token is none', { auth: { token: ' ' } }, 'DEVICE_IDENTITY_REQUIRED'],
  ['a bootstrap token opens nothing', { auth: { bootstrapToken: 'abc' } }, 'AUTH_BOOTSTRAP_TOKEN_INVALID'],
  ['a virtual key opens nothing', { auth: { token: virtualKey } }, 'AUTH_TOKEN_MISMATCH'],
  ['a header takes scopes away', { scopes: all, headers: { 'x-openclaw-scopes': 'operator.read' } }, 'token [operator.read]'],
  ['a header gives no scopes', { scopes: ['operator.read'], headers: { 'x-openclaw-scopes': 'operator.admin' } }, 'token [operator.read]'],
  ['an empty header takes all scopes away', { scopes: all, headers: { 'x-openclaw-scopes': '' } }, 'token []'],
];

for (const [title, knock, expected] of rows) {
  test(title, async () => {
    await using door = await openDoor();
    assert.equal(await door.result(knock), expected);
    assert.deepEqual([door.devices.paired(), door.devices.pending()], [[], []]);
  });
}

test('a new device on this machine, with the token, is paired silently and given a token', async () => {
  await using door = await openDoor();
  for (const client of ['cli/cli', 'openclaw-tui/ui', 'openclaw-control-ui/webchat'] as const) {
    const device = createTestDevice();
    const answer = await door.knock({ client, device, scopes: all, ...(client.includes('control') ? { origin: page } : {}) });
    assert.ok(answer.admitted);
    assert.deepEqual([Array.from(answer.principal.scopes), answer.principal.deviceId], [all, device.id]);
    assert.equal(answer.issuedAtMs, door.store.clock.now());
    assert.equal(door.devices.findToken(answer.deviceToken!)?.deviceId, device.id);
    assert.equal(door.devices.find(device.id)?.approvedVia, 'silent');
  }
  assert.deepEqual(door.store.audited.map(({ actor, action }) => [actor, action]).at(-1), ['gateway-token', 'device.paired-silently']);
});

test('a device that was let in is given its token once, and comes back with it alone', async () => {
  await using door = await openDoor();
  const { device, deviceToken } = await door.pair();
  const again = await door.knock({ device });
  assert.ok(again.admitted && again.deviceToken === undefined);
  for (const auth of [{ deviceToken }, { token: deviceToken }, { token: deviceToken, deviceToken }, { password: deviceToken }]) {
    for (const from of ['here', remote]) assert.equal(await door.result({ device, auth, from }), 'device-token [operator.read]');
  }
});

test('a new device elsewhere waits for an operator, whatever it asks for, and is let in once it was approved', async () => {
  await using door = await openDoor();
  const device = createTestDevice();
  const knock = { device, from: remote, scopes: ['operator.read', 'operator.write'] };
  const { error, closeReason, details } = await door.refusal(knock);
  const [request] = door.devices.pending();
  assert.deepEqual([error.code, error.message], ['NOT_PAIRED', 'pairing required: device is not approved yet']);
  assert.equal(closeReason, `pairing required: device is not approved yet (requestId: ${request!.requestId})`);
  assert.deepEqual(details, {
    ...{ code: 'PAIRING_REQUIRED', reason: 'not-paired', requestId: request!.requestId, deviceId: device.id },
    ...{ requestedRole: 'operator', requestedScopes: ['operator.write', 'operator.read'] },
    remediationHint: `Approve it on the gateway's machine: openclaw devices approve ${request!.requestId}`,
    ...{ recommendedNextStep: 'wait_then_retry', retryable: true, pauseReconnect: false },
  });
  assert.equal((await door.refusal(knock)).details['requestId'], request!.requestId);
  assert.equal(await door.result({ ...knock, scopes: [] }), 'PAIRING_REQUIRED');
  const [waiting] = door.devices.pending();
  await door.devices.approve(waiting!.requestId, { id: 'cli', scopes: new Set(all) });
  assert.equal(await door.result({ ...knock, scopes: [] }), 'token []');
});

test('a device through a proxy on this machine, or under another name, waits for an operator', async () => {
  await using door = await openDoor();
  assert.equal(await door.result({ device: createTestDevice(), from: '127.0.0.1' }), 'PAIRING_REQUIRED');
});

test('a device without the token is not even heard of', async () => {
  await using door = await openDoor();
  const device = createTestDevice();
  for (const from of ['here', remote]) {
    assert.equal(await door.result({ device, from, auth: {} }), 'AUTH_TOKEN_MISSING');
    assert.equal(await door.result({ device, from, auth: { token: 'wrong' } }), 'AUTH_TOKEN_MISMATCH');
  }
  assert.deepEqual([door.devices.paired(), door.devices.pending()], [[], []]);
});

test('more scopes are asked for again elsewhere, and the close reason keeps the whole id', async () => {
  await using door = await openDoor();
  const { device, deviceToken } = await door.pair(['operator.read']);
  for (const auth of [{ token: secret }, { deviceToken }]) {
    const { error, closeReason, details } = await door.refusal({ device, auth, from: remote, scopes: ['operator.write'] });
    assert.equal(error.message, 'pairing required: device is asking for more scopes than currently approved');
    assert.deepEqual(
      [details['reason'], details['approvedRoles'], details['approvedScopes']],
      ['scope-upgrade', ['operator'], ['operator.read']],
    );
    assert.ok(closeReason.endsWith(` (requestId: ${String(details['requestId'])})`), closeReason);
    assert.ok(Buffer.byteLength(closeReason) <= 120);
  }
  assert.equal(await door.result({ device, from: remote, scopes: ['operator.sessions.read'] }), 'token [operator.sessions.read]');
});

test('a valid token never ends in endless pairing: here nothing waits, elsewhere one request does, whatever is asked in turn', async () => {
  await using door = await openDoor();
  const here = createTestDevice();
  const there = createTestDevice();
  const wishes = ['operator.read', 'operator.pairing', 'operator.write', 'operator.admin', 'operator.approvals', 'operator.read'];
  for (const scope of wishes) {
    assert.equal(await door.result({ device: here, scopes: [scope] }), `token [${scope}]`);
    for (let count = 0; count < 5; count += 1)
      assert.equal(await door.result({ device: there, from: remote, scopes: [scope] }), 'PAIRING_REQUIRED');
    assert.equal(door.devices.pending().length, 1);
  }
  await door.devices.approve(door.devices.pending()[0]!.requestId, { id: 'cli', scopes: new Set(['operator.admin']) });
  assert.equal(await door.result({ device: there, from: remote, scopes: ['operator.read'] }), 'token [operator.read]');
});

test('another role is asked for again elsewhere', async () => {
  await using door = await openDoor();
  const { device } = await door.pair();
  const { error, details } = await door.refusal({ device, from: remote, role: 'node', scopes: [] });
  assert.equal(error.message, 'pairing required: device is asking for a higher role than currently approved');
  assert.equal(details['reason'], 'role-upgrade');
});

test('on this machine the token widens a device; its own token does not', async () => {
  await using door = await openDoor();
  const { device, deviceToken } = await door.pair(['operator.read']);
  assert.equal(await door.result({ device, auth: { deviceToken }, scopes: ['operator.admin'] }), 'PAIRING_REQUIRED');
  assert.equal(await door.result({ device, scopes: ['operator.admin'] }), 'token [operator.admin]');
  assert.deepEqual(door.devices.pending(), []);
  assert.equal(await door.result({ device, auth: { deviceToken }, scopes: ['operator.admin'] }), 'device-token [operator.admin]');
});

test('a device token opens nothing without its device, for another device, or in another role', async () => {
  await using door = await openDoor();
  const { device, deviceToken } = await door.pair();
  const auth = { deviceToken };
  assert.equal(await door.result({ auth }), 'DEVICE_IDENTITY_REQUIRED');
  assert.equal(await door.result({ auth, device: createTestDevice() }), 'AUTH_DEVICE_TOKEN_MISMATCH');
  assert.equal(await door.result({ auth, device, role: 'node', scopes: [] }), 'AUTH_DEVICE_TOKEN_MISMATCH');
});

test('a token that was rotated, revoked or removed opens nothing from that moment on', async () => {
  const approver = { id: 'cli', scopes: new Set(['operator.admin']) };
  for (const end of ['rotate', 'revoke', 'remove'] as const) {
    await using door = await openDoor();
    const { device, deviceToken } = await door.pair();
    if (end === 'remove') await door.devices.remove(device.id, approver);
    else await door.devices[end]({ deviceId: device.id, role: 'operator' }, approver);
    const { error, details } = await door.refusal({ device, auth: { deviceToken } });
    assert.equal(error.message, 'unauthorized: device token mismatch (rotate/reissue device token)', end);
    assert.deepEqual([details['authReason'], details['recommendedNextStep']], ['device_token_mismatch', 'update_auth_credentials']);
  }
});

test('a device token of another gateway, as the deviceToken field has it, is called one', async () => {
  await using door = await openDoor();
  const device = createTestDevice();
  for (const auth of [{ deviceToken: 'f00d' }, { token: 'f00d', deviceToken: 'f00d' }, { token: 'ocd_f00d' }]) {
    assert.equal(await door.result({ device, auth }), 'AUTH_DEVICE_TOKEN_MISMATCH', JSON.stringify(auth));
  }
});

test('a backend on this machine is never paired, even with a device', async () => {
  await using door = await openDoor();
  const device = createTestDevice();
  assert.equal(await door.result({ client: 'gateway-client/backend', device, scopes: all }), 'token [operator.admin operator.read]');
  assert.deepEqual(door.devices.paired(), []);
});

test('a proof that does not hold is refused before anything else is looked at, and counts as no guess', async () => {
  await using door = await openDoor();
  const device = createTestDevice();
  const { error, closeReason, details } = await door.refusal({ device, from: remote, proof: { nonce: 'other' }, auth: { token: 'wrong' } });
  assert.deepEqual([error.code, error.message, closeReason], ['INVALID_REQUEST', 'device nonce mismatch', 'device nonce mismatch']);
  assert.deepEqual(details, { code: 'DEVICE_AUTH_NONCE_MISMATCH', reason: 'device-nonce-mismatch' });
  for (let count = 0; count < 20; count += 1) await door.refusal({ device, from: remote, proof: { nonce: 'other' } });
  assert.equal(await door.result({ from: remote, auth: { token: 'wrong' } }), 'AUTH_TOKEN_MISMATCH');
});

test('mode none lets in who comes from this machine directly, and nobody else', async () => {
  await using door = await openDoor({ mode: 'none' });
  assert.equal(await door.result({ auth: {}, scopes: all }), 'none [operator.admin operator.read]');
  assert.equal(await door.result({ auth: { token: 'anything' } }), 'none [operator.read]');
  assert.equal(await door.result({ client: 'gateway-client/backend', auth: {}, scopes: all }), 'none [operator.admin operator.read]');
  assert.equal(await door.result({ client: 'openclaw-control-ui/webchat', auth: {} }), 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED');
  const device = createTestDevice();
  assert.equal(await door.result({ client: 'openclaw-control-ui/webchat', auth: {}, device, origin: page }), 'none [operator.read]');
  for (const from of [remote, '127.0.0.1']) {
    const { error, details } = await door.refusal({ auth: { token: 'anything' }, from, device: createTestDevice() });
    assert.equal(error.message, 'unauthorized: gateway without auth answers its own machine only (set gateway.auth.token)');
    assert.deepEqual([details['code'], details['from']], ['AUTH_UNAUTHORIZED', from]);
  }
});

test('mode password takes the password in either field', async () => {
  await using door = await openDoor({ mode: 'password', secret });
  assert.equal(await door.result({ auth: { password: secret } }), 'password [operator.read]');
  assert.equal(await door.result({ auth: { token: secret } }), 'password [operator.read]');
  assert.equal(await door.result({ auth: { password: 'wrong' } }), 'AUTH_PASSWORD_MISMATCH');
  assert.equal(await door.result({ auth: {}, device: createTestDevice() }), 'AUTH_PASSWORD_MISSING');
});

test('a gateway without a secret says which setting is missing', async () => {
  await using token = await openDoor({ mode: 'token' });
  assert.equal((await token.refusal({ auth: { token: 'x' } })).details['code'], 'AUTH_TOKEN_NOT_CONFIGURED');
  await using password = await openDoor({ mode: 'password', secret: '' });
  const { error, details } = await password.refusal({ auth: { password: 'x' } });
  assert.equal(error.message, 'unauthorized: gateway password not configured on gateway (set gateway.auth.password)');
  assert.equal(details['code'], 'AUTH_PASSWORD_NOT_CONFIGURED');
});

test('with another secret the old one is refused and the new one accepted at once; devices stay', async () => {
  await using door = await openDoor();
  const { device, deviceToken } = await door.pair();
  assert.equal(door.authenticator.replace({ mode: 'token', secret }), false);
  assert.equal(door.authenticator.replace({ mode: 'token', secret: 'another' }), true);
  assert.equal(await door.result({}), 'AUTH_TOKEN_MISMATCH');
  assert.equal(await door.result({ auth: { token: 'another' } }), 'token [operator.read]');
  assert.equal(await door.result({ device, auth: { deviceToken } }), 'device-token [operator.read]');
});

test('pairing survives a restart: the token of the device opens, and the request is still there', async () => {
  await using door = await openDoor();
  const { device, deviceToken } = await door.pair();
  const other = createTestDevice();
  const { details } = await door.refusal({ device: other, from: remote });
  const devices = await door.store.open();
  assert.equal(devices.findToken(deviceToken)?.deviceId, device.id);
  assert.equal(devices.pending()[0]?.requestId, details['requestId']);
});

test('a broken disk lets nobody in, and is said to be no fault of the caller', async () => {
  await using door = await openDoor();
  door.store.failNext(1);
  const { error, closeReason } = await door.refusal({ device: createTestDevice() });
  assert.deepEqual([error.code, error.retryable], ['UNAVAILABLE', true]);
  assert.ok(closeReason.length > 0 && closeReason.length <= 120);
  assert.match(door.store.logLines.join(''), /could not be decided about/);
});

async function lock(door: DoorFixture, knock: Knock, times = 10): Promise<void> {
  for (let count = 0; count < times; count += 1) await door.refusal({ auth: { token: `guess ${count}` }, ...knock });
}

test('ten wrong tokens in a minute lock an address out for five, in the words that clients show', async () => {
  await using door = await openDoor();
  await lock(door, { from: remote });
  const { error, details } = await door.refusal({ from: remote, auth: { token: 'guess' } });
  assert.deepEqual([error.code, error.message], ['INVALID_REQUEST', 'unauthorized: too many failed authentication attempts (retry later)']);
  assert.deepEqual(
    [details['code'], details['authReason'], details['recommendedNextStep']],
    ['AUTH_RATE_LIMITED', 'rate_limited', 'wait_then_retry'],
  );
  assert.equal(error.retryAfterMs, 300_000);
  assert.equal(await door.result({ from: '203.0.113.8', auth: { token: 'guess' } }), 'AUTH_TOKEN_MISMATCH');
  door.store.clock.advance(300_000);
  assert.equal(await door.result({ from: remote, auth: { token: 'guess' } }), 'AUTH_TOKEN_MISMATCH');
});

test('the right token, and a device token, are never held up by a lockout; a password is', async () => {
  await using door = await openDoor();
  const { device, deviceToken } = await door.pair();
  await lock(door, { from: remote });
  assert.equal(await door.result({ from: remote, device }), 'token [operator.read]');
  assert.equal(await door.result({ from: remote, device, auth: { deviceToken } }), 'device-token [operator.read]');
  await using words = await openDoor({ mode: 'password', secret });
  await lock(words, { from: remote });
  assert.equal(await words.result({ from: remote }), 'AUTH_RATE_LIMITED');
});

test('this machine is never locked out, but pages in its browsers are', async () => {
  await using door = await openDoor();
  await lock(door, {}, 50);
  assert.equal(await door.result({ auth: { token: 'guess' } }), 'AUTH_TOKEN_MISMATCH');
  await lock(door, { origin: page });
  assert.equal(await door.result({ auth: { token: 'guess' }, origin: page }), 'AUTH_RATE_LIMITED');
});

test('wrong device tokens and wrong secrets are counted apart, and both doors count together', async () => {
  await using door = await openDoor();
  const device = createTestDevice();
  await lock(door, { from: remote, device, auth: { deviceToken: 'ocd_old' } });
  assert.equal(await door.result({ from: remote, device, auth: { deviceToken: 'ocd_old' } }), 'AUTH_RATE_LIMITED');
  assert.equal(await door.result({ from: remote, device, auth: { token: 'wrong' } }), 'AUTH_TOKEN_MISMATCH');
  const ask = () => door.authenticator.authenticate({ authorization: 'Bearer ocd_old' }, remote);
  assert.throws(ask, { code: 'too_many_failures' });
});

test('showing nothing, and showing a virtual key, are no guesses', async () => {
  await using door = await openDoor();
  for (let count = 0; count < 20; count += 1) {
    await door.refusal({ from: remote, auth: {} });
    await door.refusal({ from: remote, auth: { token: virtualKey } });
  }
  assert.equal(await door.result({ from: remote, auth: { token: 'wrong' } }), 'AUTH_TOKEN_MISMATCH');
});

test('a trusted proxy vouches for people: a node behind it needs its own key, and is not paired silently', async () => {
  const trustedProxy = { addresses: ['10.0.0.5'], userHeader: 'x-forwarded-user', requiredHeaders: [], allowUsers: [] };
  await using door = await openDoor({ mode: 'trusted-proxy', trustedProxy });
  const behind = { from: '10.0.0.5', headers: { 'x-forwarded-user': 'ada' }, auth: {} } as const;
  assert.equal(await door.result({ ...behind, client: 'openclaw-control-ui/ui' }), 'trusted-proxy [operator.read]');
  assert.equal(await door.result({ ...behind, client: 'node-host/node', role: 'node' }), 'DEVICE_IDENTITY_REQUIRED');
  const device = createTestDevice();
  assert.equal(await door.result({ ...behind, client: 'node-host/node', role: 'node', device }), 'PAIRING_REQUIRED');
});
