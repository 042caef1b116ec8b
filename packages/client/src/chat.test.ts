import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatStream } from './chat-stream.ts';
import { OpenClawError } from './errors.ts';
import { createManualClock } from './manual-clock.fixture.ts';
import { OpenClaw, type OpenClawOptions } from './openclaw.ts';
import {
  chunk,
  completion,
  json,
  refuse,
  reset,
  silence,
  startTestServer,
  stream,
  type Answer,
  type TestServer,
} from './test-server.fixture.ts';

const request = { model: 'm', messages: [{ role: 'user', content: 'Hello?' }] } as const;
const streamed = { ...request, stream: true } as const;

interface Scene extends AsyncDisposable {
  readonly client: OpenClaw;
  readonly server: TestServer;
}

/** Tries come at once here: chance is always 0. */
async function setup(answers: readonly Answer[], options: OpenClawOptions = {}): Promise<Scene> {
  const server = await startTestServer(...answers);
  const client = new OpenClaw({ baseURL: server.url, token: 'secret', ...options, retry: { random: () => 0, ...options.retry } });
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function read(chunks: ChatStream): Promise<string[]> {
  const texts: string[] = [];
  for await (const each of chunks) texts.push(each.choices[0]?.delta.content ?? '');
  return texts;
}

function isError(
  code: string,
  more: Partial<Pick<OpenClawError, 'status' | 'retryable' | 'retryAfterMs'>> = {},
): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof OpenClawError, String(error));
    const { status, retryable, retryAfterMs } = error;
    assert.deepEqual({ code: error.code, status, retryable, retryAfterMs }, { code, status, retryable, retryAfterMs, ...more });
    return true;
  };
}

test('a whole answer: the request goes out as it is, with the token and the time that is left', async () => {
  await using scene = await setup([json(completion('Hello you.'))], { headers: { 'x-team': 'blue' } });
  const answer = await scene.client.chat.completions.create(
    { ...request, seed: 7 },
    { timeoutMs: 5_000, headers: { 'idempotency-key': 'k' } },
  );
  assert.equal(answer.choices[0]?.message.content, 'Hello you.');
  const [sent] = scene.server.requests;
  assert.deepEqual([sent?.method, sent?.url, JSON.parse(sent?.body ?? '')], ['POST', '/v1/chat/completions', { ...request, seed: 7 }]);
  assert.equal(sent?.headers['authorization'], 'Bearer secret');
  assert.equal(sent?.headers['x-team'], 'blue');
  assert.equal(sent?.headers['idempotency-key'], 'k');
  const remainingMs = Number(sent?.headers['x-openclaw-timeout-ms']);
  assert.ok(remainingMs > 0 && remainingMs <= 5_000);
});

test('what passes by itself is tried again: a refusal, a connection that breaks, a body that breaks off', async () => {
  const half: Answer = (response) =>
    void response.writeHead(200, { 'content-type': 'application/json', 'content-length': '99' }).write('{', () => response.destroy());
  await using scene = await setup([refuse(503), reset, half, json(completion('At last.'))]);
  const answer = await scene.client.chat.completions.create(request);
  assert.equal(answer.choices[0]?.message.content, 'At last.');
  assert.equal(scene.server.requests.length, 4);
});

test('a gateway that has made its own tries is not asked again', async () => {
  await using scene = await setup([refuse(503, { 'x-should-retry': 'false', 'retry-after-ms': '700' })]);
  const expected = isError('no_code', { status: 503, retryable: false, retryAfterMs: 700 });
  await assert.rejects(scene.client.chat.completions.create(request), expected);
  await assert.rejects(scene.client.chat.completions.create(streamed), expected);
  assert.equal(scene.server.requests.length, 2);
});

test('mistakes are not tried again', async () => {
  for (const status of [400, 401, 403, 404, 413]) {
    await using scene = await setup([refuse(status)]);
    await assert.rejects(scene.client.chat.completions.create(request), isError('no_code', { status, retryable: false }));
    assert.equal(scene.server.requests.length, 1);
  }
});

test('an answer that is not of this API is named, and not tried again', async () => {
  const page: Answer = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
  await using scene = await setup([page]);
  await assert.rejects(scene.client.chat.completions.create(request), isError('unreadable_answer', { retryable: false }));
  await assert.rejects(scene.client.chat.completions.create(streamed), /its content type is text\/html/);
  assert.equal(scene.server.requests.length, 2);
});

test('a stream comes chunk by chunk, ends once, and gives its place back', async () => {
  await using scene = await setup([stream([chunk('one'), chunk('two', 'stop'), '[DONE]'])]);
  const answer = await scene.client.chat.completions.create(streamed);
  assert.equal(answer.requestId, 'request-1');
  assert.equal(scene.client.limiter.running, 1);
  assert.deepEqual(await read(answer), ['one', 'two']);
  assert.throws(() => answer[Symbol.asyncIterator](), /a stream can be read once/);
  await scene.client.close();
  assert.equal(scene.client.limiter.running, 0);
});

test('a server without [DONE] has ended well if it gave a finish reason', async () => {
  await using scene = await setup([stream([chunk('one', 'stop')])]);
  assert.deepEqual(await read(await scene.client.chat.completions.create(streamed)), ['one']);
});

test('a stream of nothing but its end is empty', async () => {
  await using scene = await setup([stream(['[DONE]'], { ending: 'hang' })]);
  assert.deepEqual(await read(await scene.client.chat.completions.create(streamed)), []);
});

