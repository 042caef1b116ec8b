import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../core/fake-clock.ts';
import { createFailures, networkOf } from './failures.ts';

test('an address has some failures free, then waits for the end of its window', () => {
  const clock = createFakeClock();
  const failures = createFailures(clock, { allowed: 3, windowMs: 1000 });
  failures.add('10.0.0.1');
  clock.advance(400);
  failures.add('10.0.0.1');
  assert.equal(failures.waitMs('10.0.0.1'), 0);
  failures.add('10.0.0.1');
  assert.equal(failures.waitMs('10.0.0.1'), 600);
  assert.equal(failures.waitMs('10.0.0.2'), 0);
  clock.advance(599);
  assert.equal(failures.waitMs('10.0.0.1'), 1);
  clock.advance(1);
  assert.equal(failures.waitMs('10.0.0.1'), 0);
});

test('of more addresses than fit, the oldest is forgotten', () => {
  const failures = createFailures(createFakeClock(), { allowed: 1, addressLimit: 2 });
  for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) failures.add(address);
  assert.equal(failures.waitMs('10.0.0.1'), 0);
  assert.ok(failures.waitMs('10.0.0.2') > 0);
  assert.ok(failures.waitMs('10.0.0.3') > 0);
});

test('a jump of the wall clock ends no window', () => {
  const clock = createFakeClock();
  const failures = createFailures(clock, { allowed: 1 });
  failures.add('10.0.0.1');
  clock.jumpWallClock(86_400_000);
  assert.ok(failures.waitMs('10.0.0.1') > 0);
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
