import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { RunEventBody } from '@openclaw/protocol';
import { OpenClawError } from '../core/errors.ts';
import { outSecret, post, secret, setUpChannels, settingsOf, tells, webhook, type ChannelsSetup } from './channels.fixture.ts';
import { startReceiver } from './webhook/receiver.fixture.ts';

const finished: RunEventBody = { kind: 'run.finished', output: { text: 'Done.', finishReason: 'stop' } };

async function refusalOf(answer: Promise<unknown>): Promise<Pick<OpenClawError, 'code' | 'message' | 'status'>> {
  try {
    await answer;
  } catch (thrown) {
    if (thrown instanceof OpenClawError) return { code: thrown.code, message: thrown.message, status: thrown.status };
    throw thrown;
  }
  throw new Error('it was accepted');
}

test('what comes in becomes a run of the agent in the conversation, by the channel, and whoever sent it is told which', async () => {
  await using setup = await setUpChannels();
  const channels = setup.process();
  await channels.configure(settingsOf({ ci: webhook({ agent: 'helper', session: 'builds' }) }));
  const answer = await post(setup, channels, 'ci')({ id: 'msg_7' });
  assert.deepEqual(answer, { status: 202, body: { runId: 'run_1', duplicate: false } });
  assert.deepEqual(setup.runs.begun, [
    {
      id: 'run_1',
      request: { agent: 'helper', input: 'Good morning.', idempotencyKey: 'channel:ci/msg_7', session: 'agent:helper:builds' },
      origin: { kind: 'webhook', by: 'channel:ci' },
    },
  ]);
});

test('the same delivery is the same run: at once, later, in another process, and after the settings were changed', async () => {
  await using setup = await setUpChannels();
  const first = setup.process();
  await first.configure(settingsOf({ ci: webhook() }));
  const answers = await Promise.all([1, 2, 3].map(() => post(setup, first, 'ci')()));
  const second = setup.process();
  await second.configure(settingsOf({ ci: webhook({ agent: 'another', message: 'Do this.', session: 's' }) }));
  answers.push(await post(setup, second, 'ci')());
  assert.equal(setup.runs.begun.length, 1);
  assert.deepEqual(new Set(answers.map(({ body }) => (body as { runId: string }).runId)), new Set(['run_1']));
  assert.deepEqual(
    answers.map(({ body }) => (body as { duplicate: boolean }).duplicate),
    [false, true, true, true],
  );
  await post(setup, second, 'ci')({ id: 'msg_2' });
  assert.equal(setup.runs.begun.length, 2);
});

test('a key that somebody else has used is not taken for a run of the channel', async () => {
  await using setup = await setUpChannels();
  const channels = setup.process();
  await channels.configure(settingsOf({ ci: webhook() }));
  await setup.runs.create({ input: 'x', idempotencyKey: 'channel:ci/msg_1' }, { kind: 'chat', by: 'device:1' });
  assert.equal((await refusalOf(post(setup, channels, 'ci')())).code, 'idempotency_key_reused');
});

test('whatever is wrong with who sent it, the answer is one and the same but for the name that was asked for', async () => {
  await using setup = await setUpChannels();
  const channels = setup.process();
  await channels.configure(settingsOf({ ci: webhook(), gh: webhook({ signature: 'github' }) }));
  const refusals = [
    await refusalOf(post(setup, channels, 'ci')({ by: 'a secret that nobody has ever set' })),
    await refusalOf(post(setup, channels, 'ci')({ headers: {} })),
    await refusalOf(post(setup, channels, 'nn')()),
    await refusalOf(post(setup, channels, 'nn')({ headers: {} })),
    await refusalOf(post(setup, channels, 'gh')()),
  ];
  const shapes = refusals.map(({ code, status, message }) => `${status} ${code} ${message.replace(/channel \w+/, 'channel X')}`);
  assert.equal(new Set(shapes).size, 1, shapes.join('\n'));
  assert.equal(refusals[0]?.status, 401);
  assert.equal(setup.runs.begun.length, 0);
  // The operator is told what it was, strangers do not fill the log.
  const lines = setup.outbox.logged.filter((line) => line.includes('was refused'));
  assert.equal(lines.length, 3);
  assert.ok(lines.some((line) => line.includes('there is no such channel')) && lines.some((line) => line.includes('not one of this body')));
});

test('a wrong signature counts as a guess, also at a channel that there is not; what has none does not; a right one is never held up', async () => {
  await using setup = await setUpChannels();
  const channels = setup.process();
  await channels.configure(settingsOf({ ci: webhook() }));
  await refusalOf(post(setup, channels, 'ci')({ headers: {} }));
  assert.deepEqual(setup.guesses, []);
  await refusalOf(post(setup, channels, 'ci')({ by: 'a secret that nobody has ever set' }));
  await refusalOf(post(setup, channels, 'nobody')());
  assert.deepEqual(setup.guesses, ['203.0.113.7', '203.0.113.7']);
  setup.tooMany = new OpenClawError('too_many_failures', { details: { address: '203.0.113.7' }, retryAfterMs: 1000 });
  assert.equal((await refusalOf(post(setup, channels, 'ci')({ by: 'a secret that nobody has ever set' }))).code, 'too_many_failures');
  assert.equal((await post(setup, channels, 'ci')()).status, 202);
});

