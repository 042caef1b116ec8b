import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { systemClock } from '../../core/clock.ts';
import { openState } from '../../storage/index.ts';
import { contentsOf, createWorkbench, note, notedIn, secretText } from '../backup/backup.fixture.ts';
import { migrateState } from './migrate.ts';

const clock = systemClock;

test('a migrated state is the same one, file by file, and the old one is as it was', async () => {
  using bench = await createWorkbench();
  symlinkSync('../main/run.sh', join(bench.state, 'workspaces', 'empty', 'link'));
  const before = contentsOf(bench.state);
  const to = bench.path('new/deep');
  const migrated = await migrateState({ from: bench.state, to, clock });
  assert.ok(migrated.files >= 5);
  assert.deepEqual(contentsOf(bench.state), before);
  assert.deepEqual(await notedIn(to), ['first', 'second']);
  assert.equal(readFileSync(join(to, 'credentials', 'gateway-token'), 'utf8'), `${secretText}\n`);
  assert.equal(readlinkSync(join(to, 'workspaces', 'empty', 'link')), '../main/run.sh');
  assert.equal(lstatSync(join(to, 'workspaces', 'main', 'run.sh')).mode & 0o777, 0o755);
  assert.equal(readFileSync(join(to, 'logs', 'gateway.log'), 'utf8'), 'a line');
});

test('a state is not brought onto itself, into itself, around itself, or onto something else', async () => {
  using bench = await createWorkbench();
  const before = contentsOf(bench.directory);
  mkdirSync(bench.path('full'));
  writeFileSync(bench.path('full/of'), 'something');
  symlinkSync(bench.state, bench.path('alias'));
  const targets: readonly (readonly [string, RegExp])[] = [
    [bench.state, /lies there already/],
    [bench.path('alias'), /lies there already/],
    [join(bench.state, 'below', 'it'), /copied into itself/],
    [bench.directory, /lies within it/],
    [bench.path('full'), /not empty: it has of/],
  ];
  for (const [to, words] of targets)
    await assert.rejects(migrateState({ from: bench.state, to, clock }), { code: 'volume_target', message: words });
  for (const name of ['full', 'alias']) rmSync(bench.path(name), { recursive: true });
  rmSync(join(bench.state, 'below'), { recursive: true, force: true });
  assert.deepEqual(contentsOf(bench.directory), before);
});

test('while a gateway holds the state nothing is copied; with a live pass the rest follows when it has ended', async () => {
  using bench = await createWorkbench();
  const to = bench.path('new');
  const held = await openState(bench.state);
  await assert.rejects(migrateState({ from: bench.state, to, clock }), { code: 'state_locked' });
  assert.ok(!readdirSync(bench.directory).includes('new'), 'a directory that came into being with it goes with it');
  const onWait = async (): Promise<void> => {
    await held.database.write({ statements: [], changes: [{ topic: 'noted', key: 'late' }] });
    writeFileSync(join(bench.state, 'workspaces', 'late.txt'), 'late');
    rmSync(join(bench.state, 'openclaw.json'));
    await held.close();
  };
  await migrateState({ from: bench.state, to, clock, live: { waitMs: 60_000, onWait: () => void onWait() } });
  assert.deepEqual(await notedIn(to), ['first', 'second', 'late']);
  assert.equal(readFileSync(join(to, 'workspaces', 'late.txt'), 'utf8'), 'late');
  assert.ok(!readdirSync(to).includes('openclaw.json'), 'what is gone from the old one is not in the new one');
});

test('a migration that is killed in the middle leaves the old state in force, and the next one succeeds', async () => {
  using bench = await createWorkbench();
  // Large enough that it is under way when it is killed.
  for (let index = 0; index < 300; index += 1) writeFileSync(join(bench.state, 'workspaces', `${index}.bin`), Buffer.alloc(20_000, index));
  const before = contentsOf(bench.state);
  const to = bench.path('new');
  for (const copiedFiles of [1, 40, 200]) {
    const program = `
      const { migrateState } = await import(${JSON.stringify(new URL('./migrate.ts', import.meta.url).href)});
      const { systemClock } = await import(${JSON.stringify(new URL('../../core/clock.ts', import.meta.url).href)});
      let copied = 0;
      const onProgress = () => { if ((copied += 1) === ${copiedFiles}) process.kill(process.pid, 'SIGKILL'); };
      await migrateState({ from: ${JSON.stringify(bench.state)}, to: ${JSON.stringify(to)}, clock: systemClock, onProgress });
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'ignore', 'inherit'] });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    assert.equal(signal, 'SIGKILL');
    assert.ok(!readdirSync(to).includes('credentials'), 'nothing has taken the place');
    // The lock of a killed process is nobody's; who it was is still written there.
    for (const name of ['owner.json', 'lock.db-journal']) rmSync(join(bench.state, name), { force: true });
    assert.ok(isDeepStrictEqual(contentsOf(bench.state), before));
  }
  await note(bench.state, ['after']);
  await migrateState({ from: bench.state, to, clock });
  assert.deepEqual(await notedIn(to), ['first', 'second', 'after']);
  assert.equal(readdirSync(join(to, 'workspaces')).filter((name) => name.endsWith('.bin')).length, 300);
  assert.ok(!readdirSync(to).includes('.restoring'));
});

test('a copy that is interrupted says that the old state is in force, and leaves no directory', async () => {
  using bench = await createWorkbench();
  const stopping = new AbortController();
  const onProgress = (): void => stopping.abort(new Error('it was interrupted'));
  const to = bench.path('new');
  const attempt = migrateState({ from: bench.state, to, clock, onProgress, signal: stopping.signal });
  await assert.rejects(attempt, { code: 'volume_copy', message: /it was interrupted/ });
  assert.ok(!readdirSync(bench.directory).includes('new'));
});
