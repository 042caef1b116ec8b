import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openClientDirectory, type ClientDirectory } from '../client-directory.ts';
import { openCommandDevice } from './device-identity.ts';
import { createKnownGateways } from './known-gateways.ts';

function inHome(use: (directory: ClientDirectory, home: string) => void): void {
  const home = mkdtempSync(join(tmpdir(), 'openclaw-known-'));
  try {
    use(openClientDirectory({ HOME: home }), home);
  } finally {
    rmSync(home, { recursive: true });
  }
}

test('a gateway is known by its address; another state at it is told with both ids and what to do', () => {
  inHome((directory) => {
    const known = createKnownGateways(directory);
    assert.equal(known.compare('ws://one', 'state-1'), undefined);
    known.remember('ws://one', 'state-1');
    known.remember('ws://two', 'state-2');
    assert.equal(known.compare('ws://one', 'state-1'), undefined);
    // One that does not tell is no other one.
    assert.equal(known.compare('ws://one', undefined), undefined);
    const error = createKnownGateways(directory).compare('ws://one', 'state-9');
    assert.equal(error?.code, 'state_not_persisted');
    assert.match(error.message, /^The state was not persisted: the gateway at ws:\/\/one .*was state-1, it is state-9/);
    assert.match(error.hint, /volume/);
    known.remember('ws://one', 'state-9');
    assert.equal(known.compare('ws://one', 'state-9'), undefined);
    assert.equal(known.compare('ws://two', 'state-2'), undefined);
  });
});

test('what is remembered lies in the state home of the user, is nobody else’s to read, and no half of it is ever there', () => {
  inHome((directory, home) => {
    createKnownGateways(directory).remember('ws://one', 'state-1');
    assert.equal(directory.path, join(home, '.local/state/openclaw'));
    assert.equal(statSync(join(directory.path, 'known-gateways.json')).mode & 0o777, 0o600);
    assert.equal(statSync(directory.path).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(directory.path), ['known-gateways.json']);
    assert.equal(openClientDirectory({ HOME: home, XDG_STATE_HOME: '/elsewhere' }).path, '/elsewhere/openclaw');
    assert.equal(openClientDirectory({ HOME: home, XDG_STATE_HOME: 'relative' }).path, directory.path);
  });
});

test('the oldest of a hundred is forgotten for one more', () => {
  inHome((directory) => {
    const known = createKnownGateways(directory);
    for (let number = 0; number <= 100; number++) known.remember(`ws://host-${number}`, 'state');
    assert.equal(known.compare('ws://host-0', 'other'), undefined);
    assert.ok(known.compare('ws://host-1', 'other'));
    assert.ok(known.compare('ws://host-100', 'other'));
  });
});

test('a file that is none, and a home that cannot be written, are no failure: nothing is remembered', () => {
  inHome((directory) => {
    createKnownGateways(directory).remember('ws://one', 'state-1');
    for (const text of ['', '{', '[]', '{"gateways": 7}', '{"gateways": {"ws://one": 7}}']) {
      writeFileSync(join(directory.path, 'known-gateways.json'), text);
      assert.equal(createKnownGateways(directory).compare('ws://one', 'state-2'), undefined);
    }
  });
  const nowhere = openClientDirectory({ HOME: '/proc/nowhere' });
  createKnownGateways(nowhere).remember('ws://one', 'state-1');
  assert.equal(nowhere.write('x', {}), false);
  assert.equal(openCommandDevice(nowhere), undefined);
});

test('a device stays the same from one command to the next, keeps a token for each gateway, and forgets one that no longer holds', async () => {
  const texts: string[] = [];
  inHome((directory) => {
    const device = openCommandDevice(directory);
    const again = openCommandDevice(directory);
    assert.ok(device && again);
    assert.match(device.signer.deviceId, /^[0-9a-f]{64}$/);
    assert.equal(device.signer.deviceId, again.signer.deviceId);
    assert.equal(Buffer.from(device.signer.publicKey, 'base64url').length, 32);
    assert.equal(statSync(join(directory.path, 'device.json')).mode & 0o777, 0o600);
    device.keepToken('ws://one', 'token-1');
    device.keepToken('ws://two', 'token-2');
    assert.deepEqual(
      [again.tokenFor('ws://one'), again.tokenFor('ws://two'), again.tokenFor('ws://three')],
      ['token-1', 'token-2', undefined],
    );
    device.keepToken('ws://one', undefined);
    assert.deepEqual([again.tokenFor('ws://one'), again.tokenFor('ws://two')], [undefined, 'token-2']);
    texts.push(device.signer.publicKey);
    writeFileSync(join(directory.path, 'device.json'), '{"privateKey": "not a key"}');
    chmodSync(join(directory.path, 'device.json'), 0o600);
    assert.notEqual(openCommandDevice(directory)?.signer.publicKey, texts[0]);
  });
});
