/** What a gateway must take calmly: every kind of bad request gets a clear error, and nothing stays behind. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { acme, startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { json, startProvider, stream, type Reply } from '../harness/provider.ts';
import { chatStream, chatWhole } from '../harness/wire.ts';

const question = { model: 'acme/large', messages: [{ role: 'user', content: 'Hello?' }] };

interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code?: string;
    readonly param?: string | null;
    readonly openclaw: { readonly code: string; readonly hint: string };
  };
}

async function post(gateway: TestGateway, body: string | Buffer, headers: Record<string, string> = {}) {
  const response = await gateway.request('/v1/chat/completions', {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers,
  });
  return { status: response.status, headers: response.headers, error: ((await response.json()) as ErrorBody).error };
}

async function nothingIsLeft(gateway: TestGateway): Promise<void> {
  await gateway.running.models.service.requests.idle();
  const answer = await gateway.request('/v1/chat/completions', { json: { ...question, model: 'openclaw/rehearsal' } });
  assert.equal(answer.status, 200, 'the gateway still answers');
  await answer.arrayBuffer();
}

describe('requests that cannot be read', () => {
  test('not JSON names the place, not an object says so, and nothing is asked of a provider', async () => {
    await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
    const broken = await post(gateway, '{"model": "acme/large",\n "messages": [}');
    assert.equal(broken.status, 400);
    assert.equal(broken.error.code, 'invalid_json');
    assert.match(broken.error.message, /line 2/);
    assert.equal((await post(gateway, '[]')).error.code, 'invalid_request');
    assert.equal((await post(gateway, '')).error.code, 'invalid_json');
    assert.equal((await post(gateway, Buffer.from([0xff, 0xfe, 0x7b]))).error.code, 'invalid_json');
    assert.equal(provider.requests.length, 0);
    await nothingIsLeft(gateway);
  });

  test('wrong types name the field, in the dialect of the endpoint', async () => {
    await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, 'anthropic-messages') });
    const noModel = await post(gateway, JSON.stringify({ messages: [] }));
    assert.deepEqual([noModel.status, noModel.error.param], [400, 'model']);
    const wrong = await post(
      gateway,
      JSON.stringify({ ...question, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 7 } }] }] }),
    );
    assert.equal(wrong.status, 400);
    assert.equal(wrong.error.param, 'messages[0].content[0].image_url.url');
    const anthropic = await gateway.request('/v1/messages', { json: { messages: [] } });
    assert.equal(anthropic.status, 400);
    const body = (await anthropic.json()) as { type: string; error: { type: string } };
    assert.deepEqual([body.type, body.error.type], ['error', 'invalid_request_error']);
    await nothingIsLeft(gateway);
  });

  test('a body of 50 MB is refused with 413 before it is read, with or without a length', async () => {
    await using gateway = await startTestGateway();
    const big = Buffer.alloc(50 * 1024 * 1024, 0x20);
    for (const chunked of [false, true]) {
      const headers: Record<string, string> = { authorization: `Bearer ${testToken}` };
      if (chunked) headers['transfer-encoding'] = 'chunked';
      else headers['content-length'] = String(big.length);
      const request = httpRequest(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, agent: false });
      request.on('error', () => {});
      request.end(big);
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      assert.equal(response.statusCode, 413, chunked ? 'chunked' : 'with its length');
      response.resume();
      request.destroy();
    }
    await nothingIsLeft(gateway);
  });

  test('deep nesting is refused before it is parsed', async () => {
    await using gateway = await startTestGateway();
    const depth = 100_000;
    const deep = await post(gateway, `{"model":"openclaw/rehearsal","messages":${'['.repeat(depth)}${']'.repeat(depth)}}`);
    assert.deepEqual([deep.status, deep.error.code], [400, 'nesting_too_deep']);
    await nothingIsLeft(gateway);
  });

  test('a compressed body is refused by name', async () => {
    await using gateway = await startTestGateway();
    const refused = await post(gateway, 'x', { 'content-encoding': 'gzip' });
    assert.deepEqual([refused.status, refused.error.code], [415, 'unsupported_media_type']);
  });

  test('an unknown model names the nearest one; an unknown path and a wrong method say so', async () => {
    await using provider = await startProvider();
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
    const unknown = await post(gateway, JSON.stringify({ ...question, model: 'acme/lagre-model' }).replace('acme/', 'acmee/'));
    assert.equal(unknown.status, 404);
    const close = await post(gateway, JSON.stringify({ ...question, model: 'lagre' }));
    assert.match(close.error.message, /Did you mean .*large/);
    const path = await gateway.request('/v1/nothing');
    assert.equal(path.status, 404);
    assert.match(((await path.json()) as ErrorBody).error.message, /\/v1\/nothing/);
    const method = await gateway.request('/v1/chat/completions');
    assert.equal(method.status, 405);
    assert.equal(method.headers.get('allow'), 'POST');
    await method.arrayBuffer();
  });

  test('the id of a key in the path that is no escape is a key that there is not', async () => {
    await using gateway = await startTestGateway();
    for (const id of ['%zz', '%', 'a%00b']) assert.equal((await gateway.request(`/admin/v1/keys/${id}`, { method: 'DELETE' })).status, 404);
  });

  test('a name in the path that is no escape stands for itself', async () => {
    await using gateway = await startTestGateway();
    for (const name of ['%', '%zz', '100%25%']) {
      const response = await gateway.request(`/v1/models/${name}`);
      assert.deepEqual([response.status, ((await response.json()) as ErrorBody).error.code], [404, 'model_not_found'], name);
    }
    assert.equal((await gateway.request('/v1/models/openclaw%2Frehearsal')).status, 200);
    await nothingIsLeft(gateway);
  });
});

describe('credentials', () => {
  test('none, a wrong one and an unexpanded variable are three different errors with three remedies', async () => {
    await using gateway = await startTestGateway();
    const ask = async (headers: Record<string, string>) => {
      const response = await fetch(`${gateway.url}/v1/models`, { headers });
      assert.equal(response.status, 401);
      return ((await response.json()) as ErrorBody).error.openclaw;
    };
    assert.equal((await ask({})).code, 'missing_credentials');
    assert.equal((await ask({ 'x-api-key': 'wrong' })).code, 'invalid_credentials');
    const unexpanded = await ask({ authorization: 'Bearer ${OPENCLAW_GATEWAY_TOKEN}' });
    assert.equal(unexpanded.code, 'unexpanded_credentials');
    assert.match(unexpanded.hint, /double quotes/);
  });

  test('both headers are accepted, and a left-over key in one does not spoil the other', async () => {
    await using gateway = await startTestGateway();
    const status = async (headers: Record<string, string>) => (await fetch(`${gateway.url}/v1/models`, { headers })).status;
    assert.equal(await status({ authorization: `Bearer ${testToken}` }), 200);
    assert.equal(await status({ 'x-api-key': testToken }), 200);
    assert.equal(await status({ authorization: 'Bearer sk-left-over', 'x-api-key': testToken }), 200);
  });

  test('the body is not read for somebody who may not ask', async () => {
    await using gateway = await startTestGateway();
    const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body: 'not even JSON' });
    assert.equal(response.status, 401);
  });

  test('a gateway without auth keeps web pages out, and programs in', async () => {
    await using gateway = await startTestGateway({
      settings: { gateway: { auth: { mode: 'none' } } },
      environment: { OPENCLAW_GATEWAY_TOKEN: '' },
    });
    const status = async (headers: Record<string, string>) => {
      const request = httpRequest(`${gateway.url}/v1/models`, { headers, agent: false }).end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    assert.equal(await status({}), 200);
    assert.equal(await status({ origin: 'https://evil.example' }), 403);
    assert.equal(await status({ host: 'evil.example:18789' }), 403);
    for (const host of ['127.evil.example:18789', '127.0.0.1.evil.example', '::ffff:127.evil.example']) {
      assert.equal(await status({ host, origin: `http://${host}` }), 403, host);
    }
    for (const host of ['127.0.0.1:1', '127.0.0.2', '[::1]:1', 'localhost']) assert.equal(await status({ host }), 200, host);
  });
});

describe('providers that misbehave', () => {
  const faults: readonly [string, Reply, string][] = [
    [
      'an answer cut in the middle',
      (response) => void response.writeHead(200, { 'content-length': '500' }).write('{"id":', () => response.destroy()),
      'upstream_truncated',
    ],
    [
      'an answer that is not JSON',
      (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
      'upstream_malformed',
    ],
    ['a stream without an end', stream(chatStream({ text: [] }).slice(0, 1)), 'upstream_truncated'],
    [
      'an error inside a 200 stream',
      stream(['data: {"error":{"message":"the model is on fire","type":"server_error"}}\n\n']),
      'upstream_failed',
    ],
  ];
  for (const [name, reply, code] of faults) {
    test(`${name} is an error with its own code, after every try, and no half answer`, async () => {
      await using provider = await startProvider(reply);
      await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
      const failed = await post(gateway, JSON.stringify({ ...question, stream: name.includes('stream') }));
      assert.equal(failed.error.code, code);
      assert.equal(failed.headers.get('x-should-retry'), 'false');
      assert.equal(provider.requests.length, 3);
      await nothingIsLeft(gateway);
    });
  }

  test('a provider that never answers is a 504 that names the setting', async () => {
    await using provider = await startProvider(() => {});
    const timeouts = { firstByteWholeMs: 20 };
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, 'openai-completions', { timeouts }) });
    const failed = await post(gateway, JSON.stringify(question));
    assert.deepEqual([failed.status, failed.error.code], [504, 'upstream_timeout']);
    assert.match(failed.error.message, /models\.providers\.acme\.timeouts/);
    await nothingIsLeft(gateway);
  });

  test('the caller’s own deadline ends the waiting, also between tries', async () => {
    await using provider = await startProvider(json({ error: { message: 'busy' } }, 503, { 'retry-after': '10' }));
    const settings = acme(provider.baseUrl);
    Object.assign(settings['models'] as object, { retry: { attempts: 5, baseDelayMs: 1, maxDelayMs: 30_000 } });
    await using gateway = await startTestGateway({ settings });
    const failed = await post(gateway, JSON.stringify(question), { 'x-openclaw-timeout-ms': '100' });
    assert.deepEqual([failed.status, failed.error.code], [503, 'upstream_overloaded'], 'a pause that would pass the deadline is not begun');
    provider.answer(() => {});
    // Another model there: the first is left alone for its ten seconds.
    const late = await post(gateway, JSON.stringify({ ...question, model: 'acme/small' }), { 'x-stainless-timeout': '0.05' });
    assert.deepEqual([late.status, late.error.code], [504, 'deadline_exceeded']);
    await nothingIsLeft(gateway);
  });
});

describe('what is not HTTP', () => {
  async function raw(gateway: TestGateway, bytes: string): Promise<string> {
    const { hostname, port } = new URL(gateway.url);
    const socket: Socket = connect(Number(port), hostname);
    socket.end(bytes);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return text;
  }

  test('garbage and headers without end are answered once and closed', async () => {
    await using gateway = await startTestGateway();
    assert.match(await raw(gateway, 'garbage\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.match(await raw(gateway, `GET / HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(100_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
    await nothingIsLeft(gateway);
  });
});
