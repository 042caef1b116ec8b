import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createControlFixture } from './control.fixture.ts';
import { registerCronCommands } from './cron.ts';

const job = {
  ...{ id: 'job-1', name: 'report', enabled: true, catchUp: 'none', agentId: 'writer', sessionTarget: 'isolated' },
  schedule: { kind: 'cron', expr: '0 9 * * *', tz: 'UTC' },
  payload: { kind: 'agentTurn', message: 'Write.\u001b[2J' },
  state: { nextRunAtMs: Date.parse('2026-01-02T09:00:00Z'), lastRunAtMs: Date.parse('2026-01-01T09:00:00Z'), lastRunStatus: 'ok' },
};

test('a schedule is added with all that was said of it, by who administers', async () => {
  const fixture = createControlFixture(registerCronCommands);
  fixture.answers['cron.add'] = () => job;
  const words = [
    '--name',
    'report',
    '--message',
    'Write.',
    '--agent',
    'writer',
    '--session',
    'notes',
    '--model',
    'fast',
    '--catch-up',
    'one',
  ];
  const { stdout } = await fixture.run(['cron', 'add', ...words, '--cron', '0 9 * * *', '--tz', 'Europe/Berlin', '--disabled']);
  assert.deepEqual(fixture.needs[0]?.scopes, ['operator.admin']);
  assert.deepEqual(fixture.calls, [
    {
      method: 'cron.add',
      params: {
        ...{ name: 'report', catchUp: 'one', enabled: false, sessionTarget: 'session:notes', agentId: 'writer' },
        schedule: { kind: 'cron', expr: '0 9 * * *', tz: 'Europe/Berlin' },
        payload: { kind: 'agentTurn', message: 'Write.', model: 'fast' },
      },
    },
  ]);
  assert.equal(stdout, 'report is added. It is due next at 2026-01-02 09:00Z.\n');
});

test('each way to say when is sent as it is meant', async () => {
  for (const [words, schedule] of [
    [['--every', '30m'], { kind: 'every', everyMs: 1_800_000 }],
    [['--at', '2026-12-31T09:00:00+01:00'], { kind: 'at', at: '2026-12-31T09:00:00+01:00' }],
  ] as const) {
    const fixture = createControlFixture(registerCronCommands);
    fixture.answers['cron.add'] = () => job;
    await fixture.run(['cron', 'add', '--name', 'a', '--message', 'b', ...words]);
    assert.deepEqual(
      fixture.calls.map(({ params }) => (params as { schedule: unknown }).schedule),
      [schedule],
    );
  }
});

test('what does not say when is refused before a gateway is asked', async () => {
  for (const words of [
    [],
    ['--every', '30m', '--cron', '* * * * *'],
    ['--every', '30s'],
    ['--every', 'often'],
    ['--at', '2026-12-31T09:00:00'],
    ['--at', 'tomorrow'],
    ['--every', '30m', '--tz', 'UTC'],
  ]) {
    const fixture = createControlFixture(registerCronCommands);
    const { code, stderr } = await fixture.run(['cron', 'add', '--name', 'a', '--message', 'b', ...words]);
    assert.deepEqual([code, fixture.calls, stderr === ''], [1, [], false], words.join(' '));
  }
});

test('schedules are listed over all pages, and one is shown without what would move the cursor', async () => {
  const fixture = createControlFixture(registerCronCommands);
  fixture.answers['cron.list'] = (params) =>
    (params as { offset: number }).offset === 0
      ? { jobs: [job], nextOffset: 1 }
      : { jobs: [{ ...job, name: 'other', enabled: false, schedule: { kind: 'every', everyMs: 1_800_000 } }], nextOffset: null };
  fixture.answers['cron.get'] = () => job;
  const { stdout } = await fixture.run(['cron', 'list', '--all']);
  const [, first = '', second = ''] = stdout.split('\n').map((line) => line.replace(/ {2,}/g, '|').trimEnd());
  assert.equal(first, 'report|0 9 * * * UTC|2026-01-02 09:00Z|2026-01-01 09:00Z|ok|writer');
  assert.match(second, /^other\|every 30m\|disabled\|/);
  const shown = await fixture.run(['cron', 'show', 'report']);
  assert.match(shown.stdout, /^next +2026-01-02 09:00Z$/m);
  assert.match(shown.stdout, /^message +Write\.\?\[2J$/m);
  assert.deepEqual(JSON.parse((await fixture.run(['cron', 'show', 'report', '-o', 'json'])).stdout), job);
});

test('no schedules are none', async () => {
  const fixture = createControlFixture(registerCronCommands);
  fixture.answers['cron.list'] = () => ({ jobs: [], nextOffset: null });
  assert.deepEqual(await fixture.run(['cron', 'list']), { stdout: '', stderr: 'No schedules.\n', code: 0 });
});

test('a schedule is enabled, disabled and removed by its name', async () => {
  const fixture = createControlFixture(registerCronCommands);
  fixture.answers['cron.update'] = () => job;
  fixture.answers['cron.remove'] = () => ({ ok: true });
  const said: string[] = [];
  for (const verb of ['enable', 'disable', 'remove', 'rm']) said.push((await fixture.run(['cron', verb, 'report'])).stdout);
  assert.deepEqual(said, ['report is enabled.\n', 'report is disabled.\n', 'report is removed.\n', 'report is removed.\n']);
  assert.deepEqual(
    fixture.calls.map(({ params }) => params),
    [{ id: 'report', patch: { enabled: true } }, { id: 'report', patch: { enabled: false } }, { id: 'report' }, { id: 'report' }],
  );
});

test('a run is begun now, and where one is under way that is a failure with the gateway’s words', async () => {
  const fixture = createControlFixture(registerCronCommands);
  fixture.answers['cron.run'] = () => ({ ok: true, enqueued: true, runId: 'run_1' });
  assert.equal((await fixture.run(['cron', 'run', 'report'])).stdout, 'report has begun the run run_1.\n');
  fixture.answers['cron.run'] = () => ({ ok: true, ran: false, reason: 'already-running', message: 'It has a run under way: run_1.' });
  const { code, stderr } = await fixture.run(['cron', 'run', 'report']);
  assert.equal(code, 1);
  assert.match(stderr, /run under way: run_1/);
});

test('the history is shown with what became of each time', async () => {
  const fixture = createControlFixture(registerCronCommands);
  fixture.answers['cron.runs'] = () => ({
    entries: [
      { runAtMs: Date.parse('2026-01-02T09:00:00Z'), status: 'skipped', error: 'nobody was there' },
      { runAtMs: Date.parse('2026-01-01T09:00:00Z'), status: 'ok', runId: 'run_1' },
    ],
  });
  const { stdout } = await fixture.run(['cron', 'runs', 'report', '--limit', '5']);
  const rows = stdout.split('\n').map((line) => line.replace(/ {2,}/g, '|').trimEnd());
  assert.deepEqual(rows.slice(1, 3), ['2026-01-02 09:00Z|skipped|nobody was there', '2026-01-01 09:00Z|ok|run_1']);
  assert.deepEqual(fixture.calls[0]?.params, { id: 'report', limit: 5 });
  assert.equal((await fixture.run(['cron', 'runs', 'report', '--limit', 'many'])).code, 1);
});
