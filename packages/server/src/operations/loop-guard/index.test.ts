import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLoopGuard, loopGuardDefaults } from './index.ts';

interface Place extends Disposable {
  readonly stateDirectory: string;
  readonly spareDirectory: string;
}

function createPlace(): Place {
  const root = mkdtempSync(join(tmpdir(), 'openclaw-loop-guard-'));
  const [stateDirectory, spareDirectory] = [join(root, 'state'), join(root, 'spare')];
  mkdirSync(stateDirectory);
  mkdirSync(spareDirectory);
  return { stateDirectory, spareDirectory, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

test('three refusals within ten minutes hold the fourth, and a start that succeeded forgets them', () => {
  using place = createPlace();
  const clock = createFakeClock();
  // A guard of its own each time, as each start is a process of its own.
  const guard = () => createLoopGuard({ ...place, clock });
  for (let refusal = 0; refusal < 3; refusal += 1) {
    assert.equal(guard().shouldHold(), false, `after ${refusal}`);
    assert.equal(guard().record('port_in_use').recorded, true);
    clock.advance(60_000);
  }
  assert.equal(guard().shouldHold(), true);
  assert.deepEqual(
    guard()
      .recent()
      .map(({ code }) => code),
    ['port_in_use', 'port_in_use', 'port_in_use'],
  );
  guard().clear();
  assert.equal(guard().shouldHold(), false);
  assert.equal(existsSync(join(place.stateDirectory, 'refusals.jsonl')), false);
  guard().clear();
});

test('what is older than ten minutes, or from a clock that was put back, does not count', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1_500_000, max: 1_500_000 }), { maxLength: 8 }), (offsets) => {
      using place = createPlace();
      const clock = createFakeClock();
      for (const offset of offsets)
        createLoopGuard({ ...place, clock: { ...clock, now: () => clock.now() + offset } }).record('state_locked');
      const within = offsets.filter((offset) => Math.abs(offset) <= loopGuardDefaults.windowMs);
      const guard = createLoopGuard({ ...place, clock });
      assert.equal(guard.recent().length, within.length);
      assert.equal(guard.shouldHold(), within.length >= 3);
    }),
    { numRuns: 50 },
  );
});

test('processes that refuse at the same time are all counted, and the next is held', async () => {
  using place = createPlace();
  const program = `
    import { createLoopGuard } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
    import { systemClock } from ${JSON.stringify(new URL('../../core/clock.ts', import.meta.url).href)};
    const guard = createLoopGuard({ stateDirectory: process.argv[1], spareDirectory: process.argv[2], clock: systemClock });
    process.stdout.write(guard.shouldHold() + ' ' + guard.record('state_locked').recorded);`;
  const start = async (): Promise<string> => {
    const options = ['--input-type=module', '-e', program, place.stateDirectory, place.spareDirectory];
    return (await promisify(execFile)(process.execPath, options)).stdout;
  };
  assert.deepEqual(await Promise.all([start(), start(), start()]), ['false true', 'false true', 'false true']);
  assert.equal(await start(), 'true true');
});

test('where the state directory cannot be written it counts elsewhere, and each state directory apart', () => {
  using place = createPlace();
  const clock = createFakeClock();
  const stateDirectory = join(place.stateDirectory, 'file');
  writeFileSync(stateDirectory, 'in the way');
  const guard = createLoopGuard({ ...place, stateDirectory, clock });
  for (let refusal = 0; refusal < 3; refusal += 1) {
    const outcome = guard.record('state_unwritable');
    assert.ok(outcome.recorded && outcome.file.startsWith(place.spareDirectory));
  }
  assert.equal(guard.shouldHold(), true);
  assert.equal(createLoopGuard({ ...place, clock }).shouldHold(), false);
  guard.clear();
  assert.equal(guard.shouldHold(), false);
});

test('where nothing can be written it says so, and holds nobody', () => {
  using place = createPlace();
  const nowhere = join(place.stateDirectory, 'absent', 'more');
  const guard = createLoopGuard({ stateDirectory: nowhere, spareDirectory: nowhere, clock: createFakeClock() });
  const outcome = guard.record('state_unwritable');
  assert.ok(!outcome.recorded);
  assert.match(outcome.reason, /ENOENT/);
  assert.equal(guard.shouldHold(), false);
});

test('a link in place of its file is not followed', () => {
  using place = createPlace();
  const target = join(place.spareDirectory, 'precious');
  writeFileSync(target, 'untouched');
  symlinkSync(target, join(place.stateDirectory, 'refusals.jsonl'));
  const outcome = createLoopGuard({ ...place, clock: createFakeClock() }).record('port_in_use');
  assert.ok(outcome.recorded && outcome.file.startsWith(place.spareDirectory));
  assert.equal(readFileSync(target, 'utf8'), 'untouched');
});

test('a file that is torn or not ours counts what is whole in it, and stays bounded', () => {
  using place = createPlace();
  const clock = createFakeClock();
  const file = join(place.stateDirectory, 'refusals.jsonl');
  const line = JSON.stringify({ atMs: clock.now(), code: 'port_in_use' });
  writeFileSync(file, `${line}\nnonsense\n{"atMs":"x","code":1}\n${line}\n${line.slice(0, 9)}`);
  const guard = createLoopGuard({ ...place, clock });
  assert.equal(guard.recent().length, 2);
  writeFileSync(file, `${'x'.repeat(20_000)}\n`);
  guard.record('port_in_use');
  assert.ok(readFileSync(file, 'utf8').length < 200);
  assert.equal(guard.recent().length, 1);
});

test(
  'in a container a count in memory is none, so the first refusal is held',
  { skip: !existsSync('/dev/shm') && 'there is no /dev/shm' },
  () => {
    const spareDirectory = mkdtempSync('/dev/shm/openclaw-loop-guard-');
    try {
      const places = { stateDirectory: '/proc/openclaw', spareDirectory, clock: createFakeClock() };
      const inside = createLoopGuard({ ...places, isContainer: true }).record('state_unwritable');
      assert.ok(!inside.recorded && inside.shouldHold, JSON.stringify(inside));
      assert.match(inside.reason, /is empty again at the next start/);
      assert.equal(createLoopGuard({ ...places, isContainer: false }).record('state_unwritable').recorded, true);
    } finally {
      rmSync(spareDirectory, { recursive: true });
    }
  },
);
