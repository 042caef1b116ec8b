import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { CircuitBreaker } from './breaker.ts';
import { OpenClawError } from './errors.ts';
import { ConcurrencyLimiter } from './limiter.ts';
import { createManualClock } from './manual-clock.fixture.ts';
import { OpenClaw } from './openclaw.ts';
import { chunk, completion, json, refuse, reset, silence, startTestServer, stream } from './test-server.fixture.ts';

const request = { model: 'm', messages: [] } as const;
const hasCode = (code: string) => (error: unknown) => error instanceof OpenClawError && error.code === code;

test('close ends calls in the queue, before their answer and in a stream, refuses more, and leaves no connection', async () => {
  await using server = await startTestServer(stream([chunk('one')], { ending: 'hang' }), silence);
  const client = new OpenClaw({ baseURL: server.url, limiter: { limit: 2 } });
  const reading = (await client.chat.completions.create({ ...request, stream: true }))[Symbol.asyncIterator]();
  await reading.next();
  const received = server.received();
  const next = reading.next();
  const waiting = client.chat.completions.create(request);
  const queued = client.models.list();
  const endings = Promise.all([next, waiting, queued].map((call) => assert.rejects(call, hasCode('client_disposed'))));
  await received;
  await client.close();
  assert.deepEqual([client.limiter.running, client.limiter.waiting], [0, 0]);
  await endings;
  await assert.rejects(client.models.list(), hasCode('client_disposed'));
  await client.close();
});

test('`await using` closes', async () => {
  await using server = await startTestServer(silence);
  let call: Promise<unknown>;
  {
    await using client = new OpenClaw({ baseURL: server.url });
    call = client.models.list();
    call.catch(() => undefined);
    await server.received();
  }
  await assert.rejects(call, hasCode('client_disposed'));
});

test('a server that is down is left alone once calls in a row have failed, and asked again after the pause', async () => {
  const clock = createManualClock();
  await using server = await startTestServer(reset, reset, reset, reset, json(completion('Back.')));
  await using client = new OpenClaw({
    baseURL: server.url,
    clock,
    retry: { attempts: 2, baseDelayMs: 0 },
    breaker: { failureThreshold: 2, cooldownMs: 500 },
  });
  for (let call = 0; call < 2; call++) {
    const failed = assert.rejects(client.chat.completions.create(request), hasCode('connection_failed'));
    await server.received();
    while (clock.timers < 2) await new Promise(setImmediate);
    clock.advance(0);
    await failed;
  }
  assert.equal(client.breaker.state, 'open');
  await assert.rejects(
    client.chat.completions.create(request),
    (error) => hasCode('circuit_open')(error) && (error as OpenClawError).retryAfterMs === 500,
  );
  assert.equal(server.requests.length, 4);
  clock.advance(500);
  assert.equal((await client.chat.completions.create(request)).choices[0]?.message.content, 'Back.');
  assert.equal(client.breaker.state, 'closed');
});

test('a gateway that tells of a provider that failed stays in use', async () => {
  const openclaw = { code: 'upstream_failed', hint: '', retryable: true };
  await using server = await startTestServer(refuse(502, { 'x-should-retry': 'false' }, { message: 'no', openclaw }));
  await using client = new OpenClaw({ baseURL: server.url, breaker: { failureThreshold: 1 } });
  for (let call = 0; call < 3; call++) await assert.rejects(client.chat.completions.create(request), hasCode('upstream_failed'));
  assert.equal(server.requests.length, 3);
});

test('a hundred agents never have more calls under way than the limit, and each gets its answer', async () => {
  let [running, most] = [0, 0];
  await using server = await startTestServer((response, received) => {
    most = Math.max(most, ++running);
    setImmediate(() => {
      running--;
      json(completion(received.url ?? ''))(response, received);
    });
  });
  await using client = new OpenClaw({ baseURL: server.url, limiter: { limit: 5 } });
  const answers = await Promise.all(Array.from({ length: 100 }, () => client.chat.completions.create(request)));
  assert.equal(answers.length, 100);
  assert.ok(most <= 5);
  // The platform has a connection back a moment after its answer, and the next call may begin in that moment.
  assert.ok(server.connections <= 2 * 5, `${server.connections} connections`);
});

test('many calls leave no connections, no listeners on the signal that they share, and no places taken', async () => {
  const once = stream([chunk('one', 'stop'), '[DONE]']);
  await using server = await startTestServer((response, received) =>
    received.method === 'GET' ? json({ object: 'list', data: [] })(response, received) : once(response, received),
  );
  await using client = new OpenClaw({ baseURL: server.url });
  const { signal } = new AbortController();
  for (let call = 0; call < 30; call++) {
    await client.models.list({ signal });
    for await (const each of await client.chat.completions.create({ ...request, stream: true }, { signal })) assert.ok(each);
  }
  await client.close();
  assert.ok(server.connections <= 2, `${server.connections} connections`);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  assert.equal(client.limiter.running, 0);
});

test('clients may share a limiter and a breaker', async () => {
  const [limiter, breaker] = [new ConcurrencyLimiter(), new CircuitBreaker()];
  await using one = new OpenClaw({ limiter, breaker });
  await using other = new OpenClaw({ limiter, breaker });
  assert.equal(one.limiter, other.limiter);
  assert.equal(one.breaker, other.breaker);
});

test('a server that is not there is an error that names it, and not the token', async () => {
  const server = await startTestServer();
  const { url } = server;
  await server[Symbol.asyncDispose]();
  await using client = new OpenClaw({ baseURL: url, token: 'secret', retry: { attempts: 1 } });
  await assert.rejects(client.models.list(), (error) => {
    assert.ok(error instanceof OpenClawError);
    assert.deepEqual([error.code, error.status, error.retryable], ['connection_failed', 0, true]);
    assert.match(error.message, /^http:\/\/127\.0\.0\.1:\d+\/v1 could not be reached: .*ECONNREFUSED/);
    assert.ok(!error.message.includes('secret'));
    return true;
  });
});

test('options that cannot be are refused at once', () => {
  for (const options of [
    { baseURL: 'gateway.example' },
    { baseURL: 'ftp://gateway.example' },
    { timeoutMs: 0 },
    { idleTimeoutMs: -1 },
    { limiter: { limit: 0 } },
    { breaker: { failureThreshold: 0 } },
    { retry: { attempts: 0 } },
  ]) {
    assert.throws(() => new OpenClaw(options), hasCode('usage_error'));
  }
});
