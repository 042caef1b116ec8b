import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { startPglite } from '../../storage/postgres/pglite.fixture.ts';
import type { NewSchedule } from './contract.ts';
import { setUpSchedules, type SetupOptions } from './schedules.fixture.ts';

const postgres = await startPglite();
after(() => postgres.stop());

const minuteMs = 60_000;
const hourMs = 3_600_000;
const nowMs = Date.parse('2026-01-05T08:00:00Z');
const atNine: NewSchedule = { name: 'report', timing: { kind: 'cron', expr: '0 9 * * *' }, message: 'Write the report.' };

const refusal = (code: string) => (thrown: unknown) => thrown instanceof OpenClawError && thrown.code === code;
const engines: readonly (readonly [string, SetupOptions])[] = [
  ['SQLite', { nowMs }],
  ['PostgreSQL', { nowMs, server: postgres }],
];

for (const [engine, options] of engines) {
  test(`each due time becomes a run with what the schedule says, on ${engine}`, async () => {
    await using setup = await setUpSchedules(options);
    const { schedules, runs } = setup;
    await schedules.start();
    const { id } = await schedules.add({ ...atNine, agent: 'writer', session: 'reports', model: 'fast' });
    await setup.pass(26 * hourMs, 7 * minuteMs);
    assert.deepEqual(
      runs.begun.map(({ request, origin }) => ({ request, origin })),
      ['2026-01-05T09:00:00Z', '2026-01-06T09:00:00Z'].map((due) => ({
        request: {
          ...{ agent: 'writer', session: 'reports', model: 'fast', input: 'Write the report.' },
          idempotencyKey: `schedule/${id}/${Date.parse(due)}`,
        },
        origin: { kind: 'schedule', by: id },
      })),
    );
    const { firings, total } = await schedules.firings({ scheduleId: id, limit: 1, offset: 0 });
    assert.deepEqual([total, firings[0]?.outcome, firings[0]?.runId], [2, 'started', 'run_2']);
    const view = await schedules.get('report');
    assert.deepEqual([view.nextDueAtMs, view.last?.runId], [Date.parse('2026-01-07T09:00:00Z'), 'run_2']);
  });

  test(`two processes on one store fire each time once, on ${engine}`, async () => {
    await using setup = await setUpSchedules(options);
    await setup.schedules.add({ ...atNine, timing: { kind: 'every', everyMs: 10 * minuteMs } });
    await Promise.all([setup.schedules.start(), setup.again().start(), setup.again().start()]);
    await setup.pass(hourMs, 10 * minuteMs);
    assert.deepEqual(setup.times(), ['08:10', '08:20', '08:30', '08:40', '08:50', '09:00']);
    assert.equal(setup.runs.asked, 6);
  });

  test(`names are taken once, schedules are bounded, and what is removed is gone, on ${engine}`, async () => {
    await using setup = await setUpSchedules({ ...options, limits: { schedules: 2 } });
    const { schedules } = setup;
    const first = await schedules.add(atNine);
    await assert.rejects(schedules.add(atNine), refusal('schedule_exists'));
    await schedules.add({ ...atNine, name: 'another' });
    await assert.rejects(schedules.add({ ...atNine, name: 'third' }), refusal('schedule_limit'));
    await assert.rejects(schedules.update('another', { name: 'report' }), refusal('schedule_exists'));
    assert.deepEqual(
      (await schedules.list()).map(({ name }) => name),
      ['another', 'report'],
    );
    assert.equal((await schedules.remove('report')).id, first.id);
    await assert.rejects(schedules.get(first.id), refusal('schedule_not_found'));
    await assert.rejects(schedules.remove('report'), refusal('schedule_not_found'));
    await schedules.add({ ...atNine, name: 'third' });
  });
}

test('without a schedule that is enabled there is no timer, and nothing happens by itself', async () => {
  await using setup = await setUpSchedules({ nowMs });
  await setup.schedules.start();
  assert.equal(setup.clock.pendingTimers, 0);
  await setup.schedules.add({ ...atNine, isEnabled: false });
  assert.equal(setup.clock.pendingTimers, 0);
  await setup.schedules.update('report', { isEnabled: true });
  assert.equal(setup.clock.pendingTimers, 1);
  await setup.schedules.remove('report');
  assert.equal(setup.clock.pendingTimers, 0);
  await setup.pass(48 * hourMs, hourMs);
  assert.equal(setup.runs.asked, 0);
});

