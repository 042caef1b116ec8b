import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import type { SendOptions, UpstreamResponse } from '../upstream.ts';
import { createRehearsal } from './index.ts';

const noTimeouts = { connectMs: 0, firstByteMs: 0, idleMs: 0, totalMs: 0 };
const user = (content: unknown) => ({ role: 'user', content });

function setup() {
  const clock = createFakeClock({ nowMs: 1_700_000_000_500 });
  const upstream = createRehearsal({ clock });
  const request = (body: unknown, headers: Record<string, string> = {}) => ({
    method: 'POST' as const,
    origin: 'rehearsal:',
    path: '/chat/completions',
    headers,
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  });
  const optionsWith = (options: Partial<SendOptions>): SendOptions => ({
    signal: new AbortController().signal,
    requestId: 'r1',
    provider: 'openclaw',
    timeouts: noTimeouts,
    ...options,
  });
  const send = (body: unknown, options: Partial<SendOptions> = {}, headers: Record<string, string> = {}) =>
    upstream.send(request(body, headers), optionsWith(options));
  /** Sends a conversation, whole unless `rest` says otherwise. */
  const ask = (messages: readonly object[], rest: object = {}, options: Partial<SendOptions> = {}) =>
    send({ model: 'rehearsal', messages, ...rest }, options);
  return { clock, upstream, send, ask, optionsWith };
}

async function textOf(response: UpstreamResponse): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

interface Message {
  readonly content?: string | null;
  readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly name: string; readonly arguments: string } }[];
}

