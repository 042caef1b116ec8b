/** The real `openai` package's `responses`, with providers of every dialect that the gateway's clients speak behind it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import OpenAI, { APIError, BadRequestError, NotFoundError, RateLimitError } from 'openai';
import { acme, startTestGateway, type Api } from '../harness/gateway.ts';
import { json, refuse, startProvider, stream, type ReceivedRequest } from '../harness/provider.ts';
import { startScene, type Scene } from '../harness/scene.ts';
import { anthropicStream, anthropicWhole, chatWhole, responsesStream, responsesWhole, wires } from '../harness/wire.ts';

type Client = Scene & { readonly client: OpenAI };

async function setup(api: Api): Promise<Client> {
  const scene = await startScene(api);
  return Object.assign(scene, { client: new OpenAI({ baseURL: `${scene.gateway.url}/v1`, apiKey: scene.gateway.token, maxRetries: 0 }) });
}

const weather = {
  type: 'function' as const,
  name: 'weather',
  description: 'Weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
  strict: true,
};
const calls = [
  { id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
  { id: 'call_2', name: 'weather', arguments: '{"city":"Rome"}' },
];

for (const api of Object.keys(wires) as Api[]) {
  const { whole, streamed, partsSaid } = wires[api];

  describe(`responses of the openai client, ${api} provider`, () => {
    test('a whole answer comes with text, status and usage', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(json(whole({ text: 'Hello you.' })));
      const { data: answer, response } = await client.responses
        .create({ model: 'acme/large', input: 'Hello?', instructions: 'Be brief.' })
        .withResponse();
      assert.equal(answer.output_text, 'Hello you.');
      assert.equal(answer.status, 'completed');
      assert.match(answer.id, /^resp_/);
      assert.equal(answer.usage?.input_tokens, 9);
      assert.equal(answer.usage?.output_tokens, 3);
      assert.equal(response.headers.get('x-openclaw-target'), 'acme/large');
      assert.equal(provider.requests[0]?.json['model'], 'large');
      const sent = JSON.stringify(provider.requests[0]?.json);
      for (const expected of ['Hello?', 'Be brief.']) assert.ok(sent.includes(expected), expected);
    });

    test('a stream comes in its pieces and ends with the whole response', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(stream(streamed({ text: ['Hel', 'lo ', 'you.'] })));
      const pieces: string[] = [];
      const types: string[] = [];
      const answer = client.responses.stream({ model: 'acme/large', input: 'Hello?' });
      const numbers: number[] = [];
      for await (const event of answer) {
        types.push(event.type);
        numbers.push(event.sequence_number);
        if (event.type === 'response.output_text.delta') pieces.push(event.delta);
      }
      assert.deepEqual(pieces, ['Hel', 'lo ', 'you.']);
      assert.deepEqual(types, [
        ...['response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added'],
        ...pieces.map(() => 'response.output_text.delta'),
        ...['response.output_text.done', 'response.content_part.done', 'response.output_item.done', 'response.completed'],
      ]);
      assert.deepEqual(
        numbers,
        numbers.map((_, index) => index),
      );
      const final = await answer.finalResponse();
      assert.equal(final.output_text, 'Hello you.');
      assert.equal(final.status, 'completed');
      assert.equal(final.usage?.output_tokens, 3);
    });

    test('tools go out, parallel calls come back in a stream, results go out again', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(stream(streamed({ text: ['Let me look.'], calls })));
      const first = await client.responses.stream({ model: 'acme/large', input: 'Weather?', tools: [weather] }).finalResponse();
      const received = first.output.flatMap((item) => (item.type === 'function_call' ? [[item.call_id, item.name, item.arguments]] : []));
      assert.deepEqual(
        received,
        calls.map((call) => [call.id, call.name, call.arguments]),
      );
      assert.equal(first.output_text, 'Let me look.');
      provider.answer(json(whole({ text: 'Cold and warm.' })));
      const items = first.output.map((item) => {
        const { parsed_arguments: _parsed, ...sent } = item as typeof item & { parsed_arguments?: unknown };
        return sent as OpenAI.Responses.ResponseInputItem;
      });
      const results = calls.map(({ id }) => ({ type: 'function_call_output' as const, call_id: id, output: '7 degrees' }));
      const second = await client.responses.create({
        model: 'acme/large',
        input: [{ role: 'user', content: 'Weather?' }, ...items, ...results],
        tools: [weather],
      });
      assert.equal(second.output_text, 'Cold and warm.');
      const sent = JSON.stringify(provider.requests[1]?.json);
      for (const expected of ['call_1', 'call_2', '7 degrees', 'Oslo', 'Let me look.']) assert.ok(sent.includes(expected), expected);
    });

    test('an image and a schema for the answer reach the provider in its own form', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(json(whole({ text: '{"colour":"red"}' })));
      const schema = { type: 'object', properties: { colour: { type: 'string' } }, required: ['colour'], additionalProperties: false };
      const answer = await client.responses.parse({
        model: 'acme/large',
        input: [
          {
            role: 'user',
            content: [
              { type: 'input_text', text: 'Colour?' },
              { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' },
            ],
          },
        ],
        text: { format: { type: 'json_schema', name: 'colour', schema, strict: true } },
      });
      assert.equal(answer.output_text, '{"colour":"red"}');
      const sent = JSON.stringify(provider.requests[0]?.json);
      for (const expected of ['iVBORw0KGgo=', 'image/png', '"colour"']) assert.ok(sent.includes(expected), expected);
    });

    test('errors before the answer arrive as the class that the SDK has for them', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      const ask = () => client.responses.create({ model: 'acme/large', input: 'Hello?' });
      provider.answer(refuse(400, 'the temperature is odd'));
      await assert.rejects(ask, (error) => error instanceof BadRequestError && error.message.includes('the temperature is odd'));
      provider.answer(refuse(429, 'slow down', { 'retry-after': '120' }));
      await assert.rejects(ask, (error) => error instanceof RateLimitError && error.headers?.get('retry-after') === '120');
    });

    test('a stream that breaks off ends with response.failed, and nothing after it', async () => {
      await using scene = await setup(api);
      const { provider, gateway } = scene;
      provider.answer(stream(streamed({ text: ['one', 'two'] }).slice(0, partsSaid), { end: 'cut' }));
      const answer = await gateway.request('/v1/responses', { json: { model: 'acme/large', input: 'Hello?', stream: true } });
      const text = await answer.text();
      const events = text
        .split('\n\n')
        .filter((event) => event.startsWith('event: '))
        .map((event) => JSON.parse(event.slice(event.indexOf('data: ') + 6)) as Record<string, Record<string, unknown>>);
      const last = events.at(-1);
      assert.equal(last?.['type'], 'response.failed');
      assert.equal(last['response']?.['status'], 'failed');
      assert.equal(last['response']['id'], events[0]?.['response']?.['id']);
      assert.equal(last['sequence_number'], events.length - 1);
      assert.equal(events.filter((event) => String(event['type']).startsWith('response.completed')).length, 0);
    });

    test('an abort by the client reaches the provider', async () => {
      await using scene = await setup(api);
      const { provider, client } = scene;
      provider.answer(stream(streamed({ text: ['one', 'two'] }).slice(0, partsSaid), { end: 'hang' }));
      const cut = provider.cutOff();
      const answer = await client.responses.create({ model: 'acme/large', input: 'Hello?', stream: true });
      for await (const event of answer) if (event.type === 'response.output_text.delta') break;
      await cut;
    });
  });
}

test('a model that nobody has is refused before a stream begins, as the SDK’s own error', async () => {
  await using scene = await setup('openai-completions');
  const { client } = scene;
  await assert.rejects(
    async () => {
      for await (const event of await client.responses.create({ model: 'nobody/large', input: 'x', stream: true })) assert.ok(event);
    },
    (error) => error instanceof APIError && error.status === 404,
  );
});

test('what is wrong or cannot be done is refused with its path, and no provider is asked', async () => {
  await using scene = await setup('openai-completions');
  const { provider, gateway } = scene;
  const rows: readonly (readonly [object, string, string])[] = [
    [{ input: [{ role: 'king', content: 'x' }] }, 'input[0].role', 'invalid_request'],
    [{ input: 'x', previous_response_id: 7 }, 'previous_response_id', 'invalid_request'],
    [{ input: 'x', background: true }, 'background', 'unsupported_feature'],
    [{ input: 'x', tools: [{ type: 'web_search' }] }, 'tools[0].type', 'unsupported_feature'],
    [{ input: [{ type: 'item_reference', id: 'msg_nobody' }] }, 'input', 'invalid_request'],
  ];
  for (const [fields, param, code] of rows) {
    const answer = await gateway.request('/v1/responses', { json: { model: 'acme/large', stream: true, ...fields } });
    const { error } = (await answer.json()) as { error: Record<string, unknown> };
    assert.deepEqual([answer.status, error['param'], error['code']], [400, param, code]);
  }
  assert.equal(provider.requests.length, 0);
});

test('the same dialect goes through byte for byte, but for the model', async () => {
  await using scene = await setup('openai-responses');
  const { provider, gateway } = scene;
  const parts = responsesStream({ text: ['Hel', 'lo.'], calls });
  provider.answer(stream(parts));
  const body = '{ "model": "acme/large", "input": "Hi",  "stream":true, "a_field_of_tomorrow": [1.50] }';
  const answer = await gateway.request('/v1/responses', { method: 'POST', body });
  assert.equal(await answer.text(), parts.join(''));
  assert.equal(provider.requests[0]?.text, body.replace('acme/large', 'large'));
  assert.equal(provider.requests[0].path, '/v1/responses');
});

test('a vendor that speaks both formats is asked in that of the client', async () => {
  await using provider = await startProvider();
  const azure = { baseUrl: provider.baseUrl, apiKey: 'key-of-azure', models: [{ id: 'large' }] };
  await using gateway = await startTestGateway({ settings: { models: { providers: { azure } } } });
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.token, maxRetries: 0 });
  provider.answer(json(responsesWhole({ text: 'Hello.' })));
  assert.equal((await client.responses.create({ model: 'azure/large', input: 'Hi' })).id, 'resp_1');
  provider.answer(json(chatWhole({ text: 'Hello.' })));
  await client.chat.completions.create({ model: 'azure/large', messages: [{ role: 'user', content: 'Hi' }] });
  assert.deepEqual(
    provider.requests.map(({ path }) => path),
    ['/v1/responses', '/v1/chat/completions'],
  );
});

test('the API is below /openai/v1 too', async () => {
  await using scene = await setup('openai-completions');
  const { provider, gateway } = scene;
  provider.answer(json(chatWhole({ text: 'Hello you.' })));
  const client = new OpenAI({ baseURL: `${gateway.url}/openai/v1`, apiKey: gateway.token, maxRetries: 0 });
  assert.equal((await client.responses.create({ model: 'acme/large', input: 'Hello?' })).output_text, 'Hello you.');
});

function messagesOf(request: ReceivedRequest | undefined): { readonly role: string; readonly content: string }[] {
  return (request?.json['messages'] ?? []) as { role: string; content: string }[];
}

describe('stored responses', () => {
  test('the SDK reads, lists, deletes and goes on from a response of a provider that keeps none', async () => {
    await using scene = await setup('anthropic-messages');
    const { provider, client } = scene;
    provider.answer(json(anthropicWhole({ text: 'I am Ann.' })));
    const first = await client.responses.create({ model: 'acme/large', input: 'Who are you?', metadata: { topic: 'names' } });
    const read = await client.responses.retrieve(first.id);
    assert.equal(read.output_text, 'I am Ann.');
    assert.deepEqual(read.metadata, { topic: 'names' });
    const items = [];
    for await (const item of client.responses.inputItems.list(first.id)) items.push(item);
    assert.equal(JSON.stringify(items).includes('Who are you?'), true);

    provider.answer(stream(anthropicStream({ text: ['Ann ', 'again.'] })));
    const second = await client.responses
      .stream({ model: 'acme/large', input: 'And now?', previous_response_id: first.id })
      .finalResponse();
    assert.equal(second.previous_response_id, first.id);
    assert.deepEqual(
      messagesOf(provider.requests[1]).map(({ role, content }) => [role, content]),
      [
        ['user', 'Who are you?'],
        ['assistant', 'I am Ann.'],
        ['user', 'And now?'],
      ],
    );
    // At once: what is streamed is kept before its last event is sent.
    provider.answer(json(anthropicWhole({ text: 'Still Ann.' })));
    await client.responses.create({ model: 'acme/large', input: 'Third?', previous_response_id: second.id });
    assert.equal(messagesOf(provider.requests[2]).length, 5);

    await assert.rejects(client.responses.cancel(first.id), (error) => error instanceof BadRequestError);
    await client.responses.delete(first.id);
    await assert.rejects(
      client.responses.retrieve(first.id),
      (error) => error instanceof NotFoundError && error.code === 'response_not_found',
    );
  });

  test('another key knows nothing of it', async () => {
    await using scene = await setup('openai-completions');
    const { provider, gateway, client } = scene;
    provider.answer(json(chatWhole({ text: 'Hello.' })));
    const { id } = await client.responses.create({ model: 'acme/large', input: 'Hi' });
    const made = await gateway.request('/admin/v1/keys', { json: { name: 'ann' } });
    const { key } = (await made.json()) as { key: string };
    const ann = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 });
    await assert.rejects(ann.responses.retrieve(id), NotFoundError);
    await assert.rejects(ann.responses.delete(id), NotFoundError);
    await assert.rejects(
      ann.responses.create({ model: 'acme/large', input: 'Go on', previous_response_id: id }),
      (error) => error instanceof BadRequestError && error.param === 'previous_response_id',
    );
    assert.equal((await client.responses.retrieve(id)).output_text, 'Hello.');
  });

  test('it outlives a restart', async () => {
    const stateDirectory = await mkdtemp(join(tmpdir(), 'openclaw-responses-'));
    try {
      await using provider = await startProvider(json(chatWhole({ text: 'Hello.' })));
      const start = () => startTestGateway({ settings: acme(provider.baseUrl), stateDirectory });
      const clientOf = (url: string, apiKey: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
      let id: string;
      {
        await using gateway = await start();
        ({ id } = await clientOf(gateway.url, gateway.token).responses.create({ model: 'acme/large', input: 'Hi' }));
      }
      await using gateway = await start();
      assert.equal((await clientOf(gateway.url, gateway.token).responses.retrieve(id)).output_text, 'Hello.');
    } finally {
      await rm(stateDirectory, { recursive: true });
    }
  });

  test('a provider that keeps its responses itself is asked again, with the id that it gave, byte for byte', async () => {
    await using first = await startProvider(json(refusal, 500));
    await using second = await startProvider(json(responsesWhole({ text: 'Hello.' }, { id: 'resp_of_second' })));
    const providers = Object.fromEntries(
      [first, second].map(({ baseUrl }, index) => [
        `p${index}`,
        { baseUrl, api: 'openai-responses', apiKey: 'key', models: [{ id: 'large' }] },
      ]),
    );
    await using gateway = await startTestGateway({ settings: { models: { providers, retry: { baseDelayMs: 1, attempts: 2 } } } });
    const ask = (body: string) => gateway.request('/v1/responses', { method: 'POST', body });
    const { id } = (await (await ask('{"model":"large","input":"Hi"}')).json()) as { id: string };
    assert.equal(id, 'resp_of_second');
    first.answer(json(responsesWhole({ text: 'I know nothing of it.' }, { id: 'resp_of_first' })));
    const body = '{"previous_response_id":"resp_of_second",  "model":"large","input":"Go on"}';
    const answer = await ask(body);
    assert.equal(answer.headers.get('x-openclaw-target'), 'p1/large');
    assert.equal(second.requests[1]?.text, body);
    assert.equal(first.requests.length, 1);
  });
});

const refusal = { error: { message: 'broken', type: 'server_error' } };
