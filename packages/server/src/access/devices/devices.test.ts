import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startPglite, type PgliteServer } from '../../storage/postgres/pglite.fixture.ts';
import type { DeviceChange } from './contract.ts';
import { claimOf, listen, openMemoryStore, openTestStore, operator, type TestStore } from './devices.fixture.ts';
import type { DeviceRegistry } from './devices.ts';

/** A device that was approved and has come for its token. */
async function paired(devices: DeviceRegistry, name: string, scopes = ['operator.read']): Promise<{ deviceId: string; token: string }> {
  const { requestId, deviceId } = await devices.request(claimOf(name, { scopes }));
  await devices.approve(requestId, operator);
  return { deviceId, token: (await devices.issueToken(deviceId, 'operator'))!.token };
}

/** The first change that fits. */
function until(devices: DeviceRegistry, fits: (change: DeviceChange) => boolean): Promise<DeviceChange & { requestId?: string }> {
  return new Promise((resolve) => {
    const end = devices.onChange((change) => {
      if (!fits(change)) return;
      end();
      resolve(change);
    });
  });
}

async function everything({ database }: TestStore): Promise<string> {
  const tables = ['devices', 'device_roles', 'pairing_requests', 'changes'];
  return JSON.stringify(await Promise.all(tables.map((table) => database.read({ sql: `SELECT * FROM ${table}` }))));
}