test('a stream that breaks before its first event is tried again', async () => {
  const error = JSON.stringify({ error: { message: 'busy', openclaw: { code: 'upstream_overloaded', retryable: true } } });
  await using scene = await setup([stream([], { ending: 'reset' }), stream([]), stream([error]), stream([chunk('one', 'stop'), '[DONE]'])]);
  assert.deepEqual(await read(await scene.client.chat.completions.create(streamed)), ['one']);
  assert.equal(scene.server.requests.length, 4);
});

test('a stream that breaks after its first event is an error that is not to be tried again, and nobody does', async () => {
  const failure = JSON.stringify({ error: { message: 'gone', openclaw: { code: 'upstream_truncated', retryable: true } } });
  for (const [answer, code, status] of [
    [stream([chunk('one')]), 'stream_broken', 0],
    [stream([chunk('one')], { ending: 'reset' }), 'stream_broken', 0],
    [stream([chunk('one'), failure], { ending: 'hang' }), 'upstream_truncated', 502],
    [stream([chunk('one'), '{'], { ending: 'hang' }), 'unreadable_answer', 0],
  ] as const) {
    await using scene = await setup([answer]);
    const texts: string[] = [];
    await assert.rejects(
      async () => {
        for await (const each of await scene.client.chat.completions.create(streamed)) texts.push(each.choices[0]?.delta.content ?? '');
      },
      isError(code, { status, retryable: false }),
    );
    assert.deepEqual(texts, ['one']);
    assert.equal(scene.server.requests.length, 1);
    assert.equal(scene.client.limiter.running, 0);
  }
});

test('leaving the loop cancels the request', async () => {
  await using scene = await setup([stream([chunk('one')], { ending: 'hang' })]);
  const cut = scene.server.cutOff();
  for await (const each of await scene.client.chat.completions.create(streamed)) if (each) break;
  await cut;
  assert.equal(scene.client.limiter.running, 0);
});

test('a stream that nobody reads ends with cancel, with `await using`, and with the signal of its call', async () => {
  await using scene = await setup([stream([chunk('one')], { ending: 'hang' })]);
  const { client, server } = scene;
  let cut = server.cutOff();
  await (await client.chat.completions.create(streamed)).cancel();
  await cut;

  cut = server.cutOff();
  {
    await using answer = await client.chat.completions.create(streamed);
    assert.equal(answer.requestId, 'request-1');
  }
  await cut;

  cut = server.cutOff();
  const controller = new AbortController();
  const answer = await client.chat.completions.create(streamed, { signal: controller.signal });
  const reason = new Error('enough');
  controller.abort(reason);
  await cut;
  await assert.rejects(read(answer), reason);
  assert.equal(client.limiter.running, 0);
});

test('an abort ends a call that waits for its answer, for the next chunk, or for its turn', async () => {
  await using scene = await setup([silence, stream([chunk('one')], { ending: 'hang' })], { limiter: { limit: 1 } });
  const { client, server } = scene;
  const reason = new Error('enough');

  const first = new AbortController();
  const received = server.received();
  const cut = server.cutOff();
  const waiting = client.chat.completions.create(request, { signal: first.signal });
  const second = new AbortController();
  const queued = client.chat.completions.create(request, { signal: second.signal });
  second.abort(reason);
  await assert.rejects(queued, reason);
  await received;
  first.abort(reason);
  await assert.rejects(waiting, reason);
  await cut;

  const third = new AbortController();
  const texts: string[] = [];
  await assert.rejects(async () => {
    for await (const each of await client.chat.completions.create(streamed, { signal: third.signal })) {
      texts.push(each.choices[0]?.delta.content ?? '');
      third.abort(reason);
    }
  }, reason);
  assert.deepEqual(texts, ['one']);
  assert.deepEqual([client.limiter.running, client.limiter.waiting, client.breaker.state], [0, 0, 'closed']);
});

test('the time of a call ends it, and is not tried again', async () => {
  const clock = createManualClock();
  await using scene = await setup([silence], { clock });
  for (const ask of [request, streamed]) {
    const received = scene.server.received();
    const call = scene.client.chat.completions.create(ask, { timeoutMs: 1_000 });
    await received;
    clock.advance(1_000);
    await assert.rejects(call, isError('deadline_exceeded', { status: 0 }));
  }
  assert.equal(scene.server.requests.length, 2);
  assert.equal(clock.timers, 0);
});

test('a stream that has begun is not ended by the time of the call, but by silence', async () => {
  const clock = createManualClock();
  await using scene = await setup([stream([chunk('one')], { ending: 'hang' })], { clock, idleTimeoutMs: 9_000 });
  const iterator = (await scene.client.chat.completions.create(streamed, { timeoutMs: 1_000 }))[Symbol.asyncIterator]();
  clock.advance(5_000);
  assert.equal((await iterator.next()).value?.choices[0]?.delta.content, 'one');
  const next = iterator.next();
  clock.advance(9_000);
  await assert.rejects(next, isError('stream_broken', { status: 0, retryable: false }));
  assert.equal(scene.client.limiter.running, 0);
});

test('characters that are cut between two packets arrive whole', async () => {
  const bytes = Buffer.from(`data: ${chunk('é😀', 'stop')}\n\ndata: [DONE]\n\n`);
  const middle = bytes.indexOf('😀') + 2;
  const cut: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(bytes.subarray(0, middle), () => setImmediate(() => response.end(bytes.subarray(middle))));
  };
  await using scene = await setup([cut]);
  assert.deepEqual(await read(await scene.client.chat.completions.create(streamed)), ['é😀']);
});
