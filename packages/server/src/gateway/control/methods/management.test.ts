import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../../core/errors.ts';
import { openMethods } from './methods.fixture.ts';

type Fields = Record<string, unknown>;

test('config.get shows the file and what holds, without secrets', async () => {
  const { call } = openMethods();
  const got = (await call('config.get')) as Fields;
  assert.ok(!JSON.stringify(got).includes('secret-token'));
  const { hash, ...rest } = got;
  const settings = { gateway: { port: 1, auth: { token: '[redacted]' } } };
  const parsed = { parsed: '{ ‹secret› }' };
  assert.deepEqual(rest, {
    ...{ path: '/etc/openclaw.json', includedPaths: ['/etc/more.json'], exists: true, raw: '{ ‹secret› }', parsed, sourceConfig: parsed },
    ...{ resolved: settings, runtimeConfig: settings, config: settings, state: 'current', valid: true },
    ...{ configRevisionHash: hash, appliedConfigHash: hash, issues: [], warnings: [], legacyIssues: [] },
  });
  assert.match(String(hash), /^hmac-sha256:v1:[0-9a-f]{64}$/);
});

test('in rescue mode config.get shows the text, what is wrong with it, and that nothing holds', async () => {
  const { call, keeper } = openMethods();
  const others = [new OpenClawError('config_invalid', { details: { where: 'b', reason: 'two', suggestion: 's2' } })];
  const problem = new OpenClawError('config_invalid', {
    details: { where: 'a', reason: 'one', suggestion: 's1' },
    param: 'gateway.port',
    others,
  });
  keeper.current = undefined;
  keeper.status = { ...keeper.status, state: 'rescue', problem, appliedHash: undefined };
  const got = (await call('config.get')) as Fields;
  assert.deepEqual([got['state'], got['valid'], got['config'], got['appliedConfigHash']], ['rescue', false, {}, undefined]);
  assert.deepEqual(got['issues'], [
    { path: 'gateway.port', message: 'a: one.', hint: 's1', code: 'config_invalid' },
    { path: '', message: 'b: two.', hint: 's2', code: 'config_invalid' },
  ]);
  const status = (await call('config.status')) as Fields;
  assert.deepEqual(
    [status['state'], status['valid'], status['needsRestart'], status['isReadOnly']],
    ['rescue', false, ['gateway.port'], false],
  );
  keeper.text = undefined;
  const none = (await call('config.get')) as Fields;
  assert.deepEqual([none['exists'], none['raw'], none['parsed']], [false, null, {}]);
});

test('a configuration is written over what the writer saw and over nothing else', async () => {
  const { call, connect, keeper } = openMethods();
  const client = connect(['operator.admin'], { deviceId: 'device-9' });
  await assert.rejects(call('config.set', { raw: 'x' }), { code: 'invalid_request', param: 'baseHash' });
  await assert.rejects(call('config.set', { raw: 'x', baseHash: 'hash-2' }), { code: 'config_conflict' });
  const { hash } = (await call('config.get')) as { hash: string };
  for (const method of ['config.set', 'config.apply']) {
    const answer = (await call(method, { raw: '{ ‹secret›, more }', baseHash: hash, note: 'n' }, { client })) as Fields;
    assert.deepEqual(
      [answer['ok'], answer['version'], answer['changed'], answer['needsRestart'], answer['hash']],
      [true, 2, ['gateway.port'], ['gateway.port'], hash],
    );
    assert.ok(!JSON.stringify(answer).includes('secret-token'));
    assert.deepEqual(keeper.written.pop(), { text: '{ secret-token, more }', by: 'device:device-9', baseHash: 'hash-2' });
  }
  await call('config.patch', { raw: '{ port: 2 }', baseHash: hash });
  assert.deepEqual(keeper.written.pop(), { text: '{ secret-token } + { port: 2 }', by: 'gateway-token', baseHash: 'hash-2' });
});

test('the first configuration needs no hash of one before', async () => {
  const { call, keeper } = openMethods();
  keeper.text = undefined;
  keeper.status = { ...keeper.status, fileHash: undefined };
  await call('config.set', { raw: '{}' });
  assert.deepEqual(keeper.written, [{ text: '{}', by: 'gateway-token' }]);
});

test('hashes are of one gateway and say nothing about the text to others', async () => {
  const [one, other] = [openMethods(), openMethods()];
  const hashOf = async ({ call }: typeof one): Promise<unknown> => ((await call('config.get')) as Fields)['hash'];
  assert.notEqual(await hashOf(one), await hashOf(other));
});

test('a configuration is checked without being written', async () => {
  const { call, keeper } = openMethods();
  assert.deepEqual(await call('config.check', { raw: 'good' }), { valid: true, issues: [] });
  assert.deepEqual(await call('config.check', { raw: 'bad' }), {
    valid: false,
    issues: [{ path: '', message: 'x: y.', hint: 'z', code: 'config_invalid' }],
  });
  assert.deepEqual(keeper.written, []);
});

