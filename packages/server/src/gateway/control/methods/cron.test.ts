import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/json.ts';
import { WireRefusal } from '../wire-refusal.ts';
import { createFakeSchedules, firing, type FakeSchedules } from './cron.fixture.ts';
import { createCronMethods } from './cron.ts';
import { openMethods } from './methods.fixture.ts';
import type { AgentDirectory } from './session-keys.ts';

type Fields = Record<string, unknown>;

interface Setup {
  readonly schedules: FakeSchedules;
  ask(method: string, params?: JsonObject): Promise<Fields>;
}

function setUp(): Setup {
  const schedules = createFakeSchedules();
  const get = async (runId: string) => {
    const run = schedules.runs.get(runId);
    if (!run) throw new OpenClawError('run_not_found', { details: { runId } });
    return run;
  };
  const methods = createCronMethods({ schedules, agents, runs: { get } });
  const client = openMethods().connect();
  return {
    schedules,
    ask: async (method, params = {}) =>
      (await methods[method]!.run({ params, client, signal: new AbortController().signal, accept: () => {} })) as Fields,
  };
}

const agents: AgentDirectory = { defaultId: 'main', list: () => [{ id: 'main' }, { id: 'writer' }] };

/** As the command line of the existing gateway sends it. */
const asked = {
  ...{ name: 'report', enabled: true, wakeMode: 'now', sessionTarget: 'isolated' },
  schedule: { kind: 'cron', expr: '0 9 * * 1-5', tz: 'Europe/Berlin' },
  payload: { kind: 'agentTurn', message: 'Write the report.' },
  delivery: { mode: 'announce', channel: 'last' },
};

test('a job is added as clients write it, and answered as they read it', async () => {
  const { schedules, ask } = setUp();
  const job = await ask('cron.add', { ...asked, agentId: 'writer', description: 'daily' });
  assert.deepEqual(job, {
    ...{ id: 'job-1', name: 'report', enabled: true, createdAtMs: 1, updatedAtMs: 2, configRevision: '1', catchUp: 'none' },
    ...{ agentId: 'writer', description: 'daily', schedule: asked.schedule, sessionTarget: 'isolated', wakeMode: 'now' },
    ...{ payload: asked.payload, delivery: { mode: 'none' }, state: { nextRunAtMs: 9000 } },
  });
  assert.deepEqual(schedules.rows[0]?.timing, asked.schedule);
  assert.deepEqual(await ask('cron.get', { id: 'job-1' }), job);
  assert.deepEqual(await ask('cron.get', { id: 'report' }), job);
});

test('each kind of time and of session is taken', async () => {
  const { schedules, ask } = setUp();
  await ask('cron.add', { ...asked, schedule: { kind: 'every', everyMs: 60_000 }, sessionTarget: 'session:notes' });
  await ask('cron.add', { ...asked, schedule: { kind: 'at', at: '2026-12-31T09:00:00Z' }, sessionTarget: 'main', catchUp: 'one' });
  await ask('cron.add', { ...asked, schedule: { kind: 'at', atMs: 5 }, sessionTarget: 'isolated', sessionKey: 'agent:main:x' });
  assert.deepEqual(
    schedules.rows.map(({ timing, session, catchUp }) => [timing, session, catchUp]),
    [
      [{ kind: 'every', everyMs: 60_000 }, 'agent:main:notes', 'none'],
      [{ kind: 'at', atMs: Date.parse('2026-12-31T09:00:00Z') }, 'agent:main:main', 'one'],
      [{ kind: 'at', atMs: 5 }, 'agent:main:x', 'none'],
    ],
  );
});

