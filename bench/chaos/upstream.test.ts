import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Behaviour, calm, type Fault, promptFor } from './behaviour.ts';
import { ask, type Address, type Outcome } from './client.ts';
import { createRateGate, writeRetryAfter } from './limits.ts';
import { createRandom, sampleLatencyMs } from './random.ts';
import { createTally } from './tally.ts';
import { type ChaosUpstream, startChaosUpstream } from './upstream.ts';

function addressOf({ port }: ChaosUpstream, key = 'one'): Address {
  return { port, path: '/v1/chat/completions', model: 'mock-model', headers: { authorization: `Bearer ${key}` } };
}

async function askOnce(change: Partial<Behaviour>, stream: boolean, patienceMs = 300): Promise<Outcome> {
  await using upstream = await startChaosUpstream(change);
  return await ask(addressOf(upstream), { prompt: 'Hello?', stream, patienceMs });
}

const outputs: readonly [
  Fault,
  { readonly status: number; readonly failure: RegExp; readonly whole?: RegExp; readonly sawOutput?: boolean },
][] = [
  [
    { kind: 'status', status: 529 },
    { status: 529, failure: /^status 529/ },
  ],
  [
    { kind: 'reset', at: 'accept' },
    { status: 0, failure: /ECONNRESET|hang up/ },
  ],
  [
    { kind: 'reset', at: 'head' },
    { status: 200, failure: /aborted|ECONNRESET/ },
  ],
  [
    { kind: 'reset', at: 'stream', after: 2 },
    { status: 200, failure: /aborted|ECONNRESET/, sawOutput: true },
  ],
  [
    { kind: 'stall', at: 'accept' },
    { status: 0, failure: /client left/ },
  ],
  [
    { kind: 'stall', at: 'stream', after: 1 },
    { status: 200, failure: /client left|aborted/, sawOutput: true },
  ],
  [
    { kind: 'half-frame', after: 1 },
    { status: 200, failure: /aborted/, sawOutput: true },
  ],
  [
    { kind: 'truncated', after: 1 },
    { status: 200, failure: /without its end/, whole: /aborted/, sawOutput: true },
  ],
  [{ kind: 'error-event' }, { status: 200, failure: /without its end/, whole: /an error inside a 200/ }],
  [
    { kind: 'error-event', after: 2 },
    { status: 200, failure: /without its end/, whole: /an error inside a 200/, sawOutput: true },
  ],
  [{ kind: 'html' }, { status: 200, failure: /Please sign in/ }],
];

for (const [fault, { status, failure, whole, sawOutput }] of outputs) {
  const title = `${fault.kind}${'at' in fault ? ` at ${fault.at}` : ''}${'after' in fault ? ` after ${fault.after}` : ''}`;
  test(`${title}: a streamed answer shows it`, async () => {
    const outcome = await askOnce({ faults: [fault] }, true);
    assert.equal(outcome.status, status);
    assert.match(outcome.failure, failure);
    assert.equal(outcome.sawOutput, sawOutput ?? false);
  });
  test(`${title}: a whole answer shows it`, async () => {
    const outcome = await askOnce({ faults: [fault] }, false);
    assert.equal(outcome.status, status);
    assert.match(outcome.failure, whole ?? failure);
  });
}

for (const fault of [{ kind: 'text-plain' }, { kind: 'slow-head', ms: 20 }, { kind: 'silence', at: 'stream', ms: 5 }] as const) {
  test(`${fault.kind}: the answer is good all the same`, async () => {
    assert.equal((await askOnce({ faults: [fault] }, false, 20_000)).failure, '');
  });
}

test('a fault befalls as many requests as it says, and counts say what was answered', async () => {
  await using upstream = await startChaosUpstream({ faults: [{ kind: 'status', status: 503, times: 2 }] });
  const address = addressOf(upstream);
  const statuses: number[] = [];
  for (let count = 0; count < 4; count += 1) statuses.push((await ask(address, { prompt: 'Hello?' })).status);
  assert.deepEqual(statuses, [503, 503, 200, 200]);
  const counts = upstream.counts();
  assert.deepEqual(counts.answered, { '200': 2, '503': 2 });
  assert.equal(counts.requests, 4);
  assert.equal(
    Object.values(counts.perKey)
      .flat()
      .reduce((sum, count) => sum + count, 0),
    4,
  );
});

test('a line in the prompt and a header change the behaviour towards one request', async () => {
  await using upstream = await startChaosUpstream();
  const prompt = `Hello? ${promptFor({ faults: [{ kind: 'status', status: 418 }] })}`;
  assert.equal((await ask(addressOf(upstream), { prompt })).status, 418);
  const headers = { 'x-chaos': JSON.stringify({ faults: [{ kind: 'status', status: 500 }] }) };
  assert.equal((await ask({ ...addressOf(upstream), headers }, { prompt: 'Hello?' })).status, 500);
  assert.equal((await ask(addressOf(upstream), { prompt: 'Hello?' })).status, 200);
});

test('the control endpoint changes the behaviour, tells the counts and starts them again', async () => {
  await using upstream = await startChaosUpstream();
  const url = `http://127.0.0.1:${upstream.port}/chaos`;
  await fetch(`${url}/behaviour`, { method: 'PUT', body: JSON.stringify({ faults: [{ kind: 'status', status: 502 }] }) });
  assert.equal((await ask(addressOf(upstream), { prompt: 'Hello?' })).status, 502);
  const counts = async (): Promise<unknown> => ((await (await fetch(`${url}/counts`)).json()) as { requests: number }).requests;
  assert.equal(await counts(), 1);
  await fetch(`${url}/counts`, { method: 'DELETE' });
  assert.equal(await counts(), 0);
});

