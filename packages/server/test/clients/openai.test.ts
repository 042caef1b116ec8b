/** The real `openai` package as a client of the gateway, with providers of each dialect that clients speak behind it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import OpenAI, {
  APIConnectionTimeoutError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  RateLimitError,
} from 'openai';
import type { Api } from '../harness/gateway.ts';
import { startScene, type Scene } from '../harness/scene.ts';
import { json, refuse, stream } from '../harness/provider.ts';
import { wires } from '../harness/wire.ts';

async function setup(api: Api): Promise<Scene & { readonly client: OpenAI }> {
  const scene = await startScene(api);
  return Object.assign(scene, { client: new OpenAI({ baseURL: `${scene.gateway.url}/v1`, apiKey: scene.gateway.token, maxRetries: 0 }) });
}

const question = [{ role: 'user' as const, content: 'Hello?' }];
const weather = {
  type: 'function' as const,
  function: { name: 'weather', description: 'Weather of a city', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

for (const api of ['openai-completions', 'openai-responses', 'anthropic-messages'] as const) {
  const { whole, streamed, partsSaid } = wires[api];

  describe(`openai client, ${api} provider`, () => {
    test('a whole answer comes with text, finish reason and usage', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(json(whole({ text: 'Hello you.' })));
      const { data: answer, response } = await client.chat.completions.create({ model: 'acme/large', messages: question }).withResponse();
      assert.equal(answer.choices[0]?.message.content, 'Hello you.');
      assert.equal(answer.choices[0]?.finish_reason, 'stop');
      assert.equal(answer.usage?.prompt_tokens, 9);
      assert.equal(answer.usage?.completion_tokens, 3);
      assert.equal(response.headers.get('x-openclaw-target'), 'acme/large');
      assert.equal(response.headers.get('x-openclaw-attempts'), '1');
      assert.equal(response.headers.get('x-openclaw-cost'), '0.000015000');
      assert.equal(provider.requests[0]?.json['model'], 'large');
    });

    test('a stream comes in its pieces, and with usage if the client asks for it', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(stream(streamed({ text: ['Hel', 'lo ', 'you.'] })));
      const request = { model: 'acme/large', messages: question, stream: true as const };
      for (const includeUsage of [false, true]) {
        const pieces: string[] = [];
        let usage: OpenAI.CompletionUsage | null | undefined;
        let finish: string | null | undefined;
        for await (const chunk of await client.chat.completions.create({
          ...request,
          ...(includeUsage ? { stream_options: { include_usage: true } } : {}),
        })) {
          if (chunk.choices[0]?.delta.content) pieces.push(chunk.choices[0].delta.content);
          finish = chunk.choices[0]?.finish_reason ?? finish;
          usage = chunk.usage ?? usage;
        }
        assert.deepEqual(pieces, ['Hel', 'lo ', 'you.']);
        assert.equal(finish, 'stop');
        assert.equal(usage?.completion_tokens, includeUsage ? 3 : undefined);
      }
    });

    test('tools go out, parallel calls come back, results go out again', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      const calls = [
        { id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
        { id: 'call_2', name: 'weather', arguments: '{"city":"Rome"}' },
      ];
      provider.answer(json(whole({ calls })));
      const first = await client.chat.completions.create({ model: 'acme/large', messages: question, tools: [weather] });
      const message = first.choices[0]?.message;
      assert.equal(first.choices[0]?.finish_reason, 'tool_calls');
      const received = (message?.tool_calls ?? []).map((call) =>
        call.type === 'function' ? [call.id, call.function.name, JSON.parse(call.function.arguments)] : [],
      );
      assert.deepEqual(received, [
        ['call_1', 'weather', { city: 'Oslo' }],
        ['call_2', 'weather', { city: 'Rome' }],
      ]);
      provider.answer(json(whole({ text: 'Cold and warm.' })));
      assert.ok(message);
      const results = calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: '7 degrees' }));
      await client.chat.completions.create({ model: 'acme/large', messages: [...question, message, ...results], tools: [weather] });
      const sent = JSON.stringify(provider.requests[1]?.json['messages'] ?? provider.requests[1]?.json['input']);
      for (const expected of ['call_1', 'call_2', '7 degrees', 'Oslo']) assert.ok(sent.includes(expected), expected);
    });

    test('streamed tool calls keep their own pieces', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      const calls = [
        { id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
        { id: 'call_2', name: 'weather', arguments: '{"city":"Rome"}' },
      ];
      provider.answer(stream(streamed({ text: ['Let me look.'], calls })));
      const collected: { id: string; arguments: string }[] = [];
      for await (const chunk of await client.chat.completions.create({
        model: 'acme/large',
        messages: question,
        tools: [weather],
        stream: true,
      })) {
        for (const { index, id, function: piece } of chunk.choices[0]?.delta.tool_calls ?? []) {
          const call = (collected[index] ??= { id: id ?? '', arguments: '' });
          call.arguments += piece?.arguments ?? '';
        }
      }
      assert.deepEqual(
        collected.map((call) => [call.id, JSON.parse(call.arguments)]),
        [
          ['call_1', { city: 'Oslo' }],
          ['call_2', { city: 'Rome' }],
        ],
      );
    });

    test('an image and a response format reach the provider in its own form', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(json(whole({ text: '{"colour":"red"}' })));
      const schema = { type: 'object', properties: { colour: { type: 'string' } }, required: ['colour'], additionalProperties: false };
      await client.chat.completions.create({
        model: 'acme/large',
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Colour?' },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
            ],
          },
        ],
        response_format: { type: 'json_schema', json_schema: { name: 'colour', schema, strict: true } },
      });
      const sent = JSON.stringify(provider.requests[0]?.json);
      for (const expected of ['iVBORw0KGgo=', 'image/png', '"colour"', api === 'anthropic-messages' ? '"base64"' : 'image_url'])
        assert.ok(sent.includes(expected), expected);
    });

    test('errors of the provider arrive as the class that the SDK has for them', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      const ask = () => client.chat.completions.create({ model: 'acme/large', messages: question });
      provider.answer(refuse(400, 'the temperature is odd'));
      await assert.rejects(ask, (error) => error instanceof BadRequestError && error.message.includes('the temperature is odd'));
      provider.answer(refuse(429, 'slow down', { 'retry-after': '120' }));
      await assert.rejects(ask, (error) => error instanceof RateLimitError && error.headers?.get('retry-after') === '120');
      // It is left alone for that long, whoever asks.
      await assert.rejects(ask, (error) => error instanceof RateLimitError && error.message.includes('Not sent'));
    });

    test('an abort by the client reaches the provider', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(stream(streamed({ text: ['one', 'two'] }).slice(0, partsSaid), { end: 'hang' }));
      const cut = provider.cutOff();
      const answer = await client.chat.completions.create({ model: 'acme/large', messages: question, stream: true });
      for await (const chunk of answer) if (chunk.choices[0]?.delta.content) break;
      await cut;
    });
  });
}

test('wrong credentials, an unknown model and a timeout are the SDK’s own errors, and say what to do', async () => {
  await using scene = await setup('openai-completions');
  const { provider, gateway, client } = scene;
  const ask = (who: OpenAI, model: string) => who.chat.completions.create({ model, messages: question });
  const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'nobody', maxRetries: 0 });
  await assert.rejects(
    ask(stranger, 'acme/large'),
    (error) => error instanceof AuthenticationError && error.message.includes('openclaw keys create'),
  );
  const forgetful = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: '$OPENCLAW_GATEWAY_TOKEN', maxRetries: 0 });
  await assert.rejects(
    ask(forgetful, 'acme/large'),
    (error) => error instanceof AuthenticationError && error.code === 'unexpanded_credentials',
  );
  await assert.rejects(ask(client, 'acme-large'), (error) => error instanceof NotFoundError && error.param === 'model');
  provider.answer(() => {});
  const cut = provider.cutOff();
  await assert.rejects(
    client.chat.completions.create({ model: 'acme/large', messages: question }, { timeout: 50 }),
    APIConnectionTimeoutError,
  );
  await cut;
  const controller = new AbortController();
  const received = provider.received();
  const aborted = assert.rejects(
    client.chat.completions.create({ model: 'acme/large', messages: question }, { signal: controller.signal }),
    APIUserAbortError,
  );
  await received;
  controller.abort();
  await aborted;
});

test('models are listed and looked up', async () => {
  await using scene = await setup('openai-completions');
  const { client } = scene;
  const ids = (await client.models.list()).data.map(({ id }) => id);
  assert.deepEqual(ids, ['acme/large', 'openclaw/rehearsal']);
  assert.equal((await client.models.retrieve('acme/large')).owned_by, 'acme');
});

test('the SDK’s own retries stop where the gateway has made its own', async () => {
  await using scene = await setup('openai-completions');
  const { provider, gateway } = scene;
  provider.answer(refuse(503, 'overloaded'));
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.token, maxRetries: 5 });
  await assert.rejects(client.chat.completions.create({ model: 'acme/large', messages: question }));
  assert.equal(provider.requests.length, 3, 'the three attempts of the gateway, none of the SDK');
});
