/** Backups and restores among processes: beside one that writes, and killed in the middle. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../core/clock.ts';
import { finishInterruptedReplacement } from '../../storage/index.ts';
import { archiveAt, createWorkbench, note, notedIn } from './backup.fixture.ts';
import { createBackup } from './create.ts';
import { createDirectoryPlace } from './directory-place.ts';
import { restoreBackup } from './restore.ts';

const clock = systemClock;
const writerFixture = new URL('./writer.fixture.ts', import.meta.url);
const restoreFixture = new URL('./restore.fixture.ts', import.meta.url);

interface Started {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Resolves once it has said so many lines, or has ended. */
  said(count: number): Promise<void>;
  kill(): Promise<void>;
}

function start(fixture: URL, ...args: string[]): Started {
  const child = spawn(process.execPath, [fileURLToPath(fixture), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  let isOver = false;
  const ended = once(reader, 'close').then(() => (isOver = true));
  reader.on('line', (line) => lines.push(line));
  return {
    child,
    lines,
    async said(count) {
      while (lines.length < count && !isOver) await Promise.race([once(reader, 'line'), ended]);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

test('a backup beside a process that writes has everything that was acknowledged before it began', async () => {
  using bench = await createWorkbench();
  const writer = start(writerFixture, bench.state);
  const place = createDirectoryPlace(bench.place, () => clock.now());
  try {
    for (let round = 0; round < 2; round += 1) {
      await writer.said(writer.lines.length + 200);
      const before = writer.lines.filter((line) => line !== 'open');
      const { address } = await createBackup({ stateDirectory: bench.state, clock, version: '1', place });
      const target = bench.path(`restored ${round}`);
      await restoreBackup(archiveAt(address), { stateDirectory: target, force: false, clock });
      const found = new Set(await notedIn(target));
      assert.deepEqual(
        before.filter((key) => !found.has(key)),
        [],
      );
      assert.ok(found.has('first') && before.length >= 199);
    }
  } finally {
    await writer.kill();
  }
});

/** More make a longer run by hand. */
const kills = Number(process.env['KILLS'] ?? 6);

test(`after ${kills} kills in the middle of a restore the state is the old one or the new one, whole, and what is kept is the old one`, async () => {
  using bench = await createWorkbench();
  const place = createDirectoryPlace(bench.place, () => clock.now());
  for (let index = 0; index < 30; index += 1) writeFileSync(join(bench.state, 'workspaces', `file ${index}`), 'x'.repeat(50_000));
  const { address } = await createBackup({ stateDirectory: bench.state, clock, version: '1', place });
  await note(bench.state, ['later']);
  writeFileSync(join(bench.state, 'only-old'), '');
  const whole = start(restoreFixture, address, bench.path('timed'));
  await whole.said(1);
  const beganMs = clock.monotonicMs();
  await whole.said(2);
  const tookMs = clock.monotonicMs() - beganMs;
  assert.equal(whole.lines.at(-1), 'end');
  let restored = 0;
  for (let round = 0; round < kills; round += 1) {
    const restoring = start(restoreFixture, address, bench.state);
    await restoring.said(1);
    await delay(Math.random() * tookMs * 1.1);
    await restoring.kill();
    await finishInterruptedReplacement(bench.state);
    const noted = await notedIn(bench.state);
    const isOld = noted.includes('later');
    assert.equal(readdirSync(bench.state).includes('only-old'), isOld, 'files and records are of the same state');
    assert.deepEqual(noted, isOld ? ['first', 'second', 'later'] : ['first', 'second']);
    if (isOld) continue;
    restored += 1;
    const kept = readdirSync(bench.state).filter((name) => name.startsWith('replaced-'));
    assert.equal(kept.length, restored);
    // Old again, for the next one.
    await note(bench.state, ['later']);
    writeFileSync(join(bench.state, 'only-old'), '');
  }
});
