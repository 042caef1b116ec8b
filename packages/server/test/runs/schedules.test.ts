/** Schedules in a whole gateway: a time becomes one run, also over the death of the process. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'node:test';
import type { RunView } from '@openclaw/protocol';
import { systemClock } from '../../src/core/clock.ts';
import { answerOf, createHome, openclaw } from '../complaints/operator.ts';
import { startProgram, type Program } from '../harness/program.ts';

interface Entry {
  readonly status: string;
  readonly runId?: string;
  readonly runAtMs: number;
}

async function historyOf(home: string, name: string): Promise<readonly Entry[]> {
  const { entries } = JSON.parse(await answerOf(home, ['cron', 'runs', name, '-o', 'json'])) as { entries: Entry[] };
  return entries;
}

/** @returns once the latest of its times has become a run that is over */
async function oneIsOver(home: string, name: string): Promise<readonly Entry[]> {
  for (;;) {
    const entries = await historyOf(home, name);
    if (entries[0]?.status === 'ok') return entries;
    await wait(50);
  }
}

async function runsOf(program: Program): Promise<RunView[]> {
  const { url, token } = await program.ready();
  const answer = await fetch(`${url}/v1/runs`, { headers: { authorization: `Bearer ${token}` } });
  return ((await answer.json()) as { data: RunView[] }).data;
}

async function kill({ child }: Program): Promise<void> {
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}

test('after kill -9 a schedule goes on, and no time has two runs', { timeout: 60_000 }, async () => {
  using home = createHome();
  await using first = await startProgram({ home: home.path });
  await first.ready();
  const atMs = systemClock.now() + 1500;
  const add = ['cron', 'add', '--name', 'soon', '--message', 'say Now.', '--at', new Date(atMs).toISOString()];
  assert.match(await answerOf(home.path, add), /^soon is added\. It is due next at /);
  await kill(first);
  // The time passes while nobody is there, or is about to.
  await using second = await startProgram({ home: home.path });
  await second.ready();
  const history = await oneIsOver(home.path, 'soon');
  assert.deepEqual([history.length, history[0]?.runAtMs], [1, atMs]);
  await kill(second);
  await using third = await startProgram({ home: home.path });
  await third.ready();
  assert.deepEqual(
    (await historyOf(home.path, 'soon')).map(({ runId }) => runId),
    [history[0]?.runId],
  );
  const [run, ...others] = await runsOf(third);
  assert.deepEqual([run?.id, run?.origin.kind, run?.input, others], [history[0]?.runId, 'schedule', 'say Now.', []]);
});

test(
  'a schedule is shown, run, switched off and forgotten by its name; one that is not there is refused',
  { timeout: 60_000 },
  async () => {
    using home = createHome();
    await using program = await startProgram({ home: home.path });
    await program.ready();
    await answerOf(home.path, ['cron', 'add', '--name', 'daily', '--message', 'say Hi.', '--cron', '0 9 * * *', '--session', 'notes']);
    const again = await openclaw(home.path, ['cron', 'add', '--name', 'daily', '--message', 'x', '--every', '5m']);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /a schedule called daily already/);
    assert.match(await answerOf(home.path, ['cron', 'disable', 'daily']), /daily is disabled/);
    assert.match(await answerOf(home.path, ['cron', 'run', 'daily']), /has begun the run run_/);
    await oneIsOver(home.path, 'daily');
    const [run] = await runsOf(program);
    assert.equal(run?.sessionKey, 'agent:main:notes');
    assert.match(await answerOf(home.path, ['cron', 'list', '--all']), /daily +0 9 \* \* \* UTC +disabled/);
    await answerOf(home.path, ['cron', 'remove', 'daily']);
    const gone = await openclaw(home.path, ['cron', 'show', 'daily']);
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /cron job not found: daily/);
  },
);
