import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { discoverLocalServers, discoveryDefaults, type AskLocal } from './discovery.ts';

type Row = Readonly<Record<string, unknown>>;
const list = (...data: readonly Row[]) => ({ object: 'list', data });

// The forms in which each server lists its models, as their documentation and sources have them.
const ollama = list(
  { id: 'llama3.2:latest', object: 'model', created: 1_730_000_000, owned_by: 'library' },
  { id: 'someone/tuned:8b', object: 'model', created: 1_730_000_001, owned_by: 'someone' },
);
const llamacpp = {
  models: [{ name: 'qwen', type: 'model' }],
  ...list({
    id: '/models/qwen3-8b.gguf',
    object: 'model',
    created: 1_730_000_000,
    owned_by: 'llamacpp',
    meta: { vocab_type: 2, n_vocab: 151_936, n_ctx_train: 40_960, n_ctx: 8192 },
  }),
};
const lmstudio = list(
  { id: 'qwen2.5-7b-instruct', object: 'model', owned_by: 'organization_owner' },
  { id: 'text-embedding-nomic-embed-text-v1.5', object: 'model', owned_by: 'organization_owner' },
);
const vllm = list({
  id: 'meta-llama/Llama-3.1-8B',
  object: 'model',
  created: 1_730_000_000,
  owned_by: 'vllm',
  root: 'meta-llama/Llama-3.1-8B',
  parent: null,
  max_model_len: 131_072,
  permission: [],
});

/** A server on a port of its own, closed when the test is over. */
async function serve(test: { after(action: () => void): void }, listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const answering =
  (body: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

for (const [vendor, body, headers, models] of [
  ['ollama', ollama, {}, [{ id: 'llama3.2:latest' }, { id: 'someone/tuned:8b' }]],
  ['llamacpp', llamacpp, { server: 'llama.cpp' }, [{ id: '/models/qwen3-8b.gguf', contextWindow: 8192 }]],
  ['lmstudio', lmstudio, {}, [{ id: 'qwen2.5-7b-instruct' }]],
  ['vllm', vllm, { server: 'uvicorn' }, [{ id: 'meta-llama/Llama-3.1-8B', contextWindow: 131_072 }]],
] as const) {
  test(`${vendor} is recognized by its answer, whatever its port`, async (context) => {
    const port = await serve(context, answering(body, headers));
    assert.deepEqual(await discoverLocalServers({ ports: [port] }), [
      { id: vendor, vendor, port, baseUrl: `http://127.0.0.1:${port}/v1`, models },
    ]);
  });
}

test('another server with a list of models is offered under the name local', async (context) => {
  const body = list({ id: 'mine', object: 'model', owned_by: 'me' });
  const [one, two] = [await serve(context, answering(body)), await serve(context, answering(body))];
  const found = await discoverLocalServers({ ports: [one, two] });
  assert.deepEqual(
    found.map(({ id, vendor }) => [id, vendor]),
    [
      ['local', undefined],
      [`local-${two}`, undefined],
    ],
  );
});

test('two servers of a vendor get names of their own', async (context) => {
  const [one, two] = [await serve(context, answering(vllm)), await serve(context, answering(vllm))];
  const found = await discoverLocalServers({ ports: [one, two] });
  assert.deepEqual(
    found.map(({ id }) => id),
    ['vllm', `vllm-${two}`],
  );
});

for (const [what, body, status] of [
  ['a web page', '<!doctype html><title>Jenkins</title>', 200],
  ['JSON that is no list', { status: 'ok' }, 200],
  ['a bare array', [{ id: 'a', object: 'model' }], 200],
  ['a list of something else', list({ id: 'a', object: 'file' }), 200],
  ['a list with rows that are not objects', { object: 'list', data: ['a'] }, 200],
  ['an empty list', list(), 200],
  ['a list that is null', { object: 'list', data: null }, 200],
  ['a list with a refusal', vllm, 401],
] as const) {
  test(`${what} is not taken for a model server`, async (context) => {
    const port = await serve(context, answering(body, {}, status));
    assert.deepEqual(await discoverLocalServers({ ports: [port] }), []);
  });
}

test('a redirect is not followed', async (context) => {
  let followed = false;
  const target = await serve(context, (_request, response) => {
    followed = true;
    response.end(JSON.stringify(vllm));
  });
  const port = await serve(context, answering('', { location: `http://127.0.0.1:${target}/v1/models` }, 302));
  assert.deepEqual(await discoverLocalServers({ ports: [port] }), []);
  assert.equal(followed, false);
});

test('a body above the limit is not read to its end', async (context) => {
  const closed = Promise.withResolvers<void>();
  const port = await serve(context, (_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(' '.repeat(64 * 1024)));
    };
    response.on('drain', more).on('close', closed.resolve);
    more();
  });
  assert.deepEqual(await discoverLocalServers({ ports: [port], limitBytes: 100_000, timeoutMs: 10_000 }), []);
  await closed.promise;
});

