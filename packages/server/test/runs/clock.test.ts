/** The wall clock is set back an hour, and right again, under a gateway at work: what was done stays done, and nothing waits for the time to come again. */
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunEvent } from '@openclaw/client';
import { answerOf, until } from '../complaints/operator.ts';
import { createGatewayScene, type FollowedRun, type GatewayScene } from './gateway-scene.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;

interface WallClock extends Disposable {
  /** For the process whose clock it is. */
  readonly env: Record<string, string>;
  /** What it shows now. */
  now(): number;
  set(toMs: number): void;
}

function createWallClock(): WallClock {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-clock-'));
  const file = join(directory, 'offset');
  let offsetMs = 0;
  const write = (): void => {
    // Whole at any time, for it is read all the time.
    writeFileSync(`${file}.new`, String(offsetMs));
    renameSync(`${file}.new`, file);
  };
  write();
  return {
    env: { NODE_OPTIONS: `--import ${new URL('set-clock.ts', import.meta.url).href}`, TEST_CLOCK_OFFSET_FILE: file },
    now: () => Date.now() + offsetMs,
    set(toMs) {
      offsetMs = toMs - Date.now();
      write();
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  };
}

const takenUp = ({ seen }: FollowedRun): RunEvent[] => seen.filter(({ kind }) => kind === 'run.resumed');

test(
  'runs under way go on over a clock that is set back and right again: nobody else takes them, none ends before its time, and events stay in order',
  { timeout: 120_000 },
  async () => {
    using clock = createWallClock();
    await using scene = await createGatewayScene({ answerMs: 60 });
    await (await scene.start({ env: clock.env })).ready();
    const startedMs = clock.now();
    const runs = await Promise.all(['one', 'two', 'three'].map((name) => scene.begin(name)));
    await until('they are under way', () => runs.every(({ seen }) => seen.length > 10));
    clock.set(clock.now() - hourMs);
    const later = await scene.begin('later');
    const { createdAtMs } = await scene.client.runs.get(later.id);
    assert.ok(createdAtMs < startedMs, 'the gateway has the clock that was set');
    await until('they have gone on', () => [...runs, later].every(({ seen }) => seen.length > 20));
    clock.set(clock.now() + hourMs);
    await Promise.all([...runs, later].map(({ ended }) => ended));
    for (const run of [...runs, later]) {
      await scene.check(run);
      assert.equal(takenUp(run).length, 1, `${run.name} stayed with who had it`);
      const { output } = await scene.client.runs.get(run.id);
      assert.deepEqual(output, { text: 'That was all.', finishReason: 'stop' });
    }
  },
);

test('after kill -9 with a clock that was set back, runs are taken up at once', { timeout: 120_000 }, async () => {
  using clock = createWallClock();
  await using scene = await createGatewayScene();
  const first = await scene.start({ env: clock.env });
  await first.ready();
  const run = await scene.begin('one');
  await until('it is under way', () => run.seen.length > 10);
  first.child.kill('SIGKILL');
  await first.exited();
  clock.set(clock.now() - hourMs);
  await (await scene.start({ env: clock.env })).ready();
  await run.ended;
  await scene.check(run);
  assert.equal(takenUp(run).length, 2);
});

interface Firing {
  readonly runAtMs: number;
  readonly runId?: string;
}

async function cron(scene: GatewayScene, ...args: readonly string[]): Promise<string> {
  return answerOf(scene.home, ['cron', ...args], scene.environment);
}

async function firingsOf(scene: GatewayScene, name: string): Promise<readonly Firing[]> {
  return (JSON.parse(await cron(scene, 'runs', name, '-o', 'json')) as { entries: Firing[] }).entries;
}

test('a time of a schedule that has come does not come again, and those that come in between do', { timeout: 240_000 }, async () => {
  using clock = createWallClock();
  await using scene = await createGatewayScene();
  await (await scene.start({ env: clock.env })).ready();
  const minute = Math.ceil(clock.now() / minuteMs) * minuteMs + minuteMs;
  clock.set(minute - 20_000);
  await cron(scene, 'add', '--name', 'minutely', '--message', 'say Now.', '--cron', '* * * * *');
  await cron(scene, 'add', '--name', 'soon', '--message', 'say Once.', '--at', new Date(minute).toISOString());
  /** Sets the clock a moment before a time, and lets the gateway look at it, which it does by itself once a minute. */
  const comeTo = async (atMs: number): Promise<void> => {
    clock.set(atMs - 1500);
    await cron(scene, 'add', '--name', `look ${atMs} ${Math.random()}`, '--message', 'x', '--cron', '0 0 1 1 *');
  };
  const has = (name: string, count: number) => async (): Promise<boolean> => (await firingsOf(scene, name)).length === count;
  await comeTo(minute);
  await until('both times have come', async () => (await has('minutely', 1)()) && (await has('soon', 1)()));
  await comeTo(minute - hourMs + minuteMs);
  await until('an earlier minute has come', has('minutely', 2));
  await comeTo(minute);
  await comeTo(minute + minuteMs);
  await until('the next minute has come', async () =>
    (await firingsOf(scene, 'minutely')).some(({ runAtMs }) => runAtMs === minute + minuteMs),
  );
  const times = (await firingsOf(scene, 'minutely')).map(({ runAtMs }) => runAtMs);
  assert.equal(new Set(times).size, times.length, `no time twice: ${times.join(', ')}`);
  assert.deepEqual(
    (await firingsOf(scene, 'soon')).map(({ runAtMs }) => runAtMs),
    [minute],
  );
  const { data: runs } = await scene.client.runs.list({ limit: 100 });
  const firings = [...(await firingsOf(scene, 'minutely')), ...(await firingsOf(scene, 'soon'))];
  assert.deepEqual(runs.map(({ id }) => id).sort(), firings.flatMap(({ runId }) => runId ?? []).sort(), 'a firing, a run');
});
