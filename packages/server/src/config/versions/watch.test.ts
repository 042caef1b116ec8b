import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { systemClock } from '../../core/clock.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createFolder } from '../folder.fixture.ts';
import { fingerprint, watchFiles, type FileWatch } from './watch.ts';

const never = 3_600_000;

/** Looks of a watch, to be awaited one by one. */
function createLooks(): { onChange: () => Promise<void>; next: () => Promise<void> } {
  let count = 0;
  let waiting: (() => void) | undefined;
  return {
    async onChange() {
      count += 1;
      waiting?.();
    },
    async next() {
      if (count === 0) await new Promise<void>((resolve) => (waiting = resolve));
      [count, waiting] = [0, undefined];
    },
  };
}

function watchOf(t: TestContext, onChange: () => Promise<void>): FileWatch {
  const watch = watchFiles({ clock: systemClock, quietMs: 1, pollIntervalMs: never, onChange, onTrouble: () => {} });
  t.after(() => watch.close());
  return watch;
}

test('edits, renames, removals and new files of a followed folder are noticed by its events', async (t) => {
  const folder = createFolder(t, { a: '1' });
  const looks = createLooks();
  watchOf(t, looks.onChange).follow([join(folder.path, 'a'), join(folder.path, 'absent')]);
  folder.write('a', '2');
  await looks.next();
  renameSync(folder.write('b', '3'), join(folder.path, 'a'));
  await looks.next();
  rmSync(join(folder.path, 'a'));
  await looks.next();
  folder.write('absent', '4');
  await looks.next();
});

test('a folder that was made anew under its name is watched again', async (t) => {
  const folder = createFolder(t, { 'in/a': '1' });
  const looks = createLooks();
  const watch = watchOf(t, looks.onChange);
  watch.follow([join(folder.path, 'in', 'a')]);
  rmSync(join(folder.path, 'in'), { recursive: true });
  mkdirSync(join(folder.path, 'in'));
  watch.follow([join(folder.path, 'in', 'a')]);
  writeFileSync(join(folder.path, 'in', 'a'), '2');
  await looks.next();
});

test('without events it looks at its interval, and no longer once it is closed', () => {
  const clock = createFakeClock();
  let looks = 0;
  const watch = watchFiles({ clock, pollIntervalMs: 1000, onChange: async () => void (looks += 1), onTrouble: () => {} });
  clock.advance(1000);
  watch.close();
  clock.advance(10_000);
  assert.deepEqual([looks, clock.pendingTimers], [1, 0]);
});

test('what changes during a look is looked at once more, however often it changes', async (t) => {
  const clock = createFakeClock();
  const gates: (() => void)[] = [];
  const watch = watchFiles({
    clock,
    pollIntervalMs: 1000,
    onChange: () => new Promise((resolve) => void gates.push(resolve)),
    onTrouble: () => {},
  });
  t.after(() => watch.close());
  clock.advance(1000);
  clock.advance(1000);
  clock.advance(1000);
  assert.equal(gates.length, 1);
  gates[0]?.();
  await new Promise(setImmediate);
  assert.equal(gates.length, 2);
  gates[1]?.();
  await new Promise(setImmediate);
  assert.equal(gates.length, 2);
});

test('a fingerprint changes with the text, the file behind a link, and whether there is one', (t) => {
  const folder = createFolder(t, { one: 'x', two: 'x' });
  const link = join(folder.path, 'link');
  const seen = new Set<string>();
  const look = (): void => void seen.add(fingerprint([link]));
  look();
  symlinkSync('one', link);
  look();
  rmSync(link);
  symlinkSync('two', link);
  look();
  folder.write('two', 'y');
  utimesSync(join(folder.path, 'two'), 1, 1);
  look();
  look();
  assert.equal(seen.size, 4);
});
