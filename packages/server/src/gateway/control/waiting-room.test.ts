/** Who may wait for a handshake. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createWaitingRoom } from './waiting-room.ts';

const ignore = (): void => undefined;

test('the networks of IPv6 count as one address each, and those of IPv4 that are written as IPv6 by their own', () => {
  const room = createWaitingRoom(createFakeClock(), { waitingConnections: 100, waitingConnectionsPerAddress: 1 });
  const enters = (address: string): boolean => room.enter(address, ignore) !== undefined;
  assert.equal(enters('2001:db8:1:2:3:4:5:6'), true);
  assert.equal(enters('2001:db8:1:2::9'), false);
  assert.equal(enters('2001:db8:1:3::9'), true);
  assert.equal(enters('2001:db8::1'), true);
  assert.equal(enters('2001:db8:0:0:ffff::'), false);
  assert.equal(enters('::ffff:192.0.2.1'), true);
  assert.equal(enters('::ffff:192.0.2.2'), true);
  assert.equal(enters('::ffff:192.0.2.1'), false);
  assert.equal(enters('192.0.2.1'), true);
  assert.equal(enters('::1') && enters('::1'), true);
});

test('a place is left once, however often it is said', () => {
  const room = createWaitingRoom(createFakeClock(), { waitingConnections: 100, waitingConnectionsPerAddress: 2 });
  const place = room.enter('192.0.2.1', ignore);
  room.enter('192.0.2.1', ignore);
  place?.leave();
  place?.leave();
  assert.equal(room.size, 1);
  assert.ok(room.enter('192.0.2.1', ignore));
  assert.equal(room.enter('192.0.2.1', ignore), undefined);
});

test('in a full room the oldest gives way, by what it has become since; but nobody does who came a moment ago', () => {
  const clock = createFakeClock();
  const room = createWaitingRoom(clock, { waitingConnections: 2, waitingConnectionsPerAddress: 100 });
  const gone: string[] = [];
  const first = room.enter('192.0.2.1', () => gone.push('as it came'));
  clock.advance(600);
  room.enter('192.0.2.2', () => gone.push('second'));
  if (first) first.giveWay = () => gone.push('as it is now');
  assert.equal(room.enter('192.0.2.3', ignore), undefined);
  clock.advance(400);
  assert.ok(room.enter('192.0.2.3', ignore));
  assert.equal(room.enter('192.0.2.4', ignore), undefined);
  clock.advance(600);
  assert.ok(room.enter('192.0.2.4', ignore));
  assert.deepEqual(gone, ['as it is now', 'second']);
  assert.equal(room.size, 2);
});

test('of one address that has too many its own oldest gives way, not that of another', () => {
  const clock = createFakeClock();
  const room = createWaitingRoom(clock, { waitingConnections: 100, waitingConnectionsPerAddress: 2 });
  const gone: string[] = [];
  room.enter('192.0.2.9', () => gone.push('another'));
  for (const name of ['first', 'second']) room.enter('192.0.2.1', () => gone.push(name));
  assert.equal(room.enter('192.0.2.1', ignore), undefined);
  clock.advance(1000);
  assert.ok(room.enter('192.0.2.1', ignore));
  assert.deepEqual(gone, ['first']);
  assert.equal(room.size, 3);
});
