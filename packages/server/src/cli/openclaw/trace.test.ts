import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestTrail, TrailAttempt } from '@openclaw/protocol';
import { createSightFixture } from './sight-client.fixture.ts';
import { registerTraceCommand } from './trace.ts';

const setup = () => createSightFixture(registerTraceCommand);

function attempt(changes: Partial<TrailAttempt> = {}): TrailAttempt {
  return {
    ...{ target: 'acme/large', key: '1', startedMs: 2, waitedMs: 2, durationMs: 40, firstOutputMs: null },
    ...{ outcome: 'upstream_rate_limited', reason: 'acme limits its callers: slow down.', retryAfterMs: 1500, hedge: false },
    ...changes,
  };
}

function trail(changes: Partial<RequestTrail> = {}): RequestTrail {
  return {
    ...{ id: 'req_1', at: '2026-01-01T00:00:00.000Z', caller: 'key_1', dialect: 'openai-completions', requestedModel: 'fast' },
    ...{ target: 'other/small', stream: true, outcome: 'completed', status: 200, queueMs: 2, firstOutputMs: 170, totalMs: 950 },
    ...{
      inputTokens: 10,
      outputTokens: 5,
      costNanoUsd: 1000,
      cached: false,
      attemptCount: 2,
      decisions: ['skipped third/one: breaker open'],
    },
    attempts: [
      attempt(),
      attempt({
        target: 'other/small',
        startedMs: 50,
        waitedMs: 0,
        durationMs: 900,
        firstOutputMs: 120,
        outcome: 'completed',
        reason: null,
        retryAfterMs: null,
      }),
    ],
    ...changes,
  };
}

test('a trail is a timeline: who was asked when, what came of it, what was decided, and what it cost', async () => {
  const { run, trails } = setup();
  trails.push(trail());
  const { stdout } = await run('trace req_1');
  assert.equal(
    stdout,
    `req_1  over at 2026-01-01T00:00:00.000Z
  key_1 asked for fast by openai-completions, streamed
        2 ms  #1 asks acme/large (key 1) after it waited 2 ms for a place
       42 ms  #1 upstream_rate_limited: acme limits its callers: slow down.; to be left alone for 1.5 s
       50 ms  #2 asks other/small (key 1)
      170 ms  #2 first output
      950 ms  #2 completed
  decided     skipped third/one: breaker open
  outcome     completed (200) after 950 ms, first output after 170 ms, waited 2 ms for a place
  used        10 tokens in, 5 out, cost $0.000001
`,
  );
});

test('two tries at once stand in the order of what happened', async () => {
  const { run, trails } = setup();
  const slow = attempt({ startedMs: 0, durationMs: 500, outcome: 'cancelled', reason: null, retryAfterMs: null });
  trails.push(
    trail({
      attempts: [slow, attempt({ startedMs: 300, durationMs: 600, firstOutputMs: 150, outcome: 'completed', reason: null, hedge: true })],
    }),
  );
  const events = [...(await run('trace req_1')).stdout.matchAll(/ms {2}(#\d \w+)/g)].map(([, words]) => words);
  assert.deepEqual(events, ['#1 asks', '#2 asks', '#2 first', '#1 cancelled', '#2 completed']);
});

test('of a request whose tries were not kept it says so', async () => {
  const { run, trails } = setup();
  trails.push(trail({ attempts: [], attemptCount: 1, decisions: [] }));
  assert.match((await run('trace req_1')).stdout, /asked other\/small once; that is all that was kept/);
});

test('of a request for which nobody was asked it says why', async () => {
  const { run, trails } = setup();
  trails.push(
    trail({ attempts: [], attemptCount: 0, cached: true }),
    trail({ id: 'req_2', attempts: [], attemptCount: 0, outcome: 'admission_refused' }),
  );
  assert.match((await run('trace req_1')).stdout, /\n +answered from the cache, without asking anybody\n/);
  assert.match((await run('trace req_2')).stdout, /\n +nobody was asked\n/);
});

test('an unknown id says so, and how far back they go', async () => {
  await assert.rejects(setup().run('trace req_9'), { code: 'request_not_found', message: /req_9; they go back to yesterday/ });
});

test('a provider cannot move the cursor of who reads its words', async () => {
  const { run, trails } = setup();
  trails.push(trail({ attempts: [attempt({ reason: 'no\u001B[2J\u0007' })] }));
  assert.doesNotMatch((await run('trace req_1')).stdout, /\u001B|\u0007/);
});

test('without an id the last requests are listed, as many as wanted', async () => {
  const { run, trails, asked } = setup();
  trails.push(trail(), trail({ id: 'req_2', outcome: 'upstream_failed', costNanoUsd: null }));
  const { stdout } = await run('trace');
  assert.match(stdout, /^TIME +REQUEST +CALLER +TARGET +OUTCOME +TRIES +TOTAL +COST\n2026-01-01 00:00:00 +req_1 /);
  assert.match(stdout, /req_2 +key_1 +other\/small +upstream_failed +2 +950 ms +unknown\n$/);
  await run('trace --limit 1');
  assert.deepEqual(asked, [20, 1]);
  await assert.rejects(run('trace --limit 0'), { code: 'commander.invalidArgument' });
});

test('as JSON a trail is as the gateway has it', async () => {
  const { run, trails } = setup();
  trails.push(trail());
  assert.deepEqual(JSON.parse((await run('trace req_1 -o json')).stdout), trails[0]);
});

test('an answer from the cache says so in the list, and cost nothing', async () => {
  const { run, trails } = setup();
  trails.push(trail({ target: null, cached: true, attemptCount: 0, attempts: [], costNanoUsd: null }));
  const { stdout } = await run('trace');
  assert.match(stdout, /key_1 +the cache +completed +0 +950 ms +\$0\n$/);
});

test('a request that used nothing cost nothing, and one at an unknown price what nobody knows', async () => {
  const { run, trails } = setup();
  const refused = { outcome: 'upstream_overloaded', costNanoUsd: null } as const;
  trails.push(trail({ ...refused, inputTokens: 0, outputTokens: 0 }), trail({ ...refused, id: 'req_2' }));
  const costs = (await run('trace')).stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ +/).at(-1));
  assert.deepEqual(costs, ['COST', '$0', 'unknown']);
});