interface Answer {
  readonly choices: readonly [{ readonly message: Message; readonly finish_reason: string }];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

interface Refusal {
  readonly error: { readonly message: string; readonly type: string; readonly param: string | null; readonly code: string | null };
}

interface Chunk {
  readonly choices: readonly { readonly delta: Message; readonly finish_reason: string | null }[];
}

async function jsonOf(response: UpstreamResponse): Promise<unknown> {
  return JSON.parse(await textOf(response));
}

async function answerOf(response: UpstreamResponse): Promise<Answer> {
  assert.equal(response.status, 200);
  return (await jsonOf(response)) as Answer;
}

const dataOf = (text: string): string[] => text.split('\n\n').flatMap((event) => (event === '' ? [] : [event.replace(/^data: /, '')]));
const eventsOf = async (response: UpstreamResponse): Promise<Chunk[]> =>
  dataOf(await textOf(response)).flatMap((data) => (data === '[DONE]' ? [] : [JSON.parse(data) as Chunk]));

test('a whole answer is a chat completion, byte for byte', async () => {
  const { ask } = setup();
  const response = await ask([{ role: 'system', content: 'Be kind' }, user('say Hello there')]);
  assert.equal(response.status, 200);
  assert.equal(response.headers['content-type'], 'application/json');
  assert.equal(
    await textOf(response),
    '{"id":"chatcmpl-r1","object":"chat.completion","created":1700000000,"model":"openclaw/rehearsal","choices":[{"index":0,"message":' +
      '{"role":"assistant","content":"Hello there","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":5,' +
      '"completion_tokens":2,"total_tokens":7}}',
  );
});

test('a stream says word by word and ends with its reason, usage and [DONE], byte for byte', async () => {
  const { ask } = setup();
  const response = await ask([user('say Hello  there')], { stream: true, stream_options: { include_usage: true } });
  assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8');
  const head = '"id":"chatcmpl-r1","object":"chat.completion.chunk","created":1700000000,"model":"openclaw/rehearsal"';
  const chunk = (delta: string, reason = 'null') =>
    `data: {${head},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}],"usage":null}\n\n`;
  assert.equal(
    await textOf(response),
    chunk('{"role":"assistant","content":""}') +
      chunk('{"content":"Hello"}') +
      chunk('{"content":"  there"}') +
      chunk('{}', '"stop"') +
      `data: {${head},"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\ndata: [DONE]\n\n`,
  );
});

test('usage is not in a stream that did not ask for it', async () => {
  const { ask } = setup();
  const events = await eventsOf(await ask([user('say a')], { stream: true }));
  assert.ok(events.every((event) => !('usage' in event) && event.choices.length === 1));
});

test('several say lines of a turn are lines of one answer', async () => {
  const { ask } = setup();
  const body = await answerOf(await ask([user('say one two\nsay three')]));
  assert.equal(body.choices[0].message.content, 'one two\nthree');
});

test('tool calls of a turn come together, with ids that are unique in the conversation', async () => {
  const { ask } = setup();
  const script = user('say Looking.\ntool read {"path": "a"}\ntool list\nsay Done.');
  const { choices } = await answerOf(await ask([script]));
  assert.equal(choices[0].finish_reason, 'tool_calls');
  assert.equal(choices[0].message.content, 'Looking.');
  assert.deepEqual(choices[0].message.tool_calls, [
    { id: 'call_1_0', type: 'function', function: { name: 'read', arguments: '{"path": "a"}' } },
    { id: 'call_1_1', type: 'function', function: { name: 'list', arguments: '{}' } },
  ]);
});

test('an answer of tool calls alone has null content', async () => {
  const { ask } = setup();
  const { choices } = await answerOf(await ask([user('tool list')]));
  assert.equal(choices[0].message.content, null);
});

test('streamed tool calls carry their index', async () => {
  const { ask } = setup();
  const events = await eventsOf(await ask([user('tool a\ntool b {"x":1}')], { stream: true }));
  assert.deepEqual(
    events.flatMap((event) => event.choices[0]?.delta.tool_calls ?? []),
    [
      { index: 0, id: 'call_1_0', type: 'function', function: { name: 'a', arguments: '{}' } },
      { index: 1, id: 'call_1_1', type: 'function', function: { name: 'b', arguments: '{"x":1}' } },
    ],
  );
  assert.equal(events.at(-1)?.choices[0]?.finish_reason, 'tool_calls');
});

test('the turn is the number of assistant messages after the script', async () => {
  const { ask } = setup();
  const script = user('tool read\nsay Read.\n\nsay Bye.');
  const said = async (messages: readonly object[]) => (await answerOf(await ask(messages))).choices[0].message.content;
  const called = { role: 'assistant', content: null, tool_calls: [] };
  const result = { role: 'tool', tool_call_id: 'call_1_0', content: 'bytes' };
  const before = [user('hello'), { role: 'assistant', content: 'hi' }];
  assert.equal(await said([...before, script, called, result]), 'Read.');
  assert.equal(await said([script, called, result, user('a reminder, not a script')]), 'Read.');
  assert.equal(await said([script, called, result, { role: 'assistant', content: 'Read.' }, user('go on')]), 'Bye.');
  assert.equal(await said([script, called, result, user('say Anew.')]), 'Anew.');
});

test('a script is found in any text part of a message', async () => {
  const { ask } = setup();
  const parts = [
    { type: 'text', text: 'Some context.' },
    { type: 'image_url', image_url: { url: 'data:,' } },
    { type: 'text', text: 'say Found.' },
  ];
  assert.equal((await answerOf(await ask([user(parts)]))).choices[0].message.content, 'Found.');
});

test('without a script it says what it is and how to script it, and claims nothing about images or tools', async () => {
  const { ask } = setup();
  const messages = [
    user([
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: 'data:,' } },
    ]),
  ];
  const { choices } = await answerOf(await ask(messages, { tools: [{ type: 'function', function: { name: 'read' } }] }));
  assert.match(choices[0].message.content ?? '', /not a language model/);
  assert.match(choices[0].message.content ?? '', /reads nothing else/);
  assert.match(choices[0].message.content ?? '', /^wait 200ms$/m);
  assert.doesNotMatch(choices[0].message.content ?? '', /image|picture/i);
  assert.equal(choices[0].finish_reason, 'stop');
});

test('after its last turn the script is over, and the answer says so', async () => {
  const { ask } = setup();
  const { choices } = await answerOf(await ask([user('say a'), { role: 'assistant', content: 'a' }, user('and now?')]));
  assert.match(choices[0].message.content ?? '', /^The script is over: it has 1 turn\./);
});

test('a failure comes as often as the script says, per request', async () => {
  const { ask } = setup();
  const status = async (requestId: string) => (await ask([user('fail 429 x2\nsay ok')], {}, { requestId })).status;
  assert.deepEqual(
    [await status('a'), await status('a'), await status('b'), await status('a'), await status('a')],
    [429, 429, 429, 200, 200],
  );
});

test("a client's idempotency key counts before the request id", async () => {
  const { send } = setup();
  const body = { model: 'openclaw/rehearsal', messages: [user('fail 503 x1\nsay ok')] };
  const status = async (requestId: string) => (await send(body, { requestId }, { 'idempotency-key': 'k' })).status;
  assert.deepEqual([await status('a'), await status('b')], [503, 200]);
});

