/** `@openclaw/client` before a real gateway, with the rehearsal as its model. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClaw, OpenClawError } from '../../../client/src/index.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { refuse } from '../harness/provider.ts';
import { startScene } from '../harness/scene.ts';

function createClient(gateway: TestGateway, token = gateway.token): OpenClaw {
  return new OpenClaw({ baseURL: `${gateway.url}/v1`, token });
}

function script(text: string) {
  return { model: 'openclaw/rehearsal', messages: [{ role: 'user', content: text }] } as const;
}

test('a whole answer, a stream, and the list of models', async () => {
  await using gateway = await startTestGateway();
  await using client = createClient(gateway);
  const answer = await client.chat.completions.create(script('say Hello from the rehearsal.\ntool read {"path":"a.txt"}'));
  assert.equal(answer.choices[0]?.message.content, 'Hello from the rehearsal.');
  assert.equal(answer.choices[0].message.tool_calls?.[0]?.function.name, 'read');
  assert.ok((answer.usage?.completion_tokens ?? 0) > 0);

  const texts: string[] = [];
  const finishes: string[] = [];
  const stream = await client.chat.completions.create({ ...script('say Hello from the rehearsal.'), stream: true });
  for await (const { choices } of stream) {
    texts.push(choices[0]?.delta.content ?? '');
    if (choices[0]?.finish_reason) finishes.push(choices[0].finish_reason);
  }
  assert.equal(texts.join(''), 'Hello from the rehearsal.');
  assert.deepEqual(finishes, ['stop']);
  assert.ok(stream.requestId);

  assert.deepEqual(
    (await client.models.list()).data.map(({ id }) => id),
    ['openclaw/rehearsal'],
  );
});

test('errors are typed, with the hint of the gateway', async () => {
  await using gateway = await startTestGateway();
  await using stranger = createClient(gateway, 'nobody');
  await assert.rejects(
    stranger.models.list(),
    (error) => error instanceof OpenClawError && error.code === 'invalid_credentials' && error.status === 401 && !error.retryable,
  );
  await using client = createClient(gateway);
  await assert.rejects(client.chat.completions.create({ ...script('say x'), model: 'nothing' }), (error) => {
    assert.ok(error instanceof OpenClawError);
    assert.deepEqual([error.code, error.status, error.retryable], ['model_not_found', 404, false]);
    assert.ok(error.hint && error.requestId);
    return true;
  });
});

test('tries do not multiply: the three of the gateway, none of the client', async () => {
  await using scene = await startScene('openai-completions');
  const { gateway, provider } = scene;
  provider.answer(refuse(503, 'overloaded', { 'retry-after': '9' }));
  await using client = createClient(gateway);
  for (const stream of [false, true]) {
    const before = provider.requests.length;
    await assert.rejects(client.chat.completions.create({ ...script('x'), model: 'acme/large', stream }), (error) => {
      assert.ok(error instanceof OpenClawError);
      assert.deepEqual([error.status, error.retryable, (error.retryAfterMs ?? 0) > 0], [503, false, true]);
      return true;
    });
    assert.ok(provider.requests.length - before <= 3);
  }
  assert.equal(client.breaker.state, 'closed');
});

test('a stream that breaks in the middle is an error after what was said', async () => {
  await using gateway = await startTestGateway();
  await using client = createClient(gateway);
  const texts: string[] = [];
  await assert.rejects(
    async () => {
      for await (const { choices } of await client.chat.completions.create({ ...script('say I was about to\ncut'), stream: true })) {
        texts.push(choices[0]?.delta.content ?? '');
      }
    },
    (error) => error instanceof OpenClawError && !error.retryable,
  );
  assert.equal(texts.join(''), 'I was about to');
});

test('leaving a stream and closing the client leave nothing under way', async () => {
  await using gateway = await startTestGateway();
  const client = createClient(gateway);
  for await (const chunk of await client.chat.completions.create({ ...script('say one\nwait 1m\nsay two'), stream: true }))
    if (chunk) break;
  assert.equal(client.limiter.running, 0);
  const waiting = assert.rejects(
    client.chat.completions.create(script('wait 1m\nsay late')),
    (error) => error instanceof OpenClawError && error.code === 'client_disposed',
  );
  await client.close();
  await waiting;
  assert.equal(client.limiter.running, 0);
});
