import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crowd } from './crowd.ts';

function crowdOf(turns: string) {
  const members = Array.from(turns, (turn) => ({ turn }));
  const crowd = new Crowd<{ readonly turn: string }>();
  for (const member of members) crowd.add(member);
  return { crowd, members };
}

test('the newest of the largest turn gives way to a turn with fewer', () => {
  const { crowd, members } = crowdOf('aabaab');
  assert.equal(crowd.yielding({ turn: 'c' }), members[4]);
  assert.equal(crowd.yielding({ turn: 'b' }), members[4]);
});

test('nobody gives way to a turn that would become the larger one by it', () => {
  assert.equal(crowdOf('aab').crowd.yielding({ turn: 'b' }), undefined);
  assert.equal(crowdOf('aaa').crowd.yielding({ turn: 'a' }), undefined);
  assert.equal(crowdOf('abc').crowd.yielding({ turn: 'd' }), undefined);
  assert.equal(crowdOf('').crowd.yielding({ turn: 'a' }), undefined);
});

test('a turn that was large and is not any more gives nothing', () => {
  const { crowd, members } = crowdOf('aaaab');
  for (const member of members.slice(0, 3)) crowd.delete(member);
  crowd.delete({ turn: 'a' });
  assert.equal(crowd.yielding({ turn: 'c' }), undefined);
  assert.equal(crowd.size, 2);
  assert.deepEqual([...crowd], members.slice(3));
  assert.ok(crowd.has(members[3] ?? { turn: '' }) && !crowd.has(members[0] ?? { turn: '' }));
});

test('a turn that invents sessions gives way as one, and within a turn the largest session does', () => {
  const crowd = new Crowd<{ readonly turn: string; readonly session?: string }>();
  const flood = Array.from({ length: 5 }, (_, index) => ({ turn: 'a', session: `invented ${index}` }));
  for (const member of flood) crowd.add(member);
  assert.ok(flood.includes(crowd.yielding({ turn: 'b' }) as (typeof flood)[number]));
  const twin = { turn: 'a', session: 'invented 0' };
  crowd.add(twin);
  assert.equal(crowd.yielding({ turn: 'a', session: 'new' }), twin);
  assert.equal(crowd.yielding({ turn: 'a', session: 'invented 1' }), undefined);
});