test('what is missing, wrong, or not in this release is refused by its path', async () => {
  const { ask } = setUp();
  const wrong: [JsonObject, string][] = [
    [{ name: '' }, 'name'],
    [{ schedule: null }, 'schedule'],
    [{ schedule: 'daily' }, 'schedule'],
    [{ schedule: { kind: 'stream', command: ['x'] } }, 'schedule.kind'],
    [{ schedule: { kind: 'cron', expr: '* * * * *', staggerMs: 5 } }, 'schedule.staggerMs'],
    [{ schedule: { kind: 'at', at: 'soon' } }, 'schedule.at'],
    [{ payload: { kind: 'systemEvent', text: 'x' } }, 'payload.kind'],
    [{ payload: { kind: 'agentTurn' } }, 'payload.message'],
    [{ payload: { kind: 'agentTurn', message: 'x', thinking: 'high' } }, 'payload.thinking'],
    [{ delivery: { mode: 'webhook', to: 'https://a.example' } }, 'delivery.to'],
    [{ delivery: { mode: 'announce', channel: 'telegram' } }, 'delivery.channel'],
    [{ sessionTarget: 'current' }, 'sessionTarget'],
    [{ deleteAfterRun: true }, 'deleteAfterRun'],
    [{ catchUp: 'all' }, 'catchUp'],
    [{ agentId: 'writer', sessionTarget: 'session:agent:main:x' }, 'agentId'],
    [{ surprise: 1 }, 'surprise'],
  ];
  for (const [change, param] of wrong) await assert.rejects(ask('cron.add', { ...asked, ...change }), { code: 'invalid_request', param });
});

test('jobs are listed in pages that tell when the inventory has changed, those that are off where they are asked for', async () => {
  const { schedules, ask } = setUp();
  const empty = {
    jobs: [],
    snapshotRevision: 'empty',
    total: 0,
    offset: 0,
    limit: 200,
    hasMore: false,
    nextOffset: null,
    deliveryPreviews: {},
  };
  assert.deepEqual(await ask('cron.list', { includeDisabled: true, limit: 200, offset: 0 }), empty);
  for (const name of ['a', 'b', 'c']) await ask('cron.add', { ...asked, name });
  await ask('cron.update', { id: 'job-3', patch: { enabled: false } });
  const first = await ask('cron.list', { includeDisabled: true, limit: 2 });
  assert.deepEqual([(first['jobs'] as Fields[]).length, first['total'], first['hasMore'], first['nextOffset']], [2, 3, true, 2]);
  const second = await ask('cron.list', { includeDisabled: true, limit: 2, offset: 2 });
  assert.deepEqual([second['hasMore'], second['snapshotRevision']], [false, first['snapshotRevision']]);
  assert.equal((await ask('cron.list'))['total'], 2);
  assert.equal((await ask('cron.list', { enabled: 'disabled' }))['total'], 1);
  assert.equal((await ask('cron.list', { query: 'B' }))['total'], 1);
  schedules.rows.pop();
  assert.notEqual((await ask('cron.list', { includeDisabled: true }))['snapshotRevision'], first['snapshotRevision']);
  assert.deepEqual(await ask('cron.status'), { enabled: true, triggersEnabled: false, jobs: 2, nextWakeAtMs: 9000 });
});

test('a job is changed, run and removed; one that is not there is refused in the words that clients know', async () => {
  const { schedules, ask } = setUp();
  await ask('cron.add', { ...asked, agentId: 'writer' });
  const changed = await ask('cron.update', {
    id: 'job-1',
    patch: { enabled: false, agentId: null, payload: { kind: 'agentTurn', message: 'New.' } },
  });
  assert.deepEqual([changed['enabled'], changed['agentId'], (changed['payload'] as Fields)['message']], [false, undefined, 'New.']);
  assert.deepEqual(await ask('cron.run', { id: 'job-1', mode: 'force' }), { ok: true, enqueued: true, runId: 'run-1' });
  assert.deepEqual(await ask('cron.run', { id: 'job-1', mode: 'due' }), { ok: true, id: 'job-1', ran: false, reason: 'not-due' });
  schedules.rows[0] = { ...schedules.rows[0]!, last: firing(1, { outcome: 'claimed', runId: null }) };
  const busy = await ask('cron.run', { id: 'job-1' });
  assert.deepEqual([busy['ran'], busy['reason']], [false, 'already-running']);
  assert.deepEqual(await ask('cron.remove', { jobId: 'job-1' }), { ok: true, id: 'job-1', removed: true });
  for (const method of ['cron.get', 'cron.remove', 'cron.run', 'cron.runs']) {
    await assert.rejects(ask(method, { id: 'job-1' }), (thrown: unknown) => {
      assert.ok(thrown instanceof WireRefusal, method);
      assert.deepEqual(thrown.error.details, { code: 'CRON_JOB_NOT_FOUND', id: 'job-1' });
      return true;
    });
  }
});