test('a server that never answers is given up after the timeout, and its connection is closed', async (context) => {
  const closed = Promise.withResolvers<void>();
  const port = await serve(context, (request) => request.on('close', closed.resolve));
  assert.deepEqual(await discoverLocalServers({ ports: [port], timeoutMs: 20 }), []);
  await closed.promise;
});

test('a server that stops in the middle of its answer is given up', async (context) => {
  const port = await serve(context, (_request, response) => void response.write('{"object":"list","data":['));
  assert.deepEqual(await discoverLocalServers({ ports: [port], timeoutMs: 20 }), []);
});

test('an abort ends the search and keeps what was found', async () => {
  const controller = new AbortController();
  const ask: AskLocal = ({ port, signal }) => {
    if (port === 1) return Promise.resolve({ headers: {}, body: JSON.stringify(vllm) });
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
      controller.abort();
    });
  };
  const found = await discoverLocalServers({ ports: [1, 2], ask, signal: controller.signal });
  assert.deepEqual(
    found.map(({ port }) => port),
    [1],
  );
});

test('all ports are asked at once', async () => {
  const everybodyAsked = Promise.withResolvers<undefined>();
  let asked = 0;
  const ask: AskLocal = () => {
    asked += 1;
    if (asked === discoveryDefaults.ports.length) everybodyAsked.resolve(undefined);
    return everybodyAsked.promise;
  };
  assert.deepEqual(await discoverLocalServers({ ask }), []);
  assert.deepEqual(
    [...discoveryDefaults.ports].toSorted((left, right) => left - right),
    [1234, 8000, 8080, 11434],
  );
});

test("the gateway's own port is not asked", async () => {
  const asked: number[] = [];
  await discoverLocalServers({
    ignorePorts: [8080],
    ask: ({ port }) => {
      asked.push(port);
      return Promise.resolve(undefined);
    },
  });
  assert.deepEqual(
    asked.toSorted((left, right) => left - right),
    [1234, 8000, 11434],
  );
});

test('no credential is sent, and the list is asked for by GET', async (context) => {
  let seen: { method: string | undefined; url: string | undefined; headers: string[] } | undefined;
  const port = await serve(context, (request, response) => {
    seen = { method: request.method, url: request.url, headers: Object.keys(request.headers).sort() };
    response.end(JSON.stringify(vllm));
  });
  await discoverLocalServers({ ports: [port] });
  assert.deepEqual(seen, { method: 'GET', url: '/v1/models', headers: ['accept', 'connection', 'host'] });
});

test('names that would upset a terminal or a log are left out, and so are those beyond the limit', async () => {
  const rows = [{ id: 'good' }, { id: 'bad\u001b[31m' }, { id: 'a b' }, { id: '' }, { id: 7 }, { id: 'x'.repeat(257) }];
  const many = Array.from({ length: 2000 }, (_, index) => ({ id: `m${index}` }));
  const body = JSON.stringify(list(...[...rows, ...many].map((row) => ({ ...row, object: 'model', owned_by: 'vllm' }))));
  const [server] = await discoverLocalServers({ ports: [8000], ask: () => Promise.resolve({ headers: {}, body }) });
  assert.deepEqual(
    server?.models.slice(0, 2).map(({ id }) => id),
    ['good', 'm0'],
  );
  assert.equal(server?.models.length, 1000);
});