test('a failure has the shape of the wire and says when to come back', async () => {
  const { ask } = setup();
  const response = await ask([user('fail 429 x2 retry-after 1500ms\nsay ok')], { stream: true });
  assert.equal(response.headers['retry-after'], '2');
  assert.equal(response.headers['retry-after-ms'], '1500');
  assert.deepEqual(await jsonOf(response), {
    error: { message: 'Rehearsed failure 1 of 2 (line 1 of the script).', type: 'rate_limit_error', param: null, code: null },
  });
});

test('a failure after the first word of a stream is an error event and the end, without [DONE]', async () => {
  const { ask } = setup();
  const response = await ask([user('say one\nfail 500\nsay two')], { stream: true });
  assert.equal(response.status, 200);
  const data = dataOf(await textOf(response));
  assert.deepEqual(JSON.parse(data.at(-1) ?? ''), {
    error: { message: 'Rehearsed failure (line 2 of the script).', type: 'server_error', param: null, code: null },
  });
  assert.equal(data.length, 3);
});

test('a failure in an answer that does not stream is a status wherever it stands', async () => {
  const { ask } = setup();
  assert.equal((await ask([user('say one\nfail 500')])).status, 500);
});

test('a cut breaks a stream off after what was said', async () => {
  const { ask } = setup();
  const response = await ask([user('say one two\ncut')], { stream: true });
  let text = '';
  await assert.rejects(
    async () => {
      for await (const chunk of response.body) text += chunk.toString('utf8');
    },
    { code: 'upstream_truncated' },
  );
  assert.match(text, /"content":" two"/);
  assert.doesNotMatch(text, /finish_reason":"|\[DONE\]/);
});

test('a cut breaks a whole answer off in the middle of its JSON', async () => {
  const { ask } = setup();
  const response = await ask([user('say one two\ncut')]);
  const iterator = response.body[Symbol.asyncIterator]();
  const { value } = await iterator.next();
  assert.throws(() => JSON.parse(String(value)));
  await assert.rejects(iterator.next(), { code: 'upstream_truncated' });
});

test('a cut before the first word is a connection that closes without an answer, as often as it says', async () => {
  const { ask } = setup();
  for (const stream of [true, false]) {
    const send = () => ask([user('cut x1\nsay ok')], { stream }, { requestId: `stream ${stream}` });
    await assert.rejects(send(), { code: 'upstream_truncated' });
    assert.equal((await send()).status, 200);
  }
});

test('a wait holds back the head of the answer, then the next word', async () => {
  const { clock, ask } = setup();
  const pending = ask([user('wait 200ms\nsay one\nwait 1s\nsay two')], { stream: true });
  assert.equal(clock.pendingTimers, 1);
  clock.advance(200);
  const iterator = (await pending).body[Symbol.asyncIterator]();
  await iterator.next();
  assert.match(String((await iterator.next()).value), /"content":"one"/);
  const next = iterator.next();
  assert.equal(clock.pendingTimers, 1);
  clock.advance(1000);
  assert.match(String((await next).value), /"content":"\\ntwo"/);
});

test('a wait longer than the time to the first byte is a timeout at that time', async () => {
  const { clock, ask } = setup();
  const pending = ask([user('wait 4s\nwait 4s\nsay one')], {}, { timeouts: { ...noTimeouts, firstByteMs: 6000 } });
  const failure = assert.rejects(pending, { code: 'upstream_timeout', message: 'openclaw did not begin its answer within 6000 ms.' });
  clock.advance(4000);
  // The first wait has ended; the second begins in a later microtask.
  while (clock.pendingTimers === 0) await Promise.resolve();
  clock.advance(2000);
  await failure;
  assert.equal(clock.pendingTimers, 0);
});

