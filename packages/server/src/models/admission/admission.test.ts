import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { completed, failed, providerKey, settings, settle, setup, target } from './admission.fixture.ts';
import type { Permit } from './contract.ts';

const refusedFor =
  (code: string, retryAfterMs?: number, message = /./) =>
  (thrown: unknown): boolean => {
    assert.ok(thrown instanceof OpenClawError);
    assert.equal(thrown.code, code);
    if (retryAfterMs !== undefined) assert.equal(thrown.retryAfterMs, retryAfterMs);
    assert.match(thrown.message, message);
    assert.doesNotMatch(thrown.message, /[{}]/);
    return true;
  };

test('where there is room a request enters at once, without a promise and without a timer', () => {
  const { admission, clock, enter } = setup();
  const permit = enter(target('m', { initial: 2 }));
  assert.equal(permit.target.name, 'a/m');
  assert.equal(permit.waitedMs, 0);
  assert.equal(admission.figures.underWay, 1);
  assert.equal(clock.pendingTimers, 0);
  permit.release(completed);
  assert.equal(admission.figures.underWay, 0);
});

test('only the first release counts', () => {
  const { admission, enter } = setup();
  const one = target('m', { initial: 2 });
  const permit = enter(one);
  enter(one);
  permit.release(completed);
  permit.release(completed);
  assert.equal(admission.figures.underWay, 1);
});

test('the first candidate that has room is taken, and one that it backs off from is not', () => {
  const { enter, admission, request } = setup();
  const [one, other] = [target('one', { initial: 1 }), target('other', { initial: 5 })];
  assert.equal(enter(one, other).target, one);
  assert.equal(enter(one, other).target, other);
  const backingOff = request({ to: [{ target: other, notBeforeMs: 1000 }] });
  assert.equal(admission.tryEnter(backingOff.candidates), undefined);
});

test('how many are under way at a target can be asked without leaving a trace', () => {
  const { admission, enter } = setup();
  const one = target('m', { initial: 2 });
  assert.equal(admission.underWay(one), 0);
  assert.deepEqual(admission.status(), []);
  const permit = enter(one);
  assert.equal(admission.underWay(one), 1);
  permit.release(completed);
  assert.equal(admission.underWay(one), 0);
});

test('each key and each model of a provider has a limit of its own', () => {
  const { enter } = setup();
  const keys = [providerKey('1'), providerKey('2')];
  const targets = keys.flatMap((key) => [target('m', { initial: 1 }, key), target('n', { initial: 1 }, key)]);
  for (const one of targets) assert.equal(enter(...targets).target, one);
});

test('who waits is let in when a place is given back, with how long it took', async () => {
  const { clock, admission, enter, wait } = setup();
  const one = target('m', { initial: 1 });
  const permit = enter(one);
  const { signal } = new AbortController();
  const waiting = wait({ to: [one], signal });
  assert.equal(admission.figures.waiting, 1);
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  clock.advance(250);
  permit.release(completed);
  assert.equal((await waiting).waitedMs, 250);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  assert.equal(admission.figures.waiting, 0);
  assert.equal(admission.figures.waitedMsTotal, 250);
  assert.equal(clock.pendingTimers, 0);
});

test('whichever candidate has room first takes it', async () => {
  const { enter, wait } = setup();
  const [one, other] = [target('one', { initial: 1 }), target('other', { initial: 1 })];
  enter(one);
  const permit = enter(other);
  const waiting = wait({ to: [one, other] });
  permit.release(completed);
  assert.equal((await waiting).target, other);
});

test('nobody overtakes who waits, not even a hedge', async () => {
  const { admission, enter, wait, request } = setup();
  const one = target('m', { initial: 1 });
  const permit = enter(one);
  const [first, second] = [wait({ to: [one] }), wait({ to: [one] })];
  permit.release(completed);
  assert.equal(admission.tryEnter(request({ to: [one] }).candidates), undefined);
  (await first).release(completed);
  (await second).release(completed);
  assert.ok(admission.tryEnter(request({ to: [one] }).candidates));
});

test('nobody overtakes who waits for a moment that has come, before the timer has noticed', async () => {
  const { clock, admission, enter, wait, request } = setup();
  const one = target('m', { initial: 1 });
  const order: string[] = [];
  clock.after(1000, () => {
    void Promise.resolve(admission.enter(request({ to: [one] }))).then(() => order.push('newcomer'));
  });
  enter(one).release(failed('upstream_overloaded', 1000));
  void wait({ to: [one] }).then((permit) => {
    order.push('first');
    permit.release(completed);
  });
  clock.advance(1000);
  await settle();
  assert.deepEqual(order, ['first', 'newcomer']);
});

