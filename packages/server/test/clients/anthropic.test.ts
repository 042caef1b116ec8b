/** The real `@anthropic-ai/sdk` as a client of the gateway, with providers of each dialect that clients speak behind it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Anthropic, {
  APIConnectionTimeoutError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  RateLimitError,
} from '@anthropic-ai/sdk';
import type { Api } from '../harness/gateway.ts';
import { startScene, type Scene } from '../harness/scene.ts';
import { json, refuse, stream } from '../harness/provider.ts';
import { wires } from '../harness/wire.ts';

async function setup(api: Api): Promise<Scene & { readonly client: Anthropic }> {
  const scene = await startScene(api);
  return Object.assign(scene, {
    client: new Anthropic({ baseURL: scene.gateway.url, apiKey: scene.gateway.token, authToken: null, maxRetries: 0 }),
  });
}

const question = { model: 'acme/large', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello?' }] };
const weather = {
  name: 'weather',
  description: 'Weather of a city',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
};

for (const api of ['openai-completions', 'openai-responses', 'anthropic-messages'] as const) {
  const { whole, streamed, partsSaid } = wires[api];

  describe(`anthropic client, ${api} provider`, () => {
    test('a whole answer comes with text, stop reason and usage', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(json(whole({ text: 'Hello you.' })));
      const answer = await client.messages.create(question);
      assert.deepEqual(
        answer.content.map((block) => (block.type === 'text' ? block.text : block.type)),
        ['Hello you.'],
      );
      assert.equal(answer.stop_reason, 'end_turn');
      assert.equal(answer.usage.input_tokens, 9);
      assert.equal(answer.usage.output_tokens, 3);
      assert.equal(provider.requests[0]?.json['model'], 'large');
    });

    test('a stream comes in its pieces and adds up to a message', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(stream(streamed({ text: ['Hel', 'lo ', 'you.'] })));
      const pieces: string[] = [];
      const message = await client.messages
        .stream(question)
        .on('text', (piece) => pieces.push(piece))
        .finalMessage();
      assert.deepEqual(pieces, ['Hel', 'lo ', 'you.']);
      assert.equal(message.stop_reason, 'end_turn');
      assert.equal(message.usage.output_tokens, 3);
    });

    test('tools go out, parallel calls stream back whole, results go out again', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      const calls = [
        { id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
        { id: 'call_2', name: 'weather', arguments: '{"city":"Rome"}' },
      ];
      provider.answer(stream(streamed({ text: ['Let me look.'], calls })));
      const first = await client.messages.stream({ ...question, tools: [weather] }).finalMessage();
      assert.equal(first.stop_reason, 'tool_use');
      const received = first.content.flatMap((block) => (block.type === 'tool_use' ? [[block.id, block.input]] : []));
      assert.deepEqual(received, [
        ['call_1', { city: 'Oslo' }],
        ['call_2', { city: 'Rome' }],
      ]);
      provider.answer(json(whole({ text: 'Cold and warm.' })));
      const results = calls.map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: '7 degrees' }));
      const messages = [
        ...question.messages,
        { role: 'assistant' as const, content: first.content },
        { role: 'user' as const, content: results },
      ];
      await client.messages.create({ ...question, messages, tools: [weather] });
      const sent = JSON.stringify(provider.requests[1]?.json['messages'] ?? provider.requests[1]?.json['input']);
      for (const expected of ['call_1', 'call_2', '7 degrees', 'Oslo']) assert.ok(sent.includes(expected), expected);
    });

    test('an image reaches the provider in its own form', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(json(whole({ text: 'red' })));
      const source = { type: 'base64' as const, media_type: 'image/png' as const, data: 'iVBORw0KGgo=' };
      await client.messages.create({
        ...question,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source },
              { type: 'text', text: 'Colour?' },
            ],
          },
        ],
      });
      const sent = JSON.stringify(provider.requests[0]?.json);
      for (const expected of ['iVBORw0KGgo=', 'image/png', api === 'anthropic-messages' ? '"base64"' : 'image_url'])
        assert.ok(sent.includes(expected), expected);
    });

    test('errors of the provider arrive as the class that the SDK has for them', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(refuse(400, 'the temperature is odd'));
      await assert.rejects(
        client.messages.create(question),
        (error) => error instanceof BadRequestError && error.message.includes('the temperature is odd'),
      );
      provider.answer(refuse(429, 'slow down', { 'retry-after': '120' }));
      await assert.rejects(
        client.messages.create(question),
        (error) => error instanceof RateLimitError && error.headers.get('retry-after') === '120',
      );
    });

    test('a provider that breaks off after its first words is an error for the client, never a short answer', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(stream(streamed({ text: ['Hel', 'lo'] }).slice(0, partsSaid), { end: 'cut' }));
      const pieces: string[] = [];
      const answer = client.messages.stream(question).on('text', (piece) => pieces.push(piece));
      await assert.rejects(answer.finalMessage(), /broke off/);
      assert.ok(pieces.length > 0);
    });
  });
}

test('wrong credentials, an unknown model and a timeout are the SDK’s own errors', async () => {
  await using scene = await setup('anthropic-messages');
  const { provider, gateway, client } = scene;
  const stranger = new Anthropic({ baseURL: gateway.url, apiKey: 'nobody', authToken: null, maxRetries: 0 });
  await assert.rejects(stranger.messages.create(question), AuthenticationError);
  await assert.rejects(client.messages.create({ ...question, model: 'acme-large' }), NotFoundError);
  provider.answer(() => {});
  const cut = provider.cutOff();
  await assert.rejects(client.messages.create(question, { timeout: 50 }), APIConnectionTimeoutError);
  await cut;
});

test('models are listed in Anthropic’s form', async () => {
  await using scene = await setup('anthropic-messages');
  const { client } = scene;
  const page = await client.models.list();
  assert.deepEqual(
    page.data.map(({ id }) => id),
    ['acme/large', 'openclaw/rehearsal'],
  );
});