test('while the run before is under way a time is skipped, and the history says so', async () => {
  await using setup = await setUpSchedules({ nowMs });
  const { schedules, runs } = setup;
  runs.endAtOnce = false;
  await schedules.start();
  await schedules.add({ ...atNine, timing: { kind: 'every', everyMs: 30 * minuteMs } });
  await setup.pass(90 * minuteMs);
  runs.begun[0]!.endedAtMs = setup.clock.now();
  await setup.pass(30 * minuteMs);
  assert.deepEqual(setup.times(), ['08:30', '10:00']);
  const { firings } = await schedules.firings({ limit: 10, offset: 0 });
  assert.deepEqual(
    firings.map(({ outcome }) => outcome),
    ['started', 'skipped', 'skipped', 'started'],
  );
  assert.match(firings[1]?.reason ?? '', /run_1/);
  assert.ok(setup.logged.some((line) => line.includes('skipped')));
});

test('a run that was asked for now is one of the schedule: one at a time, and nothing of its times is lost', async () => {
  await using setup = await setUpSchedules({ nowMs });
  const { schedules, runs } = setup;
  runs.endAtOnce = false;
  await schedules.start();
  await schedules.add({ ...atNine, isEnabled: false });
  const { runId, outcome } = await schedules.runNow('report');
  assert.deepEqual([runId, outcome, runs.begun[0]?.request.input], ['run_1', 'started', 'Write the report.']);
  await assert.rejects(schedules.runNow('report'), refusal('schedule_busy'));
  runs.begun[0]!.endedAtMs = setup.clock.now();
  await schedules.update('report', { isEnabled: true });
  await setup.pass(2 * hourMs);
  assert.deepEqual(setup.times(), ['08:00', '09:00']);
});

test('a run that was asked for now and refused is told, and not tried behind the back of who asked', async () => {
  await using setup = await setUpSchedules({ nowMs });
  const { schedules, runs } = setup;
  await schedules.start();
  await schedules.add(atNine);
  runs.refuse = { times: 1, isThere: false, code: 'draining' };
  await assert.rejects(schedules.runNow('report'), refusal('draining'));
  await setup.pass(30 * minuteMs);
  assert.equal(runs.begun.length, 0);
});

for (const [lateMs, catchUp, expected] of [
  [30 * minuteMs, 'none', ['09:30']],
  [3 * hourMs, 'none', []],
  [3 * hourMs, 'one', ['12:00']],
  [75 * hourMs, 'one', ['12:00']],
] as const) {
  test(`of times that passed while nobody was there ${expected.length} is made up for, ${lateMs / minuteMs} minutes late with catchUp ${catchUp}`, async () => {
    await using setup = await setUpSchedules({ nowMs });
    await setup.schedules.add({ ...atNine, catchUp });
    await setup.schedules.close();
    setup.clock.advance(hourMs + lateMs);
    const again = setup.again();
    await again.start();
    await setup.pass(10 * minuteMs);
    assert.deepEqual(setup.times(), expected);
    const [last] = (await again.firings({ limit: 1, offset: 0 })).firings;
    assert.equal(last?.outcome, expected.length === 0 ? 'missed' : 'started');
    assert.match(last?.reason ?? '', /nobody was there/);
  });
}

test('a run that cannot begin yet is tried again, and one that cannot begin at all is told once', async () => {
  await using setup = await setUpSchedules({ nowMs });
  const { schedules, runs } = setup;
  await schedules.start();
  await schedules.add({ ...atNine, timing: { kind: 'every', everyMs: hourMs } });
  runs.refuse = { times: 3, isThere: false, code: 'draining' };
  await setup.pass(hourMs + 2 * minuteMs, 10_000);
  assert.deepEqual([runs.begun.length, runs.asked], [1, 4]);
  runs.refuse = { times: 100, isThere: false, code: 'agent_not_found' };
  await setup.pass(70 * minuteMs);
  assert.equal(runs.asked, 5);
  const [last] = (await schedules.firings({ limit: 1, offset: 0 })).firings;
  assert.equal(last?.outcome, 'failed');
});

test('a run that never can begin is given up after an hour, and the next time is acted on', async () => {
  await using setup = await setUpSchedules({ nowMs });
  const { schedules, runs } = setup;
  await schedules.start();
  await schedules.add({ ...atNine, timing: { kind: 'every', everyMs: 3 * hourMs } });
  runs.refuse = { times: 1e6, isThere: false, code: 'draining' };
  await setup.pass(5 * hourMs);
  assert.equal((await schedules.get('report')).last?.outcome, 'failed');
  runs.refuse = undefined;
  await setup.pass(2 * hourMs);
  assert.deepEqual(setup.times(), ['14:00']);
});

