import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operatorScopes } from '@openclaw/protocol';
import { describeApproval, describeReason, describeScopes, nameOf } from './devices.ts';

test('what a device may is told in words, all of it where it may all, and an unknown scope by its name', () => {
  assert.deepEqual(describeScopes(['operator.read', 'operator.admin', 'operator.pairing']), ['administer']);
  assert.deepEqual(describeScopes(['operator.pairing', 'operator.read', 'operator.future']), ['read', 'let devices in', 'operator.future']);
  for (const scope of operatorScopes) assert.ok(!describeScopes([scope])[0]?.startsWith('operator.'), scope);
});

test('a device without a name is called after its client and the beginning of its id', () => {
  assert.equal(nameOf({ deviceId: '0123456789', clientId: 'cli' }), 'command line 01234567');
  assert.equal(nameOf({ deviceId: '0123456789', clientId: 'cli', displayName: 'Laptop' }), 'Laptop');
  assert.equal(describeReason('scope-upgrade'), 'asks for more than it may');
  assert.equal(describeApproval('device:abc'), 'by device:abc');
});
