/**
 * From a client's request to the events of its answer, over real connections: a server in Bedrock's place that checks each
 * signature with AWS's own signer and answers with frames of AWS's own codec.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { systemClock } from '../../core/clock.ts';
import type { JsonObject } from '../../core/json.ts';
import { answer, exceptionFrame, streamOf, wholeAnswer } from '../dialects/bedrock-converse-stream/frames.fixture.ts';
import { assertEventOrder } from '../dialects/assert-event-order.ts';
import type { ModelEvent } from '../dialects/events.ts';
import { dialects, providerDialects } from '../dialects/index.ts';
import { createHttpUpstream } from '../http/http-upstream.ts';
import type { UpstreamRequest } from '../upstream.ts';
import { createBedrockSigner } from './index.ts';

const dialect = providerDialects['bedrock-converse-stream'];
const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example-secret', sessionToken: 'example-token' };
const environment: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: keys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  AWS_SESSION_TOKEN: keys.sessionToken,
  AWS_REGION: 'eu-west-1',
};

type Reply = (response: ServerResponse, request: IncomingMessage, body: Buffer) => void;

/** What AWS does: signs the same request with the same key, and compares. */
async function isSigned(request: IncomingMessage, body: Buffer): Promise<boolean> {
  const { authorization, 'x-amz-date': date } = request.headers;
  if (authorization === undefined) return false;
  const signedNames = /SignedHeaders=([^,]+),/.exec(authorization)?.[1]?.split(';') ?? [];
  const headers = Object.fromEntries(signedNames.map((name) => [name, String(request.headers[name])]));
  const signer = new SignatureV4({ region: 'eu-west-1', service: 'bedrock', credentials: keys, sha256: Sha256, applyChecksum: false });
  const written = String(date).replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const signed = await signer.sign(
    { method: 'POST', protocol: 'http:', hostname: '127.0.0.1', path: request.url ?? '', headers, body },
    { signingDate: new Date(written) },
  );
  return signedNames.includes('host') && signed.headers['authorization'] === authorization;
}

async function setup(reply: Reply) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      void isSigned(request, body).then((signed) => {
        if (signed) reply(response, request, body);
        else refuse(response, 403, ['InvalidSignatureException', 'The request signature we calculated does not match.']);
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const upstream = createHttpUpstream({ clock: systemClock });
  const sign = createBedrockSigner({ provider: 'bedrock', baseUrl: origin, lookUp: (name) => environment[name], clock: systemClock });
  return {
    origin,
    sign,
    async send(request: UpstreamRequest) {
      const timeouts = { connectMs: 5000, firstByteMs: 5000, idleMs: 5000, totalMs: 0 };
      return upstream.send(request, { signal: new AbortController().signal, requestId: 'req_1', provider: 'bedrock', timeouts });
    },
    async [Symbol.asyncDispose]() {
      await upstream.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

function refuse(response: ServerResponse, status: number, [type, message]: readonly [type: string, message: string]): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': `${type}:http://internal.amazon.com/` });
  response.end(JSON.stringify({ message }));
}

function requestFor(origin: string, fields: JsonObject): UpstreamRequest {
  const asked = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'Grüße, 世界' }], ...fields };
  const target = { provider: 'bedrock', model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', quirks: {}, maxOutputTokens: 4096 };
  const { path, body, headers } = dialect.encodeRequest(dialects['anthropic-messages'].decodeRequest(asked), target);
  const sent = { ...headers, 'content-type': 'application/json', 'accept-encoding': 'identity' };
  return { method: 'POST', origin, path, headers: sent, body: Buffer.from(JSON.stringify(body)) };
}

async function readStream(body: AsyncIterable<Buffer>): Promise<ModelEvent[]> {
  await dialect.framing.prepare?.();
  const parser = dialect.framing.createParser('bedrock');
  const decoder = dialect.decodeResponse('bedrock');
  const events: ModelEvent[] = [];
  for await (const chunk of body) for (const frame of parser.push(chunk)) events.push(...decoder.event(frame));
  return [...events, ...decoder.end()];
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('a signed request streams its answer back, in pieces cut anywhere', async () => {
  let asked: { readonly path: string | undefined; readonly body: JsonObject } | undefined;
  await using up = await setup((response, request, body) => {
    asked = { path: request.url, body: JSON.parse(body.toString()) as JsonObject };
    response.writeHead(200, { 'content-type': dialect.framing.contentType });
    const bytes = streamOf(answer);
    for (let start = 0; start < bytes.length; start += 50) response.write(bytes.subarray(start, start + 50));
    response.end();
  });
  const response = await up.send(await up.sign(requestFor(up.origin, { stream: true })));
  assert.equal(response.status, 200);
  assert.equal(response.headers['content-type'], dialect.framing.contentType);
  const events = await readStream(response.body);
  assertEventOrder(events);
  assert.deepEqual(events.at(-1), { type: 'finish', reason: 'toolCalls', providerReason: 'tool_use' });
  assert.equal(asked?.path, '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream');
  assert.deepEqual(asked?.body['messages'], [{ role: 'user', content: [{ text: 'Grüße, 世界' }] }]);
});

test('a signed request gets a whole answer', async () => {
  await using up = await setup((response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(wholeAnswer));
  });
  const response = await up.send(await up.sign(requestFor(up.origin, {})));
  const events = dialect.decodeResponse('bedrock').whole(JSON.parse(await readText(response.body)) as JsonObject);
  assert.equal(events.at(-1)?.type, 'finish');
});

test('a request that was changed after it was signed, or not signed at all, is refused as a wrong key is', async () => {
  await using up = await setup((response) => response.end('{}'));
  const request = requestFor(up.origin, {});
  const signed = await up.sign(request);
  for (const wrong of [request, { ...signed, body: Buffer.from('{"messages":[]}') }, { ...signed, path: '/model/other/converse' }]) {
    const { status, headers, body } = await up.send(wrong);
    assert.equal(status, 403);
    const error = dialect.classify({ provider: 'bedrock', status, headers, body: await readText(body), nowMs: 0 });
    assert.equal(error.code, 'upstream_authentication');
  }
});

test('a refusal and an exception within a stream say what they are', async () => {
  await using up = await setup((response, { url = '' }) => {
    if (!url.endsWith('-stream')) return refuse(response, 429, ['ThrottlingException', 'Too many tokens, please wait.']);
    response.writeHead(200, { 'content-type': dialect.framing.contentType });
    response.write(streamOf(answer.slice(0, 4)));
    return void response.end(exceptionFrame('serviceUnavailableException', { message: 'Try later.' }));
  });
  const { status, headers, body } = await up.send(await up.sign(requestFor(up.origin, {})));
  const error = dialect.classify({ provider: 'bedrock', status, headers, body: await readText(body), nowMs: 0 });
  assert.deepEqual([error.code, error.retryable], ['upstream_rate_limited', true]);
  const streamed = await up.send(await up.sign(requestFor(up.origin, { stream: true })));
  const last = (await readStream(streamed.body)).at(-1);
  assert.equal(last?.type === 'error' && last.error.code, 'upstream_overloaded');
});
