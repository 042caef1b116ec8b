/** A stream that broke off after its first output, on a route that lets another target go on with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { startTestGateway, type Api, type TestGateway } from '../harness/gateway.ts';
import { startProvider, stream, type Reply, type TestProvider } from '../harness/provider.ts';
import { wires } from '../harness/wire.ts';

interface Behind {
  readonly api: Api;
  readonly reply: Reply;
  /** Whether it goes on with the beginning of an answer. */
  readonly prefill?: boolean;
}

interface Scene extends AsyncDisposable {
  readonly providers: readonly TestProvider[];
  readonly gateway: TestGateway;
}

const names = ['one', 'two', 'three'] as const;

/** A route `fast` over these, in their order. */
async function setup(behind: readonly Behind[], afterFirstToken: object = { afterFirstToken: 'continue' }): Promise<Scene> {
  await using resources = new AsyncDisposableStack();
  const providers: TestProvider[] = [];
  for (const { reply } of behind) providers.push(resources.use(await startProvider(reply)));
  const settings = {
    models: {
      providers: Object.fromEntries(
        behind.map(({ api, prefill }, index) => [
          names[index],
          {
            baseUrl: providers[index]?.baseUrl,
            api,
            apiKey: 'a-key',
            models: [{ id: 'large', ...(prefill !== undefined && { prefill }) }],
          },
        ]),
      ),
      routes: { fast: { targets: behind.map((_, index) => `${names[index]}/large`), ...afterFirstToken } },
      retry: { baseDelayMs: 1, maxDelayMs: 50, attempts: 4 },
    },
  };
  const gateway = resources.use(await startTestGateway({ settings }));
  const kept = resources.move();
  return { providers, gateway, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Says these pieces and breaks off. */
function broken(api: Api, text: readonly string[]): Reply {
  // Without the end of the text, and what comes after it.
  const parts = wires[api].streamed({ text });
  const said = parts.findLastIndex((part) => part.includes(JSON.stringify(text.at(-1))));
  return stream(parts.slice(0, said + 1), { end: 'cut' });
}

function whole(api: Api, text: readonly string[]): Reply {
  return stream(wires[api].streamed({ text }));
}

const question = { model: 'fast', max_tokens: 50, messages: [{ role: 'user' as const, content: 'Count.' }] };

function ask({ gateway }: Scene): Promise<Response> {
  return gateway.request('/v1/chat/completions', { json: { ...question, stream: true } });
}

const apis = ['openai-completions', 'anthropic-messages'] as const;

for (const first of apis) {
  for (const second of apis) {
    test(`the text goes on at the next target, marked by a comment and at its end [${first}, then ${second}]`, async () => {
      await using scene = await setup([
        { api: first, reply: broken(first, ['one, ', 'two,']) },
        { api: second, reply: whole(second, [' three', ', four']), prefill: true },
      ]);
      const response = await ask(scene);
      assert.equal(response.status, 200);
      const text = await response.text();
      const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data = '']) => JSON.parse(data) as Chunk);
      assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), 'one, two, three, four');
      assert.equal(text.split('\n: continued by two/large\n').length - 1, 1, text);
      assert.deepEqual(
        chunks.flatMap(({ openclaw }) => openclaw?.continued_by ?? []),
        ['two/large'],
      );
      assert.equal(text.split('"role":"assistant"').length - 1, 1, 'one beginning');
      assert.ok(text.endsWith('data: [DONE]\n\n') && !text.includes('"error"'), text);
      const asked = scene.providers[1]?.requests[0]?.json as { messages: { role: string; content: unknown }[] } | undefined;
      const begun = asked?.messages.at(-1);
      assert.equal(begun?.role, 'assistant');
      assert.match(JSON.stringify(begun.content), /one, two,"/);
    });

    test(`the real SDKs read it as one answer [${first}, then ${second}]`, async () => {
      const behind: readonly Behind[] = [
        { api: first, reply: broken(first, ['one, ']) },
        { api: second, reply: whole(second, ['two']), prefill: true },
      ];
      await using scene = await setup(behind);
      const { url, token } = scene.gateway;
      const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0 });
      const completion = await openai.chat.completions.stream(question).finalChatCompletion();
      assert.equal(completion.choices[0]?.message.content, 'one, two');
      assert.equal(completion.choices[0].finish_reason, 'stop');
      const anthropic = new Anthropic({ baseURL: url, apiKey: token, authToken: null, maxRetries: 0 });
      const message = await anthropic.messages.stream(question).finalMessage();
      assert.deepEqual(
        message.content.map((block) => block.type === 'text' && block.text),
        ['one, two'],
      );
      assert.equal(message.stop_reason, 'end_turn');
    });
  }
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
  readonly openclaw?: { readonly continued_by: readonly string[] };
}