test('a wait longer than the time between two chunks, or than the whole time, is a timeout', async () => {
  for (const [timeouts, awaited] of [
    [{ ...noTimeouts, idleMs: 500 }, 'send the next part of its answer'],
    [{ ...noTimeouts, idleMs: 5000, totalMs: 500 }, 'end its answer'],
  ] as const) {
    const { clock, ask } = setup();
    const response = await ask([user('say one\nwait 10s\nsay two')], { stream: true }, { timeouts });
    const iterator = response.body[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    const failure = assert.rejects(iterator.next(), { code: 'upstream_timeout', message: `openclaw did not ${awaited} within 500 ms.` });
    clock.advance(500);
    await failure;
  }
});

test('an abort ends a wait at once and leaves no timer', async () => {
  const { clock, ask } = setup();
  const controller = new AbortController();
  const pending = ask([user('wait 1m\nsay one')], {}, { signal: controller.signal });
  assert.equal(clock.pendingTimers, 1);
  controller.abort();
  await assert.rejects(pending, { code: 'client_closed' });
  assert.equal(clock.pendingTimers, 0);
});

test('an abort before or between words ends the answer', async () => {
  const { ask } = setup();
  await assert.rejects(ask([user('say one')], {}, { signal: AbortSignal.abort() }), { code: 'client_closed' });
  const controller = new AbortController();
  const response = await ask([user('say one two')], { stream: true }, { signal: controller.signal });
  const iterator = response.body[Symbol.asyncIterator]();
  await iterator.next();
  controller.abort();
  await assert.rejects(iterator.next(), { code: 'client_closed' });
});

test('a reader that leaves during a wait leaves no timer', async () => {
  const { clock, ask } = setup();
  const response = await ask([user('say one\nwait 1m\nsay two')], { stream: true });
  const iterator = response.body[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.next();
  const next = assert.rejects(iterator.next(), { code: 'client_closed' });
  await iterator.return?.();
  await next;
  assert.equal(clock.pendingTimers, 0);
});

test('closing breaks off the answers under way', async () => {
  const { clock, upstream, ask } = setup();
  const pending = ask([user('wait 1m\nsay one')]);
  await upstream.close();
  await assert.rejects(pending, { code: 'upstream_truncated' });
  assert.equal(clock.pendingTimers, 0);
});

test('the output limit counts words', async () => {
  const { ask } = setup();
  for (const limit of [{ max_tokens: 2 }, { max_completion_tokens: 2, max_tokens: 9 }]) {
    const { choices, usage } = await answerOf(await ask([user('say one two three\ntool x')], limit));
    assert.equal(choices[0].message.content, 'one two');
    assert.equal(choices[0].finish_reason, 'length');
    assert.equal(usage.completion_tokens, 2);
  }
});

test('words of tool calls and their results count as input', async () => {
  const { ask } = setup();
  const call = { id: 'call_1_0', type: 'function', function: { name: 'read', arguments: '{"a": 1}' } };
  const messages = [
    user('say x\n\nsay y'),
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', content: 'three small words' },
  ];
  assert.equal((await answerOf(await ask(messages))).usage.prompt_tokens, 4 + 3 + 3);
});

test('a fault of the script is a 400 that names the line and the message', async () => {
  const { ask } = setup();
  const response = await ask([user('hello'), user('say a\nwait long')], { stream: true });
  assert.equal(response.status, 400);
  const { error } = (await jsonOf(response)) as Refusal;
  assert.match(error.message, /^Line 2 of the rehearsal script: wait needs a time/);
  assert.equal(error.param, 'messages[1].content');
  assert.equal(error.code, 'invalid_script');
});

test('a turn that neither speaks nor calls says so', async () => {
  const { ask } = setup();
  assert.equal((await ask([user('fail 500 x1')])).status, 500);
  const { choices } = await answerOf(await ask([user('fail 500 x1')]));
  assert.equal(choices[0].message.content, 'This turn of the script says nothing.');
});

for (const [what, body, status, param] of [
  ['what is not JSON', '{', 400, null],
  ['what is not an object', '[]', 400, null],
  ['another model', { model: 'gpt', messages: [user('say a')] }, 404, 'model'],
  ['no messages', { model: 'rehearsal' }, 400, 'messages'],
  ['messages that are not objects', { model: 'rehearsal', messages: ['say a'] }, 400, 'messages'],
  ['several choices', { model: 'rehearsal', messages: [user('say a')], n: 2 }, 400, 'n'],
] as const) {
  test(`${what} is refused in the words of the wire`, async () => {
    const { send } = setup();
    const response = await send(body);
    assert.equal(response.status, status);
    const { error } = (await jsonOf(response)) as Refusal;
    assert.equal(error.param, param);
    assert.equal(error.type, 'invalid_request_error');
  });
}

test('it lists its one model and has nothing else', async () => {
  const { upstream, optionsWith } = setup();
  const get = (path: string) => upstream.send({ method: 'GET', origin: 'rehearsal:', path, headers: {}, body: undefined }, optionsWith({}));
  assert.deepEqual(await jsonOf(await get('/models')), {
    object: 'list',
    data: [{ id: 'openclaw/rehearsal', object: 'model', created: 0, owned_by: 'openclaw' }],
  });
  assert.equal((await get('/chat/completions')).status, 404);
});
