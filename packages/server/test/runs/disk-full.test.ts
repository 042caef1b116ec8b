/**
 * A volume that fills up under runs at work: they stop where they are, whoever asks is told why, nothing is damaged, and with room they go on by
 * themselves. Needs the right to mount a tmpfs.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../complaints/operator.ts';
import { createGatewayScene, type FollowedRun } from './gateway-scene.ts';

interface Volume extends Disposable {
  readonly path: string;
  /** Takes all the room that there is. */
  fill(): void;
  giveBack(): void;
}

/** Undefined where none may be mounted. */
function mountVolume(): Volume | undefined {
  const path = mkdtempSync(join(tmpdir(), 'openclaw-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  const ballast = join(path, 'ballast');
  return {
    path,
    fill() {
      const descriptor = openSync(ballast, 'a');
      const block = Buffer.alloc(64 * 1024);
      try {
        for (;;) writeSync(descriptor, block);
      } catch (thrown) {
        assert.match(String(thrown), /ENOSPC/);
      } finally {
        closeSync(descriptor);
      }
    },
    giveBack: () => truncateSync(ballast),
    [Symbol.dispose]() {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true });
    },
  };
}

const stepsOf = ({ seen }: FollowedRun): number => seen.filter(({ kind }) => kind === 'step.finished').length;

test('on a full disk runs stop where they are, and go on to their end when there is room', { timeout: 120_000 }, async (context) => {
  using volume = mountVolume();
  if (!volume) return context.skip('needs the right to mount a tmpfs');
  await using scene = await createGatewayScene({ stateDirectory: join(volume.path, 'state') });
  const gateway = await scene.start();
  await gateway.ready();
  const runs = await Promise.all(['one', 'two', 'three', 'four'].map((name) => scene.begin(name)));
  await until('each is under way', () => runs.every((run) => stepsOf(run) >= 2));
  volume.fill();
  await until('they wait for room', () => /the run waits until the journal can be written.*storage_full/s.test(gateway.stderr()));
  assert.equal(statfsSync(volume.path).bavail, 0);
  const before = runs.map(({ seen }) => seen.length);
  const refused = await scene.ask('/v1/runs', { input: 'say Another.' });
  assert.deepEqual([refused.status, ((await refused.json()) as { error: { code: string } }).error.code], [503, 'storage_full']);
  assert.equal((await scene.ask('/readyz')).status, 503);
  volume.giveBack();
  await Promise.all(runs.map(({ ended }) => ended));
  for (const [index, run] of runs.entries()) {
    assert.ok(run.seen.length > (before[index] ?? 0), `${run.name} went on`);
    await scene.check(run);
  }
  assert.equal(runs.flatMap(({ unknown }) => [...unknown]).length, 0, 'nobody had to be asked: it was the same process all the time');
});

test(
  'a gateway that is killed on a full disk says at its next start what it lacks, and with room its runs go on',
  { timeout: 120_000 },
  async (context) => {
    using volume = mountVolume();
    if (!volume) return context.skip('needs the right to mount a tmpfs');
    await using scene = await createGatewayScene({ stateDirectory: join(volume.path, 'state') });
    const first = await scene.start();
    await first.ready();
    const runs = await Promise.all(['one', 'two'].map((name) => scene.begin(name)));
    await until('each is under way', () => runs.every((run) => stepsOf(run) >= 2));
    volume.fill();
    await until('they wait for room', () => /the run waits until the journal can be written.*storage_full/s.test(first.stderr()));
    first.child.kill('SIGKILL');
    await first.exited();
    const second = await scene.start();
    assert.deepEqual(await second.exited(), { code: 78, signal: null });
    assert.match(second.stderr(), /cannot be written: ENOSPC.*\n.*has room/);
    volume.giveBack();
    await (await scene.start()).ready();
    await Promise.all(runs.map(({ ended }) => ended));
    for (const run of runs) await scene.check(run);
  },
);