for (const isThere of [false, true]) {
  test(`whoever comes after a crash goes on with the same key, where the run was ${isThere ? '' : 'not '}there already`, async () => {
    await using setup = await setUpSchedules({ nowMs });
    const { schedules, runs } = setup;
    await schedules.start();
    await schedules.add(atNine);
    runs.refuse = { times: 1, isThere, code: 'draining' };
    await setup.pass(hourMs);
    await schedules.close();
    // What was decided is what is asked, whatever became of the schedule since.
    const again = setup.again();
    await again.update('report', { message: 'Something else.' });
    await again.start();
    await setup.pass(10 * minuteMs);
    assert.deepEqual(
      runs.begun.map(({ request }) => request.input),
      ['Write the report.'],
    );
    assert.equal((await again.get('report')).last?.runId, 'run_1');
  });
}

test('a clock that is set back fires nothing twice, and goes on', async () => {
  await using setup = await setUpSchedules({ nowMs });
  await setup.schedules.start();
  await setup.schedules.add({ ...atNine, timing: { kind: 'every', everyMs: 10 * minuteMs } });
  await setup.pass(35 * minuteMs);
  setup.clock.jumpWallClock(-30 * minuteMs);
  await setup.pass(45 * minuteMs);
  assert.deepEqual(setup.times(), ['08:10', '08:20', '08:30', '08:40', '08:50']);
});

test('a time that comes anew is due, though it has passed before it is noticed that the clock was set back', async () => {
  await using setup = await setUpSchedules({ nowMs });
  await setup.schedules.start();
  await setup.schedules.add({ ...atNine, timing: { kind: 'every', everyMs: 10 * minuteMs } });
  setup.clock.jumpWallClock(hourMs);
  await setup.pass(minuteMs);
  setup.clock.jumpWallClock(-51.5 * minuteMs);
  await setup.pass(minuteMs);
  assert.deepEqual(setup.times(), ['09:01', '08:10']);
});

test('a clock that was years ahead for a while stops nothing', async () => {
  await using setup = await setUpSchedules({ nowMs });
  await setup.schedules.start();
  await setup.schedules.add(atNine);
  setup.clock.jumpWallClock(5000 * 24 * hourMs);
  await setup.pass(10 * minuteMs);
  setup.clock.jumpWallClock(-5000 * 24 * hourMs);
  await setup.pass(2 * hourMs);
  assert.deepEqual(setup.times(), ['09:00']);
  assert.equal((await setup.schedules.get('report')).nextDueAtMs, Date.parse('2026-01-06T09:00:00Z'));
});

test('a clock that jumps forward is noticed within a minute', async () => {
  await using setup = await setUpSchedules({ nowMs });
  await setup.schedules.start();
  await setup.schedules.add(atNine);
  setup.clock.jumpWallClock(hourMs);
  await setup.pass(minuteMs, 1000);
  assert.equal(setup.runs.begun.length, 1);
});

test('times that passed before the schedule was enabled, or had this timing, are not due', async () => {
  await using setup = await setUpSchedules({ nowMs });
  const { schedules } = setup;
  await schedules.start();
  await schedules.add({ ...atNine, isEnabled: false, catchUp: 'one' });
  await setup.pass(70 * minuteMs);
  await schedules.update('report', { isEnabled: true });
  await setup.pass(minuteMs);
  await schedules.update('report', { timing: { kind: 'cron', expr: '5 9 * * *' } });
  await setup.pass(minuteMs);
  assert.equal(setup.runs.begun.length, 0);
  await setup.pass(24 * hourMs, 5 * minuteMs);
  assert.deepEqual(setup.times(), ['09:07']);
});

test('what became of times is kept in bounds, and no time whose row is gone is acted on again', async () => {
  await using setup = await setUpSchedules({ nowMs, limits: { firings: 5 } });
  await setup.schedules.start();
  await setup.schedules.add({ ...atNine, timing: { kind: 'every', everyMs: minuteMs } });
  await setup.pass(110 * minuteMs);
  const { total } = await setup.schedules.firings({ limit: 1, offset: 0 });
  assert.ok(total <= 55, String(total));
  const before = setup.runs.begun.length;
  setup.clock.jumpWallClock(-105 * minuteMs);
  await setup.pass(100 * minuteMs);
  assert.equal(setup.runs.begun.length, before);
});

test('names and messages that are none are refused', async () => {
  await using setup = await setUpSchedules({ nowMs });
  for (const wrong of [{ name: '' }, { name: ' a' }, { name: 'a\nb' }, { name: 'n'.repeat(101) }, { message: '  ' }]) {
    await assert.rejects(setup.schedules.add({ ...atNine, ...wrong }), refusal('invalid_request'));
  }
  assert.deepEqual(await setup.schedules.list(), []);
});