test('versions are listed with the latest first, shown, and put in force again', async () => {
  const { call, keeper } = openMethods();
  const { versions, ...rest } = (await call('config.history', { limit: 1 })) as { versions: Fields[] };
  assert.deepEqual(rest, { current: 2, total: 2 });
  assert.deepEqual([versions.length, versions[0]?.['version'], versions[0]?.['by']], [1, 2, 'file']);
  assert.equal(((await call('config.version', { version: 1 })) as Fields)['raw'], 'text of 1');
  assert.equal(((await call('config.rollback', { version: 1 })) as Fields)['version'], 1);
  assert.deepEqual(keeper.written, [{ version: 1, by: 'gateway-token' }]);
});

test('the schema is the one that editors get', async () => {
  const { call } = openMethods();
  const { schema, version } = (await call('config.schema')) as { schema: { properties: object }; version: string };
  assert.ok('gateway' in schema.properties);
  assert.equal(version, '1.2.3');
});

test('devices are listed as clients know them', async () => {
  const { call, connect } = openMethods();
  connect(['operator.read'], { deviceId: 'device-2' });
  assert.deepEqual(await call('device.pair.list'), {
    pending: [
      {
        ...{ requestId: 'request-1', deviceId: 'device-1', publicKey: 'key-1', platform: 'linux', clientId: 'cli', clientMode: 'cli' },
        ...{ role: 'operator', roles: ['operator'], scopes: ['operator.read'], remoteIp: '10.0.0.2', reason: 'not-paired' },
        ...{ silent: false, isRepair: false, ts: 1000 },
      },
    ],
    paired: [
      {
        ...{ deviceId: 'device-2', publicKey: 'key-2', displayName: 'Desk', platform: 'linux', deviceFamily: 'Linux', clientId: 'cli' },
        ...{ clientMode: 'cli', approvedVia: 'silent', createdAtMs: 1, approvedAtMs: 2, lastSeenAtMs: 3, lastSeenIp: '127.0.0.1' },
        ...{ role: 'operator', roles: ['operator'], scopes: ['operator.read'], connected: true },
        tokens: [{ role: 'operator', scopes: ['operator.read'], createdAtMs: 2 }],
      },
    ],
  });
});

test('what is done to devices is done in the name of who asks', async () => {
  const { call, connect, devices } = openMethods();
  const client = connect(['operator.pairing'], { deviceId: 'boss' });
  const as = { client };
  const approved = (await call('device.pair.approve', { requestId: 'request-1' }, as)) as { requestId: string; device: Fields };
  assert.deepEqual([approved.requestId, approved.device['deviceId']], ['request-1', 'device-2']);
  assert.deepEqual(await call('device.pair.reject', { requestId: 'request-1' }, as), { requestId: 'request-1', deviceId: 'device-1' });
  assert.deepEqual(await call('device.pair.remove', { deviceId: 'device-2' }, as), { deviceId: 'device-2' });
  await call('device.pair.rename', { deviceId: 'device-2', displayName: 'Desk' }, as);
  assert.deepEqual(await call('device.token.rotate', { deviceId: 'device-2', role: 'operator', scopes: ['operator.read'] }, as), {
    ...{ deviceId: 'device-2', role: 'operator', token: 'new-token', scopes: ['operator.read'], rotatedAtMs: 5 },
  });
  await call('device.token.revoke', { deviceId: 'device-2' }, as);
  assert.deepEqual(devices.asked, [
    ['approve', 'request-1', 'device:boss'],
    ['reject', 'request-1', 'device:boss'],
    ['remove', 'device-2', 'device:boss'],
    ['rename', 'device-2', 'Desk', 'device:boss'],
    ['rotate', { deviceId: 'device-2', role: 'operator', scopes: ['operator.read'] }, 'device:boss'],
    ['revoke', { deviceId: 'device-2', role: 'operator' }, 'device:boss'],
  ]);
});

test('who may approve is told what asks, and a device that may not be here any more is closed', async () => {
  const { connect, devices, closed, clock } = openMethods();
  const [boss, reader] = [connect(['operator.pairing']), connect(['operator.read'], { deviceId: 'device-2' })];
  const request = { ...(await import('./methods.fixture.ts')).pairing };
  for (const tell of devices.listeners) {
    tell({ kind: 'requested', request });
    tell({ kind: 'resolved', requestId: 'request-1', deviceId: 'device-1', decision: 'approved' });
    tell({ kind: 'changed', deviceId: 'device-1' });
    tell({ kind: 'invalidated', deviceId: 'device-2', reason: 'token rotated' });
  }
  assert.deepEqual(reader.events, []);
  assert.deepEqual(
    boss.events.map(({ event }) => event),
    ['device.pair.requested', 'device.pair.resolved', 'device.pair.changed', 'device.pair.changed'],
  );
  assert.deepEqual(boss.events[1]?.payload, { requestId: 'request-1', deviceId: 'device-1', decision: 'approved', ts: clock.now() });
  assert.deepEqual(closed, [{ deviceId: 'device-2', code: 4001, reason: 'client invalidated: token rotated' }]);
});