test('a change holds with the next request: a secret that is gone opens nothing, what was not changed goes on', async () => {
  await using setup = await setUpChannels();
  const channels = setup.process();
  const next = 'the-next-secret-of-the-senders';
  await channels.configure(settingsOf({ ci: webhook(), kept: webhook() }));
  await channels.configure(settingsOf({ ci: webhook({ secrets: [secret, next] }), kept: webhook() }));
  assert.equal((await post(setup, channels, 'ci')({ id: 'a' })).status, 202);
  assert.equal((await post(setup, channels, 'ci')({ id: 'b', by: next })).status, 202);
  await channels.configure(settingsOf({ ci: webhook({ secrets: [next] }), kept: webhook() }));
  assert.equal((await refusalOf(post(setup, channels, 'ci')({ id: 'c' }))).code, 'hook_refused');
  assert.equal((await post(setup, channels, 'ci')({ id: 'c', by: next })).status, 202);
  assert.equal((await post(setup, channels, 'kept')({ id: 'c' })).status, 202);
  await channels.configure(settingsOf({}));
  assert.equal((await refusalOf(post(setup, channels, 'ci')({ id: 'd', by: next }))).code, 'hook_refused');
  assert.deepEqual(channels.list(), []);
});

/** Time passes until it holds; what happens over the network takes its own. */
async function until({ outbox: { clock } }: ChannelsSetup, holds: () => boolean): Promise<void> {
  while (!holds()) {
    clock.advance(10);
    await setImmediate();
  }
}

async function tellingSetup(setup: ChannelsSetup, url: string) {
  const channels = setup.process();
  await channels.configure(settingsOf({ ci: webhook(tells(url)), silent: webhook() }));
  await channels.start();
  return channels;
}

test('what a run comes to is kept in the commit of its event, and then told: its end, and what it waits for', async () => {
  await using receiver = await startReceiver(outSecret);
  await using setup = await setUpChannels();
  const channels = await tellingSetup(setup, receiver.url);
  await post(setup, channels, 'ci')();
  await post(setup, channels, 'silent')();
  const call = { callId: '1', name: 'http', argumentsText: '{"url":"https://a.example"}' };
  for (const body of [
    { kind: 'step.delta', step: 1, attempt: 1, offset: 0, text: 'Do' },
    { kind: 'approval.requested', approvalId: 'ap-1', step: 2, call, why: 'it asks' },
    { kind: 'run.parked', waitsFor: { kind: 'approval', approvalId: 'ap-1' } },
    { kind: 'outcome.unknown', step: 2, call, evidence: 'it was under way' },
    { kind: 'run.failed', error: { code: 'upstream_refused', message: 'No.', hint: 'Look.', retryable: false } },
    { kind: 'run.resumed', epoch: 0, reason: 'retried' },
    { kind: 'run.cancelled', by: 'gateway' },
    finished,
  ] satisfies RunEventBody[]) {
    await setup.runs.happen('run_1', body);
    await setup.runs.happen('run_2', body);
  }
  // No time passes here: they are sent as soon as they are there.
  while (receiver.heard.length < 5) await setImmediate();
  const told = receiver.heard.toSorted((one, other) => Number(one.body.data['seq']) - Number(other.body.data['seq']));
  assert.deepEqual(
    told.map(({ id, body: { type, data } }) => [id, type, data['runId'], data['waitsFor'] ?? data['error'] ?? data['text']]),
    [
      [
        'dlv_1_4',
        'run.waiting',
        'run_1',
        { kind: 'approval', approvalId: 'ap-1', tool: 'http', argumentsText: call.argumentsText, why: 'it asks' },
      ],
      ['dlv_1_6', 'run.waiting', 'run_1', { kind: 'outcome', step: 2, tool: 'http', evidence: 'it was under way' }],
      ['dlv_1_7', 'run.failed', 'run_1', { code: 'upstream_refused', message: 'No.', hint: 'Look.' }],
      ['dlv_1_9', 'run.cancelled', 'run_1', undefined],
      ['dlv_1_10', 'run.finished', 'run_1', 'Done.'],
    ],
  );
  assert.equal(receiver.forged, 0);
});

test('an answer that is too long is cut and says so, and one that a limit ended says which', async () => {
  await using receiver = await startReceiver(outSecret);
  await using setup = await setUpChannels();
  const channels = setup.process({ limits: { textCharacters: 5 } });
  await channels.configure(settingsOf({ ci: webhook(tells(receiver.url)) }));
  await channels.start();
  await post(setup, channels, 'ci')();
  await setup.runs.happen('run_1', { kind: 'run.finished', output: { text: '1234😀678', stoppedBy: '50 steps' } });
  await until(setup, () => receiver.heard.length >= 1);
  const { text, isCut, stoppedBy } = receiver.heard[0]?.body.data ?? {};
  assert.deepEqual([text, isCut, stoppedBy], ['1234\ufffd', true, '50 steps']);
});