test('a limit of concurrency refuses what is above it and counts the most at once', async () => {
  const concurrency = { atMost: 2, refusal: 429, retryAfter: 'seconds', awayMs: 1500 } as const;
  await using upstream = await startChaosUpstream({ concurrency, faults: [{ kind: 'silence', at: 'accept', ms: 200 }] });
  const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map((key) => ask(addressOf(upstream, key), { prompt: 'Hello?' })));
  assert.deepEqual(
    outcomes.map(({ status }) => status).toSorted((left, right) => left - right),
    [200, 200, 429, 429],
  );
  assert.equal(outcomes.find(({ status }) => status === 429)?.retryAfter, '2');
  assert.ok(upstream.counts().mostUnderWay >= 3, 'one that is refused counts while it is there');
});

test('a bucket lets through what it holds and what it gains, and a refused request can cost a token', () => {
  const gate = createRateGate({ kind: 'bucket', perSecond: 10, burst: 2, refusedCost: 1, retryAfter: 'none' }, 0);
  assert.deepEqual([gate.take(0), gate.take(0), gate.take(50), gate.take(100), gate.take(201)], [0, 0, 100, 100, 0]);
  assert.equal(gate.allowed(1000), 12);
});

test('a window lets through its number and names its end', () => {
  const gate = createRateGate({ kind: 'window', perSecond: 2, burst: 2, refusedCost: 0, retryAfter: 'none' }, 0);
  assert.deepEqual([gate.take(100), gate.take(200), gate.take(300), gate.take(1000)], [0, 0, 700, 0]);
});

test('Retry-After comes in every form, and what it truly names is known', () => {
  const nowMs = Date.UTC(2026, 0, 1, 0, 0, 0, 400);
  const forms = (['seconds', 'milliseconds', 'date', 'none', 'minute', 'negative', 'garbage'] as const).map((form) =>
    writeRetryAfter(form, 1200, nowMs),
  );
  assert.deepEqual(
    forms.map(({ awayMs }) => awayMs),
    [2000, 1200, 1600, undefined, 60_000, undefined, undefined],
  );
  assert.deepEqual(forms[2]?.headers, { date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'retry-after': 'Thu, 01 Jan 2026 00:00:02 GMT' });
});

test('requests before the time that a refusal named are early, and more than early after the grace', () => {
  const tally = createTally(0, () => 50);
  tally.sendAway('key', 1000, 500);
  for (const nowMs of [1020, 1060, 1490, 1500]) tally.arrive('key', nowMs);
  tally.arrive('another key', 1100);
  const { early, earlyBeyondGrace, requests } = tally.counts();
  assert.deepEqual({ early, earlyBeyondGrace, requests }, { early: 3, earlyBeyondGrace: 2, requests: 5 });
});

test('a second refusal of requests that were under way does not renew the grace', () => {
  const tally = createTally(0, () => 50);
  tally.sendAway('key', 1000, 500);
  tally.sendAway('key', 1040, 500);
  tally.arrive('key', 1060);
  assert.equal(tally.counts().earlyBeyondGrace, 1);
});

test('latencies have the percentiles that were given', () => {
  const latency = { p50Ms: 100, p95Ms: 300, p99Ms: 900 };
  const random = createRandom(7);
  const sorted = Array.from({ length: 20_000 }, () => sampleLatencyMs(latency, random())).toSorted((left, right) => left - right);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0;
  for (const [part, wanted] of [
    [0.5, 100],
    [0.95, 300],
    [0.99, 900],
  ] as const) {
    assert.ok(Math.abs(at(part) - wanted) < wanted * 0.1, `${part}: ${at(part)}`);
  }
  assert.deepEqual(Array.from({ length: 5 }, createRandom(calm.seed)), Array.from({ length: 5 }, createRandom(calm.seed)));
});

test('the same upstream speaks Anthropic’s dialect: whole, streamed, refused, and failing inside a 200', async () => {
  await using upstream = await startChaosUpstream();
  const address = { ...addressOf(upstream), path: '/v1/messages', headers: { 'x-api-key': 'one' } };
  assert.equal((await ask(address, { prompt: 'Hello?' })).failure, '');
  const streamed = await ask(address, { prompt: 'Hello?', stream: true });
  assert.deepEqual([streamed.failure, streamed.sawOutput], ['', true]);
  upstream.behave({ faults: [{ kind: 'status', status: 529 }] });
  assert.match((await ask(address, { prompt: 'Hello?' })).failure, /^status 529: .*overloaded_error/);
  upstream.behave({ faults: [{ kind: 'error-event', after: 1, status: 529 }] });
  assert.match((await ask(address, { prompt: 'Hello?', stream: true })).failure, /event: error\ndata: .*overloaded_error/);
  assert.deepEqual(Object.keys(upstream.counts().perKey), ['one']);
});

test('who holds its answers is told when: a silence without a time ends when it is released', async () => {
  await using upstream = await startChaosUpstream({ faults: [{ kind: 'silence', at: 'accept' }] });
  const answers = Promise.all([ask(addressOf(upstream), { prompt: 'One?' }), ask(addressOf(upstream), { prompt: 'Two?' })]);
  await upstream.asked(2);
  assert.equal(upstream.counts().underWay, 2);
  upstream.release();
  assert.deepEqual(
    (await answers).map(({ failure }) => failure),
    ['', ''],
  );
  await upstream.idle();
});