test('the one that goes on may break off too: a third goes on with what both have said', async () => {
  await using scene = await setup([
    { api: 'openai-completions', reply: broken('openai-completions', ['one, ']) },
    { api: 'anthropic-messages', reply: broken('anthropic-messages', ['two, ']), prefill: true },
    { api: 'openai-completions', reply: whole('openai-completions', ['three']), prefill: true },
  ]);
  const text = await (await ask(scene)).text();
  assert.match(text, /"openclaw":\{"continued_by":\["two\/large","three\/large"\]\}/);
  assert.match(JSON.stringify(scene.providers[2]?.requests[0]?.json), /one, two,"/);
  assert.ok(text.endsWith('data: [DONE]\n\n'));
});

test('what both have used is in the record: what the first had sent is estimated, what the second says is counted', async () => {
  await using scene = await setup([
    { api: 'openai-completions', reply: broken('openai-completions', ['12345678']) },
    { api: 'openai-completions', reply: whole('openai-completions', ['and on']), prefill: true },
  ]);
  await (await ask(scene)).text();
  await scene.gateway.running.models.service.requests.idle();
  const { rows } = (await (await scene.gateway.request('/admin/v1/usage?since=0&by=model')).json()) as { rows: Record<string, number>[] };
  const [row] = rows;
  assert.equal(rows.length, 1);
  // Eight letters are two tokens; the whole answer says three.
  assert.equal(row?.['outputTokens'], 2 + 3);
});

async function endsInError(scene: Scene): Promise<void> {
  const response = await ask(scene);
  assert.equal(response.status, 200);
  const text = await response.text();
  assert.match(text, /data: \{"error":\{/);
  assert.ok(!text.includes('[DONE]'), 'never a clean end');
  assert.equal(scene.providers.at(-1)?.requests.length, 0, 'nobody else is asked');
}

const begun: Behind = { api: 'openai-completions', reply: broken('openai-completions', ['one, ']) };

test('a route that does not ask for it ends in an error event', async () => {
  const next: Behind = { api: 'openai-completions', reply: whole('openai-completions', ['two']), prefill: true };
  await using byDefault = await setup([begun, next], {});
  await endsInError(byDefault);
  await using bySetting = await setup([begun, next], { afterFirstToken: 'error' });
  await endsInError(bySetting);
});

test('a target that does not take the beginning of an answer is not asked to go on', async () => {
  for (const prefill of [{}, { prefill: false }]) {
    await using scene = await setup([begun, { api: 'openai-completions', reply: whole('openai-completions', ['two']), ...prefill }]);
    await endsInError(scene);
  }
});

test('a tool call that has begun is not gone on with', async () => {
  const calls = [{ id: 'call_1', name: 'look', arguments: '{"at":"it"}' }];
  const parts = wires['openai-completions'].streamed({ text: ['I look. '], calls });
  const half = parts.findIndex((part) => part.includes('"tool_calls"')) + 2;
  await using scene = await setup([
    { api: 'openai-completions', reply: stream(parts.slice(0, half), { end: 'cut' }) },
    { api: 'openai-completions', reply: whole('openai-completions', ['two']), prefill: true },
  ]);
  await endsInError(scene);
});

test('an error inside the stream is gone on with like a connection that broke', async () => {
  const parts = wires['openai-completions'].streamed({ text: ['one, '] }).slice(0, 2);
  const failure = 'data: {"error":{"message":"overloaded","type":"server_error","code":503}}\n\n';
  await using scene = await setup([
    { api: 'openai-completions', reply: stream([...parts, failure]) },
    { api: 'openai-completions', reply: whole('openai-completions', ['two']), prefill: true },
  ]);
  const text = await (await ask(scene)).text();
  assert.ok(text.endsWith('data: [DONE]\n\n') && !text.includes('overloaded'), text);
});

test('a client that leaves while another goes on takes it along', async () => {
  const parts = wires['openai-completions'].streamed({ text: ['two', 'three'] });
  await using scene = await setup([begun, { api: 'openai-completions', reply: stream(parts.slice(0, 2), { end: 'hang' }), prefill: true }]);
  const leaving = new AbortController();
  const cut = scene.providers[1]?.cutOff();
  const response = await scene.gateway.request('/v1/chat/completions', { json: { ...question, stream: true }, signal: leaving.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('"content":"two"')) text += (await reader?.read())?.value ?? assert.fail('it ended');
  leaving.abort();
  await cut;
  await scene.gateway.running.models.service.requests.idle();
  assert.equal(scene.gateway.running.models.service.requests.inFlight, 0);
});