test('the history has what became of each time, and of its run', async () => {
  const { schedules, ask } = setUp();
  await ask('cron.add', asked);
  const error = { code: 'step_failed', message: 'It failed.', hint: '', retryable: false };
  const times = { createdAtMs: 1000, output: null };
  schedules.runs.set('run-1', { ...times, status: 'finished', endedAtMs: 3500, error: null });
  schedules.runs.set('run-2', { ...times, status: 'failed', endedAtMs: 4000, error });
  schedules.runs.set('run-3', { ...times, status: 'running', endedAtMs: null, error: null });
  schedules.fired.push(
    firing(5, { outcome: 'missed', runId: null, reason: 'nobody was there' }),
    firing(4, { outcome: 'skipped', runId: null, reason: 'busy' }),
    ...[firing(3), firing(2), firing(1)],
  );
  const shown = async (params: JsonObject): Promise<unknown[]> =>
    ((await ask('cron.runs', { id: 'job-1', ...params }))['entries'] as Fields[]).map((entry) => [entry['runAtMs'], entry['status']]);
  const all = [
    [5000, 'skipped'],
    [4000, 'skipped'],
    [3000, 'running'],
    [2000, 'error'],
    [1000, 'ok'],
  ];
  assert.deepEqual(await shown({}), all);
  assert.deepEqual(await shown({ sortDir: 'asc', limit: 2 }), all.toReversed().slice(0, 2));
  assert.deepEqual(await shown({ status: 'error' }), [[2000, 'error']]);
  assert.deepEqual(await shown({ runId: 'run-1', limit: 1 }), [[1000, 'ok']]);
  const page = await ask('cron.runs', { id: 'job-1', limit: 2, offset: 3 });
  assert.deepEqual([page['total'], page['hasMore'], page['nextOffset']], [5, false, null]);
  assert.deepEqual((page['entries'] as Fields[])[0], {
    ...{ ts: 4000, jobId: 'job-1', jobName: 'report', status: 'error', action: 'finished', runAtMs: 2000, outcome: 'started' },
    ...{ runId: 'run-2', error: 'It failed.', durationMs: 3000, deliveryStatus: 'not-requested' },
  });
});

test('a session is one of the agent of the job, who is one that there is', async () => {
  const { schedules, ask } = setUp();
  await ask('cron.add', { ...asked, agentId: 'writer', sessionTarget: 'session:notes' });
  await ask('cron.update', { id: 'job-1', patch: { sessionTarget: 'session:letters' } });
  assert.deepEqual([schedules.rows[0]?.agent, schedules.rows[0]?.session], ['writer', 'agent:writer:letters']);
  await assert.rejects(ask('cron.update', { id: 'job-1', patch: { agentId: 'main' } }), { param: 'agentId' });
  await ask('cron.update', { id: 'job-1', patch: { agentId: 'main', sessionTarget: 'isolated' } });
  assert.deepEqual([schedules.rows[0]?.agent, schedules.rows[0]?.session], ['main', null]);
  await assert.rejects(ask('cron.add', { ...asked, agentId: 'nobody' }), { code: 'agent_not_found' });
});