for (const engine of ['SQLite', 'PostgreSQL'] as const) {
  describe(`devices on ${engine}`, () => {
    let server: PgliteServer | undefined;
    before(async () => void (server = engine === 'PostgreSQL' ? await startPglite() : undefined));
    after(() => server?.stop());

    test('pairing, tokens, names and requests survive a restart', async () => {
      await using store = await openTestStore(server);
      const devices = await store.open();
      const { token, deviceId } = await paired(devices, 'laptop', ['operator.read', 'operator.pairing']);
      await devices.rename(deviceId, 'My laptop', operator);
      const waiting = await devices.request(claimOf('phone', { displayName: 'Phone' }));
      const before = { paired: devices.paired(), pending: devices.pending() };
      await store.reopen();
      const again = await store.open();
      assert.deepEqual({ paired: again.paired(), pending: again.pending() }, before);
      assert.equal(again.find(deviceId)?.displayName, 'My laptop');
      assert.deepEqual(again.findToken(token), { deviceId, role: 'operator', scopes: ['operator.read', 'operator.pairing'] });
      const approved = await again.approve(waiting.requestId, operator);
      assert.equal(approved.displayName, 'Phone');
    });

    test('the store holds the hash of a token, never the token', async () => {
      await using store = await openTestStore(server);
      const devices = await store.open();
      const { token, deviceId } = await paired(devices, 'laptop');
      const { token: rotated } = await devices.rotate({ deviceId, role: 'operator' }, operator);
      for (const secret of [token, rotated]) {
        assert.match(secret, /^ocd_[A-Za-z0-9_-]{43}$/);
        const written = [await everything(store), JSON.stringify(store.audited), store.logLines.join('')].join('');
        assert.ok(!written.includes(secret.slice(8, 20)));
      }
    });

    test('a token is issued once; later comers get none, and it finds its device', async () => {
      await using store = await openTestStore(server);
      const devices = await store.open();
      const { deviceId, token } = await paired(devices, 'laptop');
      assert.equal(await devices.issueToken(deviceId, 'operator'), undefined);
      assert.equal(devices.findToken(token)?.deviceId, deviceId);
      for (const other of ['', 'ocd_', token.slice(0, -1), `${token}A`, token.replace('ocd_', ''), token.toUpperCase()]) {
        assert.equal(devices.findToken(other), undefined, other);
      }
    });

    test('rotating, revoking and removing end a token at once, and say so', async () => {
      await using store = await openTestStore(server);
      const devices = await store.open();
      const { deviceId, token } = await paired(devices, 'laptop');
      const heard = listen(devices);
      const rotated = await devices.rotate({ deviceId, role: 'operator' }, operator);
      assert.deepEqual([devices.findToken(token), devices.findToken(rotated.token)?.deviceId], [undefined, deviceId]);
      await devices.revoke({ deviceId, role: 'operator' }, operator);
      assert.equal(devices.findToken(rotated.token), undefined);
      assert.deepEqual(devices.find(deviceId)?.tokens, []);
      await devices.remove(deviceId, operator);
      assert.equal(devices.find(deviceId), undefined);
      assert.deepEqual(heard, ['device token rotated', 'changed', 'device token revoked', 'changed', 'device removed', 'changed']);
      await store.reopen();
      assert.deepEqual((await store.open()).paired(), []);
    });

    test('a device asks anew once it was revoked, and anew once it was removed', async () => {
      await using store = await openTestStore(server);
      const devices = await store.open();
      const { deviceId } = await paired(devices, 'laptop');
      await devices.revoke({ deviceId, role: 'operator' }, operator);
      const { reason, requestId } = await devices.request(claimOf('laptop'));
      assert.equal(reason, 'not-paired');
      await devices.approve(requestId, operator);
      const another = await devices.issueToken(deviceId, 'operator');
      assert.equal(devices.findToken(another!.token)?.deviceId, deviceId);
      await devices.remove(deviceId, operator);
      assert.equal((await devices.request(claimOf('laptop'))).reason, 'not-paired');
    });

    test('more scopes and another role are asked for again; what was approved is kept, and so is the token', async () => {
      await using store = await openTestStore(server);
      const devices = await store.open();
      const { deviceId, token } = await paired(devices, 'laptop');
      const heard = listen(devices);
      const wider = await devices.request(claimOf('laptop', { scopes: ['operator.write'] }));
      assert.equal(wider.reason, 'scope-upgrade');
      await devices.approve(wider.requestId, operator);
      assert.deepEqual(devices.findToken(token)?.scopes, ['operator.write', 'operator.read']);
      const node = await devices.request(claimOf('laptop', { role: 'node', scopes: [] }));
      assert.equal(node.reason, 'role-upgrade');
      await devices.approve(node.requestId, operator);
      assert.deepEqual(
        devices.find(deviceId)?.tokens.map(({ role }) => role),
        ['operator', 'node'],
      );
      assert.ok(!heard.some((word) => word.includes('token')), heard.join());
    });

    test('the same wish keeps its request, another one supersedes it', async () => {
      await using store = await openTestStore(server);
      const devices = await store.open();
      const heard = listen(devices);
      const first = await devices.request(claimOf('laptop'));
      assert.deepEqual(await devices.request(claimOf('laptop')), first);
      const second = await devices.request(claimOf('laptop', { scopes: ['operator.read', 'operator.admin'] }));
      assert.notEqual(second.requestId, first.requestId);
      assert.deepEqual(devices.pending(), [second]);
      assert.deepEqual(heard, ['requested', 'superseded', 'requested']);
      await assert.rejects(devices.approve(first.requestId, operator), { code: 'pairing_request_not_found' });
    });

    test('a request waits for an hour, also across a restart, and its end is told and written', async () => {
      await using store = await openTestStore(server);
      const devices = await store.open();
      const early = await devices.request(claimOf('early'));
      store.clock.advance(1_800_000);
      const { requestId } = await devices.request(claimOf('late'));
      const over = until(devices, (change) => change.kind === 'resolved' && change.decision === 'expired');
      store.clock.advance(1_800_000);
      assert.deepEqual(
        devices.pending().map((request) => request.requestId),
        [requestId],
      );
      assert.equal((await over).requestId, early.requestId);
      const rows = await store.database.read({ sql: 'SELECT request_id FROM pairing_requests' });
      assert.deepEqual(rows, [{ request_id: requestId }]);
      await store.reopen();
      const again = await store.open();
      store.clock.advance(1_800_000);
      await assert.rejects(again.approve(requestId, operator), { code: 'pairing_request_not_found' });
    });

    test('of two processes that decide the same request, one wins, and the other is told that it is gone', async () => {
      await using store = await openTestStore(server);
      const [one, two] = [await store.open(), await store.open()];
      const { requestId } = await one.request(claimOf('laptop'));
      await two.request(claimOf('another'));
      const decided = await Promise.allSettled([one.approve(requestId, operator), two.reject(requestId, operator)]);
      assert.equal(decided.filter(({ status }) => status === 'fulfilled').length, 1, JSON.stringify(decided));
      const [lost] = decided.filter((outcome) => outcome.status === 'rejected');
      assert.equal((lost!.reason as { code: string }).code, 'pairing_request_not_found');
    });

    test('what one process changes, another one learns, with what it means for connections', async () => {
      await using store = await openTestStore(server);
      const [one, two] = [await store.open(), await store.open()];
      const known = until(two, () => two.paired().length > 0 && two.findToken(token) !== undefined);
      let token = '';
      const laptop = await paired(one, 'laptop');
      token = laptop.token;
      await one.rename(laptop.deviceId, 'Laptop', operator);
      await known;
      const ended = until(two, (change) => change.kind === 'invalidated');
      await one.revoke({ deviceId: laptop.deviceId, role: 'operator' }, operator);
      assert.deepEqual(await ended, { kind: 'invalidated', deviceId: laptop.deviceId, reason: 'device token revoked' });
      assert.equal(two.findToken(token), undefined);
      const asked = until(two, (change) => change.kind === 'requested');
      const { requestId } = await one.request(claimOf('phone'));
      assert.equal((await asked).kind, 'requested');
      const decided = until(two, (change) => change.kind === 'resolved');
      await one.approve(requestId, operator);
      assert.deepEqual(await decided, { kind: 'resolved', requestId, deviceId: claimOf('phone').deviceId, decision: 'approved' });
    });
  });
}