test('what a run has to tell while its channel is being changed is kept', async () => {
  await using receiver = await startReceiver(outSecret);
  await using setup = await setUpChannels();
  const channels = await tellingSetup(setup, receiver.url);
  await post(setup, channels, 'ci')();
  const changing = channels.configure(settingsOf({ ci: webhook({ ...tells(receiver.url), message: 'Another.' }) }));
  const happening = setup.runs.happen('run_1', finished);
  await Promise.all([changing, happening]);
  await until(setup, () => receiver.heard.length >= 1);
  assert.equal(receiver.heard[0]?.body.type, 'run.finished');
});

test('runs and deliveries of a channel are bounded: beyond that nothing more comes in until some are over', async () => {
  await using setup = await setUpChannels();
  const channels = setup.process({ limits: { openRuns: 2, waiting: 1 } });
  await channels.configure(settingsOf({ ci: webhook(), deaf: webhook(tells('https://nobody.invalid')) }));
  await channels.start();
  for (const id of ['a', 'b']) await post(setup, channels, 'ci')({ id });
  assert.equal((await refusalOf(post(setup, channels, 'ci')({ id: 'c' }))).code, 'overloaded');
  assert.equal((await post(setup, channels, 'ci')({ id: 'b' })).status, 202, 'what came before is known all the same');
  await setup.runs.happen('run_1', finished);
  assert.equal((await post(setup, channels, 'ci')({ id: 'c' })).status, 202);
  await post(setup, channels, 'deaf')({ id: 'a' });
  await setup.runs.happen('run_4', finished);
  await until(setup, () => channels.list().find(({ id }) => id === 'deaf')?.deliveries.waiting === 1);
  assert.equal((await refusalOf(post(setup, channels, 'deaf')({ id: 'b' }))).code, 'overloaded');
});

test('a channel says how it is: what came, what went, what is wrong; what was given up is trouble, and can be sent again', async () => {
  await using receiver = await startReceiver(outSecret);
  await using setup = await setUpChannels();
  const channels = await tellingSetup(setup, receiver.url);
  const at = (id: string) => channels.list().find((one) => one.id === id);
  assert.deepEqual(at('silent'), {
    ...{ id: 'silent', kind: 'webhook', agentId: 'main', state: 'running', receivesAt: '/hooks/silent', sendsTo: null },
    ...{ lastReceivedAtMs: null, lastDeliveredAtMs: null, problem: null, deliveries: { waiting: 0, dead: 0 } },
  });
  assert.equal(at('ci')?.sendsTo, new URL(receiver.url).origin);
  receiver.answer = (response) => void response.writeHead(500).end();
  await post(setup, channels, 'ci')();
  await setup.runs.happen('run_1', finished);
  await until(setup, () => at('ci')?.deliveries.dead === 1);
  const { lastReceivedAtMs, problem } = at('ci') ?? {};
  assert.ok(lastReceivedAtMs !== null);
  assert.equal(problem, 'the receiver answered 500');
  assert.match(channels.troubles().join(), /^ci: 1 deliveries were given up; openclaw channels deliveries ci --dead$/);
  assert.match(setup.metrics.text(), /openclaw_channel_attempts_total\{channel="ci",outcome="failed"\} 2/);
  assert.match(setup.metrics.text(), /openclaw_channel_deliveries\{channel="ci",state="dead"\} 1/);
  const [dead] = await channels.deliveries({ channelId: 'ci', state: 'dead', limit: 10 });
  assert.deepEqual([dead?.attempts, dead?.failure, dead?.nextAttemptAtMs], [3, 'the receiver answered 500', null]);
  assert.ok(!('notice' in (dead ?? {})), 'what it says is for its receiver');
  receiver.answer = (response) => void response.writeHead(204).end();
  const requeued = await channels.redeliver(dead?.id ?? '');
  assert.deepEqual([requeued.id, requeued.state, requeued.attempts], [dead?.id, 'waiting', 0]);
  await until(setup, () => at('ci')?.lastDeliveredAtMs !== null && at('ci')?.deliveries.waiting === 0);
  assert.deepEqual([at('ci')?.problem, at('ci')?.deliveries, channels.troubles()], [null, { waiting: 0, dead: 0 }, []]);
  assert.equal(new Set(receiver.heard.map(({ id }) => id)).size, 1);
});

test('what is not there is said to be not there', async () => {
  await using setup = await setUpChannels();
  const channels = await tellingSetup(setup, 'https://nobody.invalid');
  await assert.rejects(channels.deliveries({ channelId: 'none', limit: 10 }), { code: 'channel_not_found' });
  assert.deepEqual(await channels.deliveries({ channelId: 'ci', limit: 10 }), []);
  await assert.rejects(channels.redeliver('dlv_none'), { code: 'delivery_not_found' });
  await post(setup, channels, 'ci')();
  await setup.runs.happen('run_1', finished);
  await channels.configure(settingsOf({ ci: webhook() }));
  await assert.rejects(channels.redeliver('dlv_1_3'), { code: 'channel_sends_nothing' });
});
