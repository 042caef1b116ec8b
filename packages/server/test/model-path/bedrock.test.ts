/** A whole gateway before a server in Bedrock's place: how requests are signed, and what both kinds of clients get back. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { answer, exceptionFrame, streamOf, wholeAnswer } from '../../src/models/dialects/bedrock-converse-stream/frames.fixture.ts';
import { startTestGateway } from '../harness/gateway.ts';

const keys = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example-secret', AWS_SESSION_TOKEN: 'example-token' };
const contentType = 'application/vnd.amazon.eventstream';
const model = 'bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const messages = [{ role: 'user', content: 'Hello' }];

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

async function setup(provider: Record<string, unknown>, environment: Record<string, string> = keys, failure?: Buffer) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    seen.push({ url, headers });
    request.resume();
    if (!url.endsWith('-stream')) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(wholeAnswer));
      return;
    }
    response.writeHead(200, { 'content-type': contentType });
    const bytes = failure ? Buffer.concat([streamOf(answer.slice(0, 7)), failure]) : streamOf(answer);
    for (let start = 0; start < bytes.length; start += 100) response.write(bytes.subarray(start, start + 100));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gateway = await startTestGateway({
    settings: { models: { providers: { bedrock: { baseUrl, ...provider } }, retry: { attempts: 1 } } },
    environment: { ...environment, AWS_REGION: 'eu-west-1' },
  });
  return {
    seen,
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
    },
  };
}

test('both kinds of clients get thinking, text and calls from Bedrock, streamed and whole, by signed requests', async () => {
  await using up = await setup({});
  const chat = await up.gateway.request('/v1/chat/completions', { json: { model, messages } });
  const completion = (await chat.json()) as { choices: { finish_reason: string; message: { content: string; tool_calls: unknown[] } }[] };
  assert.equal(chat.status, 200);
  assert.deepEqual(
    completion.choices.map(({ finish_reason, message }) => [finish_reason, message.content, message.tool_calls.length]),
    [['tool_calls', 'Looking at both… 世界', 2]],
  );
  const chunks = await (await up.gateway.request('/v1/chat/completions', { json: { model, messages, stream: true } })).text();
  assert.match(chunks, /"content":"both… 世界"/);
  assert.match(chunks, /"finish_reason":"tool_calls"/);
  assert.match(chunks, /data: \[DONE\]\n\n$/);
  const whole = await up.gateway.request('/v1/messages', { json: { model, messages, max_tokens: 100 } });
  const message = (await whole.json()) as { stop_reason: string; content: { type: string }[] };
  assert.deepEqual(
    [message.stop_reason, message.content.map(({ type }) => type)],
    ['tool_use', ['thinking', 'text', 'tool_use', 'tool_use']],
  );
  const events = await (await up.gateway.request('/v1/messages', { json: { model, messages, max_tokens: 100, stream: true } })).text();
  assert.match(events, /"signature":"c2lnbmVk"/);
  assert.match(events, /"cache_read_input_tokens":90/);
  assert.match(events, /event: message_stop\ndata: .*\n\n$/);
  const path = '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0';
  assert.deepEqual(
    up.seen.map(({ url }) => url),
    [`${path}/converse`, `${path}/converse-stream`, `${path}/converse`, `${path}/converse-stream`],
  );
  for (const { headers } of up.seen) {
    assert.match(headers.authorization ?? '', /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/bedrock\/aws4_request, /);
    assert.equal(headers['x-amz-security-token'], 'example-token');
  }
});

test('a key of Bedrock is sent as it is, and nothing is signed', async () => {
  await using up = await setup({ apiKey: 'bedrock-api-key-example' });
  const response = await up.gateway.request('/v1/chat/completions', { json: { model, messages } });
  assert.equal(response.status, 200);
  assert.equal(up.seen[0]?.headers.authorization, 'Bearer bedrock-api-key-example');
  assert.equal(up.seen[0]?.headers['x-amz-date'], undefined);
});

test('a stream that Bedrock breaks off with an exception, or with a damaged frame, ends as an error', async () => {
  const damaged = streamOf(answer.slice(7, 8));
  damaged[30] = 0xff;
  for (const failure of [exceptionFrame('internalServerException', { message: 'It broke.' }), damaged]) {
    await using up = await setup({}, keys, failure);
    const events = await (await up.gateway.request('/v1/messages', { json: { model, messages, max_tokens: 100, stream: true } })).text();
    assert.match(events, /event: error\n/);
    assert.doesNotMatch(events, /message_stop/);
  }
});