test('turns are served in turn, and within a turn a retry keeps its place', async () => {
  const { clock, enter, wait } = setup();
  const one = target('m', { initial: 1 });
  let permit = enter(one);
  clock.advance(100);
  const order: string[] = [];
  const join = (name: string, turn: string, arrivedMs: number): void => {
    void wait({ to: [one], turn, arrivedMs }).then((next) => {
      order.push(name);
      permit = next;
    });
  };
  join('a1', 'a', 10);
  join('a2', 'a', 20);
  join('a3', 'a', 30);
  join('b1', 'b', 40);
  join('a0, again', 'a', 5);
  for (let count = 0; count < 5; count += 1) {
    permit.release(completed);
    await settle();
  }
  assert.deepEqual(order, ['a0, again', 'b1', 'a1', 'a2', 'a3']);
});

test('a request that backs off from a target queues for it when that is over', async () => {
  const { clock, wait, status } = setup();
  const one = target('m', { initial: 1 });
  const waiting = wait({ to: [{ target: one, notBeforeMs: 500 }] });
  clock.advance(499);
  assert.equal(status('a/m')?.underWay, 0);
  clock.advance(1);
  assert.equal((await waiting).waitedMs, 500);
  assert.equal(clock.pendingTimers, 0);
});

test('one that waits is gone at once when its client leaves, and leaves nothing behind', async () => {
  const { clock, admission, enter, wait } = setup();
  const [one, other] = [target('one', { initial: 1 }), target('other', { initial: 1 })];
  const permit = enter(one);
  const controller = new AbortController();
  const reason = new OpenClawError('client_closed');
  const waiting = wait({ to: [one, { target: other, notBeforeMs: 9000 }], signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  assert.equal(admission.figures.waiting, 0);
  assert.equal(clock.pendingTimers, 0);
  permit.release(completed);
  assert.equal(admission.figures.underWay, 0);
});

test('a request whose client has left does not enter', () => {
  const { admission, request } = setup();
  const reason = new OpenClawError('client_closed');
  assert.throws(() => admission.enter(request({ to: [target('m', { initial: 1 })], signal: AbortSignal.abort(reason) })), reason);
});

test('nobody waits longer than maxWaitMs, or than its deadline', async () => {
  const { clock, enter, wait, admission } = setup({ queue: { maxWaiting: 10, maxWaitMs: 2000 } });
  const one = target('m', { initial: 1 });
  enter(one);
  const [patient, hurried] = [wait({ to: [one] }), wait({ to: [one], deadlineMs: 500 })];
  const outcomes = [
    assert.rejects(patient, refusedFor('admission_refused', undefined, /a\/m had no room within 2000 ms/)),
    assert.rejects(hurried, refusedFor('admission_refused', undefined, /within 500 ms/)),
  ];
  clock.advance(499);
  assert.equal(admission.figures.waiting, 2);
  clock.advance(1);
  assert.equal(admission.figures.waiting, 1);
  clock.advance(1500);
  await Promise.all(outcomes);
  assert.equal(clock.pendingTimers, 0);
  assert.equal(admission.figures.refused, 2);
});

test('when too many wait, the next is refused at once', () => {
  const { enter, wait, admission, request } = setup({ queue: { maxWaiting: 2, maxWaitMs: 30_000 } });
  const one = target('m', { initial: 1 });
  enter(one);
  for (let count = 0; count < 2; count += 1) void wait({ to: [one] });
  assert.throws(() => admission.enter(request({ to: [one] })), refusedFor('admission_refused', 1000, /2 requests wait already/));
});

test('when too many wait, a turn with many gives one place to a turn with few', async () => {
  const { enter, wait, admission, request } = setup({ queue: { maxWaiting: 3, maxWaitMs: 30_000 } });
  const one = target('m', { initial: 1 });
  enter(one);
  void wait({ to: [one], turn: 'many' });
  void wait({ to: [one], turn: 'many' });
  const last = assert.rejects(wait({ to: [one], turn: 'many' }), refusedFor('admission_refused', undefined, /3 requests wait already/));
  void wait({ to: [one], turn: 'few' });
  await last;
  assert.throws(() => admission.enter(request({ to: [one], turn: 'few' })), refusedFor('admission_refused'));
  assert.equal(admission.figures.waiting, 3);
});

test('one that cannot make it is refused at once: the wait is estimated from how long answers take', () => {
  const { enter, wait, admission, request } = setup();
  const one = target('m', { initial: 2 });
  enter(one).release(completed);
  enter(one);
  enter(one);
  // Answers take a second and two are under way at once: half a second for each who is ahead.
  for (let count = 0; count < 4; count += 1) void wait({ to: [one] });
  assert.throws(
    () => admission.enter(request({ to: [one], deadlineMs: 2000 })),
    refusedFor('admission_refused', 2500, /no room within the 2000 ms/),
  );
  void wait({ to: [one], deadlineMs: 2001 });
  void wait({ to: [one], deadlineMs: 1500, turn: 'another' });
});

test('a target that asked for a pause is left alone until then, and the wait is known exactly', async () => {
  const { clock, enter, wait, admission, request, status } = setup();
  const one = target('m', { initial: 5 });
  const permit = enter(one);
  clock.advance(50);
  permit.release(failed('upstream_rate_limited', 7000));
  assert.equal(status('a/m')?.pausedMs, 7000);
  assert.match(status('a/m')?.reason ?? '', /rate limiting/);
  assert.throws(() => admission.enter(request({ to: [one], deadlineMs: 5000 })), refusedFor('admission_refused', 7000));
  const waiting = wait({ to: [one] });
  clock.advance(6999);
  assert.equal(admission.figures.underWay, 0);
  clock.advance(1);
  assert.equal((await waiting).waitedMs, 7000);
});

test('a pause does not count against the limit, a 429 without one does', () => {
  const { enter, status } = setup();
  const [one, other] = [target('one', { initial: 8 }), target('other', { initial: 8 })];
  enter(one).release(failed('upstream_rate_limited', 1000));
  enter(other).release(failed('upstream_rate_limited'));
  assert.equal(status('a/one')?.limit, 8);
  assert.equal(status('a/other')?.limit, 3);
  assert.equal(status('a/other')?.pausedMs, 0);
});

test('a Retry-After holds whatever the failure was', () => {
  const { enter, status } = setup();
  for (const code of ['upstream_overloaded', 'upstream_failed', 'upstream_quota', 'upstream_refused'] as const) {
    enter(target(code, { initial: 8 })).release(failed(code, 3000));
    assert.equal(status(`a/${code}`)?.pausedMs, 3000, code);
  }
});

test('when every breaker is open a request is refused at once, with the earliest moment', () => {
  const { clock, enter, admission, request } = setup();
  const [one, other] = [target('one', { initial: 5 }), target('other', { initial: 5 })];
  for (const broken of [one, other]) {
    for (let count = 0; count < 5; count += 1) enter(broken).release(failed('upstream_unreachable'));
    clock.advance(10_000);
  }
  assert.throws(
    () => admission.enter(request({ to: [other, one] })),
    refusedFor('targets_unavailable', 40_000, /a\/one has failed too often .*could not be reached/),
  );
});

test('who waits for a target whose breaker opens is told at once, unless another candidate is well', async () => {
  const { enter, wait, admission } = setup();
  const [one, other] = [target('one', { initial: 5 }), target('other', { initial: 1 })];
  for (let count = 0; count < 4; count += 1) enter(one).release(failed('upstream_failed'));
  const permits = Array.from({ length: 5 }, () => enter(one));
  enter(other);
  const hopeless = assert.rejects(wait({ to: [one] }), refusedFor('targets_unavailable', 60_000));
  void wait({ to: [one, other] });
  permits[0]?.release(failed('upstream_failed'));
  await hopeless;
  assert.equal(admission.figures.waiting, 1);
});

test('after an opening one request goes in; the others wait for what becomes of it', async () => {
  const { clock, enter, wait, admission } = setup();
  const one = target('m', { initial: 5 });
  for (let count = 0; count < 5; count += 1) enter(one).release(failed('upstream_timeout'));
  clock.advance(60_000);
  const probe = enter(one);
  const others = [wait({ to: [one] }), wait({ to: [one] }), wait({ to: [one] })];
  assert.equal(admission.figures.underWay, 1);
  probe.release(completed);
  await Promise.all(others.slice(0, 2));
  assert.equal(admission.figures.underWay, 2);
  assert.equal(admission.figures.waiting, 1);
});

test('a probe that its client cancels gives its chance to the next', async () => {
  const { clock, enter, wait } = setup();
  const one = target('m', { initial: 5 });
  for (let count = 0; count < 5; count += 1) enter(one).release(failed('upstream_timeout'));
  clock.advance(60_000);
  const probe = enter(one);
  const next = wait({ to: [one] });
  probe.release({ kind: 'cancelled' });
  assert.equal((await next).target, one);
});

test('attempts that hang do not keep the probe from going out', () => {
  const { clock, enter, status } = setup();
  const one = target('m', { initial: 3 });
  enter(one);
  enter(one);
  for (let count = 0; count < 4; count += 1) enter(one).release(failed('upstream_failed'));
  enter(one).release(failed('upstream_timeout'));
  assert.equal(status('a/m')?.limit, 2);
  clock.advance(60_000);
  assert.equal(enter(one).target, one);
  assert.equal(status('a/m')?.underWay, 3);
});

test('failures that do not speak of the target do not open its breaker', () => {
  const { enter, status } = setup();
  const neutral = [
    'upstream_rate_limited',
    'upstream_refused',
    'upstream_authentication',
    'upstream_quota',
    'deadline_exceeded',
    'internal_error',
  ] as const;
  for (const code of neutral) {
    const one = target(code, { initial: 50 });
    for (let count = 0; count < 30; count += 1) enter(one).release(failed(code));
    for (let count = 0; count < 30; count += 1) enter(one).release({ kind: 'cancelled' });
    assert.equal(status(`a/${code}`)?.breaker, 'closed', code);
    assert.equal(status(`a/${code}`)?.recentFailures, 0, code);
  }
});

test('an operator holds targets open by name until they are reset, with all their keys', async () => {
  const { admission, clock, enter, wait, request, status } = setup();
  const [first, second] = [target('m', { initial: 1 }, providerKey('1')), target('m', { initial: 1 }, providerKey('2'))];
  enter(first);
  const waiting = assert.rejects(wait({ to: [first] }), refusedFor('targets_unavailable', 60_000, /an operator holds it open/));
  assert.equal(admission.override('a/m', 'open'), 1);
  await waiting;
  clock.advance(1e9);
  assert.throws(() => admission.enter(request({ to: [first, second] })), refusedFor('targets_unavailable'));
  assert.deepEqual([status('a/m')?.breaker, status('a/m')?.heldOpen, status('a/m')?.pausedMs], ['open', true, 0]);
  assert.equal(admission.override('a', 'reset'), 2);
  assert.equal(enter(first, second).target, second);
  assert.equal(enter(target('m', { initial: 1 }, providerKey('3'))).target.key.id, '3', 'nor is a key held that comes later');
  assert.equal(admission.override('a/unknown', 'open'), 0);
});

test('a reset forgets a pause, and lets in who waits for its end', async () => {
  const { admission, enter, wait } = setup();
  const one = target('m', { initial: 1 });
  enter(one).release(failed('upstream_overloaded', 20_000));
  const waiting = wait({ to: [one] });
  admission.override('a/m', 'reset');
  assert.equal((await waiting).waitedMs, 0);
});

test('closing rejects who waits and whoever comes later; what is under way may end', async () => {
  const { clock, admission, enter, wait, request } = setup();
  const one = target('m', { initial: 1 });
  const permit = enter(one);
  const reason = new OpenClawError('draining');
  const waiting = assert.rejects(wait({ to: [one] }), reason);
  admission.close(reason);
  await waiting;
  assert.throws(() => admission.enter(request({ to: [one] })), reason);
  assert.equal(admission.tryEnter(request({ to: [one] }).candidates), undefined);
  permit.release(completed);
  assert.equal(admission.figures.underWay, 0);
  assert.equal(clock.pendingTimers, 0);
});

test('the models that clients made up are forgotten, those with something against them are not', () => {
  const { admission, clock, enter } = setup();
  const key = providerKey('1');
  const old = target('old', { initial: 1 }, key);
  enter(target('paused', { initial: 1 }, key)).release(failed('upstream_overloaded', 1e9));
  const busy: Permit = enter(target('busy', { initial: 1 }, key));
  for (let count = 0; count < 6000; count += 1) {
    clock.advance(1);
    enter(target(`m${count}`, { initial: 1 }, key)).release(completed);
    if (count % 100 === 0) enter(old).release(completed);
  }
  const rows = admission.status();
  assert.ok(rows.length <= 4000, String(rows.length));
  assert.ok(rows.some((row) => row.target === 'a/m5999') && !rows.some((row) => row.target === 'a/m0'));
  assert.ok(
    rows.some((row) => row.target === 'a/old'),
    'one that is used is kept',
  );
  assert.ok(rows.some((row) => row.target === 'a/paused' && row.pausedMs > 0));
  assert.ok(rows.some((row) => row.target === 'a/busy' && row.underWay === 1));
  busy.release(completed);
  assert.equal(admission.figures.underWay, 0);
});

test('a request without candidates is refused', () => {
  const { admission, request } = setup({ queue: settings.queue });
  assert.throws(() => admission.enter(request({ to: [] })), refusedFor('targets_unavailable'));
});
