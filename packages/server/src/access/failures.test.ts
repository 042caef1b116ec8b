import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../core/fake-clock.ts';
import { createFailures, networkOf } from './failures.ts';

test('an address has some failures free in a window, and is locked out once it has used them up', () => {
  const clock = createFakeClock();
  const failures = createFailures(clock, { allowed: 3, windowMs: 1000, lockoutMs: 5000 });
  const wait = (address = '10.0.0.1') => failures.waitMs(address, 'secret');
  failures.add('10.0.0.1', 'secret');
  clock.advance(400);
  failures.add('10.0.0.1', 'secret');
  assert.equal(wait(), 0);
  failures.add('10.0.0.1', 'secret');
  assert.equal(wait(), 5000);
  assert.equal(wait('10.0.0.2'), 0);
  clock.advance(4999);
  assert.equal(wait(), 1);
  clock.advance(1);
  assert.equal(wait(), 0);
});

test('failures that are spread over more than a window lock nobody out', () => {
  const clock = createFakeClock();
  const failures = createFailures(clock, { allowed: 3, windowMs: 1000 });
  for (let count = 0; count < 10; count += 1) {
    failures.add('10.0.0.1', 'secret');
    clock.advance(501);
    assert.equal(failures.waitMs('10.0.0.1', 'secret'), 0);
  }
});

test('more failures do not lengthen a lockout', () => {
  const clock = createFakeClock();
  const failures = createFailures(clock, { allowed: 1, lockoutMs: 5000 });
  failures.add('10.0.0.1', 'secret');
  clock.advance(4000);
  failures.add('10.0.0.1', 'secret');
  assert.equal(failures.waitMs('10.0.0.1', 'secret'), 1000);
});

test('ten wrong credentials in a minute are a lockout of five minutes, for that kind of credential', () => {
  const failures = createFailures(createFakeClock());
  for (let count = 0; count < 9; count += 1) failures.add('10.0.0.1', 'device-token');
  assert.equal(failures.waitMs('10.0.0.1', 'device-token'), 0);
  failures.add('10.0.0.1', 'device-token');
  assert.equal(failures.waitMs('10.0.0.1', 'device-token'), 300_000);
  assert.equal(failures.waitMs('10.0.0.1', 'secret'), 0);
});

test('of more addresses than fit, the oldest is forgotten', () => {
  const failures = createFailures(createFakeClock(), { allowed: 1, addressLimit: 2 });
  for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) failures.add(address, 'secret');
  assert.equal(failures.waitMs('10.0.0.1', 'secret'), 0);
  assert.ok(failures.waitMs('10.0.0.2', 'secret') > 0);
  assert.ok(failures.waitMs('10.0.0.3', 'secret') > 0);
});

test('a jump of the wall clock ends no lockout', () => {
  const clock = createFakeClock();
  const failures = createFailures(clock, { allowed: 1 });
  failures.add('10.0.0.1', 'secret');
  clock.jumpWallClock(86_400_000);
  assert.ok(failures.waitMs('10.0.0.1', 'secret') > 0);
});

test('addresses of one machine count together', () => {
  const same: [string, string][] = [
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::1'],
    ['fe80::1%eth0', 'fe80::2'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['2001:db8::', '2001:db8:0:0:1::'],
  ];
  for (const [left, right] of same) assert.equal(networkOf(left), networkOf(right), `${left} ${right}`);
  assert.notEqual(networkOf('2001:db8:1:2::1'), networkOf('2001:db8:1:3::1'));
  assert.notEqual(networkOf('10.0.0.1'), networkOf('10.0.0.2'));
});