describe('devices', () => {
  test('of more requests than fit the oldest give way, those of a crowded address first', async () => {
    await using store = await openMemoryStore();
    const devices = await store.open({ pendingRequests: 6, pendingPerAddress: 2 });
    const ask = async (name: string, remoteIp: string) => {
      store.clock.advance(1);
      return (await devices.request(claimOf(name, { remoteIp }))).requestId;
    };
    const first = await ask('a', '10.0.0.1');
    const crowd = [await ask('b', '2001:db8::1'), await ask('c', '2001:db8::2'), await ask('d', '2001:db8::3')];
    assert.deepEqual(
      devices.pending().map(({ requestId }) => requestId),
      [first, crowd[1], crowd[2]],
    );
    for (const host of [2, 3, 4, 5]) await ask(`e${host}`, `10.0.0.${host}`);
    assert.deepEqual([devices.pending().length, devices.pending()[0]?.requestId], [6, crowd[1]]);
    const rows = await store.database.read({ sql: 'SELECT request_id FROM pairing_requests' });
    assert.equal(rows.length, 6);
  });

  test('nobody gives away what they do not hold, and a rotated token has no more than was approved', async () => {
    await using store = await openMemoryStore();
    const devices = await store.open();
    const { requestId } = await devices.request(claimOf('laptop', { scopes: ['operator.write'] }));
    const narrow = { id: 'device:1', scopes: new Set(['operator.pairing', 'operator.read']) };
    await assert.rejects(devices.approve(requestId, narrow), { code: 'beyond_own_scopes', message: /^device:1 lacks operator.write/ });
    assert.equal(devices.pending().length, 1);
    const { deviceId } = await devices.approve(requestId, operator);
    const role = 'operator';
    await assert.rejects(devices.rotate({ deviceId, role }, narrow), { code: 'beyond_own_scopes' });
    await assert.rejects(devices.rotate({ deviceId, role, scopes: ['operator.admin'] }, operator), { code: 'invalid_request' });
    const { token, scopes } = await devices.rotate({ deviceId, role, scopes: ['operator.read'] }, narrow);
    assert.deepEqual([scopes, devices.findToken(token)?.scopes], [['operator.read'], ['operator.read']]);
    assert.equal((await devices.request(claimOf('laptop', { scopes: ['operator.write'] }))).reason, 'scope-upgrade');
  });

  test('what is not there is said to be not there', async () => {
    await using store = await openMemoryStore();
    const devices = await store.open();
    const which = { deviceId: 'nobody', role: 'operator' };
    for (const act of [
      () => devices.remove('nobody', operator),
      () => devices.rename('nobody', 'x', operator),
      () => devices.rotate(which, operator),
      () => devices.revoke(which, operator),
    ]) {
      await assert.rejects(act(), { code: 'device_not_found', message: 'There is no paired device nobody.' });
    }
    await assert.rejects(devices.reject('none', operator), { code: 'pairing_request_not_found' });
    const { deviceId } = await paired(devices, 'laptop');
    await assert.rejects(devices.revoke({ deviceId, role: 'node' }, operator), { message: /with the role node/ });
  });

  test('each change is in the audit log, with who made it and without a token', async () => {
    await using store = await openMemoryStore();
    const devices = await store.open();
    const { deviceId } = await paired(devices, 'laptop');
    await devices.rename(deviceId, 'Mine', operator);
    await devices.rotate({ deviceId, role: 'operator' }, operator);
    await devices.revoke({ deviceId, role: 'operator' }, operator);
    await devices.remove(deviceId, operator);
    await devices.reject((await devices.request(claimOf('phone'))).requestId, operator);
    await devices.pairSilently(claimOf('here'), 'gateway-token');
    assert.deepEqual(
      store.audited.map(({ actor, action }) => `${actor} ${action}`),
      [
        ...['approved', 'renamed', 'rotated', 'revoked', 'removed', 'rejected'].map((word) => `cli device.${word}`),
        'gateway-token device.paired-silently',
      ],
    );
    assert.deepEqual(store.audited[0], {
      ...{ actor: 'cli', action: 'device.approved', subject: deviceId },
      detail: { role: 'operator', scopes: 'operator.read', clientId: 'cli', from: '10.0.0.1' },
    });
  });

  test('what strangers say of themselves is cut, kept to one line, and can be stored everywhere', async () => {
    await using store = await openMemoryStore();
    const devices = await store.open();
    const displayName = `a\0b\u001b[31m\n${'x'.repeat(500)}\ud800`;
    const request = await devices.request(claimOf('laptop', { displayName, platform: '\u202e', scopes: ['operator.read', 'made.up'] }));
    assert.match(request.displayName ?? '', /^ab\[31mx{94}$/);
    assert.deepEqual([request.platform, request.scopes], [null, ['operator.read']]);
    await assert.rejects(devices.rename('nobody', '\n', operator), { code: 'invalid_request' });
  });

  test('more devices than fit are refused, in words that name the remedy', async () => {
    await using store = await openMemoryStore();
    const devices = await store.open({ devices: 1 });
    await devices.pairSilently(claimOf('first'), 'gateway-token');
    await devices.pairSilently(claimOf('first', { scopes: ['operator.admin'] }), 'gateway-token');
    await assert.rejects(devices.pairSilently(claimOf('second'), 'gateway-token'), { code: 'too_many_devices', hint: /devices remove/ });
  });

  test('what could not be written is not in force', async () => {
    await using store = await openMemoryStore();
    const devices = await store.open();
    const { requestId } = await devices.request(claimOf('laptop'));
    const heard = listen(devices);
    store.failNext(1);
    await assert.rejects(devices.approve(requestId, operator), /disk I\/O error/);
    assert.deepEqual([devices.paired(), devices.pending().length, heard, store.audited], [[], 1, [], []]);
    await devices.approve(requestId, operator);
    assert.equal(devices.paired().length, 1);
  });

  test('what another process changed is read again until that succeeds', async () => {
    await using store = await openMemoryStore();
    const [one, two] = [await store.open(), await store.open()];
    // From here on the first one only tells the second, which reads.
    const end = one.onChange(() => store.failNext(1));
    await one.request(claimOf('laptop'));
    end();
    // The reading of the second one, which fails, is over.
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(store.logLines.join(''), /changed devices could not be read; it is tried again/);
    assert.deepEqual(two.pending(), []);
    store.clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(two.pending().length, 1);
  });

  test('a listener that throws keeps nobody else from hearing', async () => {
    await using store = await openMemoryStore();
    const devices = await store.open();
    devices.onChange(() => {
      throw new Error('broken listener');
    });
    const heard = listen(devices);
    await devices.request(claimOf('laptop'));
    assert.deepEqual(heard, ['requested']);
    assert.match(store.logLines.join(''), /broken listener/);
  });

  test('when a device was last seen is written once a minute, and a failure of that is only logged', async () => {
    await using store = await openMemoryStore();
    const devices = await store.open();
    const { deviceId } = await paired(devices, 'laptop');
    const writes = () => store.statements.filter((sql) => sql.startsWith('UPDATE devices')).length;
    for (let count = 0; count < 10; count += 1) devices.seen(deviceId, '10.0.0.9');
    assert.equal(writes(), 1);
    devices.seen(deviceId, '10.0.0.10');
    store.clock.advance(60_000);
    devices.seen(deviceId, '10.0.0.10');
    assert.equal(writes(), 3);
    assert.deepEqual([devices.find(deviceId)?.lastSeenAtMs, devices.find(deviceId)?.lastSeenIp], [store.clock.now(), '10.0.0.10']);
    store.failNext(1);
    devices.seen(deviceId, '10.0.0.11');
    await devices.close();
    assert.match(store.logLines.join(''), /last seen could not be written/);
  });
});
