import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer, type Answer } from '../test-server.fixture.ts';
import {
  ApiRefusal,
  createFetchTransport,
  createWorkloadsClient,
  findKind,
  knownKinds,
  workloadKind,
  type WorkloadsClient,
} from './index.ts';

const json =
  (value: unknown, status = 200): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

const lines =
  (...values: unknown[]): Answer =>
  (response) =>
    void response.writeHead(200).end(values.map((value) => `${JSON.stringify(value)}\n`).join(''));

function clientOf(url: string): WorkloadsClient {
  return createWorkloadsClient({ transport: createFetchTransport({ origin: url, fetch, token: 'secret' }), server: url });
}

const shop = { kind: workloadKind, namespace: 'default', name: 'shop' };
const changed = (name: string, resourceVersion: string): object => ({ type: 'MODIFIED', object: { metadata: { name, resourceVersion } } });

test('questions go to the paths of Kubernetes, with the token, and names cannot leave them', async () => {
  await using server = await startTestServer(json({ items: [], metadata: {} }));
  const api = clientOf(server.url);
  await api.get({ ...shop, name: '../../secrets' });
  await api.list({ kind: workloadKind, labelSelector: 'a=b,c!=d' });
  await api.patch(shop, { spec: {} }, { dryRun: true, strict: true, subresource: 'scale' });
  await api.log({ namespace: 'a b', name: 'shop' }, { follow: true, previous: false, tailLines: 0 });
  await api.metrics(shop, 60);
  assert.deepEqual(
    server.requests.map(({ method, url }) => `${method} ${url}`),
    [
      'GET /apis/openclaw.io/v1/namespaces/default/workloads/..%2F..%2Fsecrets',
      'GET /apis/openclaw.io/v1/workloads?labelSelector=a%3Db%2Cc%21%3Dd',
      'PATCH /apis/openclaw.io/v1/namespaces/default/workloads/shop/scale?dryRun=All&fieldValidation=Strict',
      'GET /apis/openclaw.io/v1/namespaces/a%20b/workloads/shop/log?follow=true&tailLines=0',
      'GET /apis/openclaw.io/v1/namespaces/default/workloads/shop/metrics?windowSeconds=60',
    ],
  );
  assert.equal(server.requests[2]?.headers['content-type'], 'application/merge-patch+json');
  assert.ok(server.requests.every(({ headers }) => headers.authorization === 'Bearer secret'));
});

test('a Status becomes an error with its reason and its causes, and another body only its status', async () => {
  const causes = [{ reason: 'FieldValueInvalid', field: 'spec.replicas', message: 'must be less' }];
  const status = {
    kind: 'Status',
    reason: 'Invalid',
    message: 'Workload "shop" is invalid',
    code: 422,
    details: { causes, retryAfterSeconds: 2 },
  };
  await using server = await startTestServer(json(status, 422), (response) => void response.writeHead(502).end('<html>password=1</html>'));
  const api = clientOf(server.url);
  await assert.rejects(api.get(shop), (error: unknown) => {
    assert.ok(error instanceof ApiRefusal);
    assert.deepEqual(
      [error.code, error.reason, error.causes, error.retryAfterMs, error.isStatus],
      ['workload_invalid', 'Invalid', causes, 2000, true],
    );
    return true;
  });
  await assert.rejects(api.get(shop), {
    code: 'http_502',
    message: 'The server answered with status 502.',
    isStatus: false,
    retryable: true,
  });
});

test('what is no JSON object, and nothing at all, are told apart', async () => {
  await using server = await startTestServer((response) => void response.end('hello'));
  const api = clientOf(server.url);
  await assert.rejects(api.get(shop), { code: 'unreadable_answer', message: /begins "hello"/ });
  await assert.rejects(clientOf('http://127.0.0.1:1').get(shop), { code: 'connection_failed', status: 0 });
});

test('a watch goes on where the server ended it, from the last version that it saw', async () => {
  await using server = await startTestServer(
    lines(changed('one', '11'), { type: 'BOOKMARK', object: { metadata: { resourceVersion: '15' } } }),
    lines(changed('two', '16')),
    lines(),
  );
  const names: string[] = [];
  for await (const { object } of clientOf(server.url).watch({ kind: workloadKind, resourceVersion: '10' })) {
    if ('metadata' in object) names.push(String((object.metadata as { name: string }).name));
  }
  assert.deepEqual(names, ['one', 'two']);
  assert.deepEqual(
    server.requests.map(({ url }) => new URL(url, server.url).searchParams.get('resourceVersion')),
    ['10', '15', '16'],
  );
});

test('a watch whose version is forgotten fails with that, and one that is given up is closed', async () => {
  await using server = await startTestServer(
    lines({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } }),
    (response) => void response.writeHead(200).write(`${JSON.stringify(changed('one', '11'))}\n`),
  );
  const api = clientOf(server.url);
  const first = api.watch({ kind: workloadKind, resourceVersion: '1' })[Symbol.asyncIterator]();
  await assert.rejects(first.next(), { code: 'workload_version_gone', status: 410 });
  const closed = server.cutOff();
  for await (const _event of api.watch({ kind: workloadKind, resourceVersion: '1' })) break;
  await closed;
});

test('a log ends with the signal, and one that breaks off is an error', async () => {
  await using server = await startTestServer(
    (response) => void response.writeHead(200).write('one\n'),
    (response) => {
      response.writeHead(200).write('one\n');
      setImmediate(() => response.destroy());
    },
  );
  const api = clientOf(server.url);
  const ending = new AbortController();
  await assert.rejects(
    async () => {
      for await (const _piece of await api.log(shop, { follow: true }, ending.signal)) ending.abort(new Error('enough'));
    },
    { message: 'enough' },
  );
  await assert.rejects(
    async () => {
      for await (const _piece of await api.log(shop, {})) continue;
    },
    { code: 'answer_broken' },
  );
});

test('warnings of the server come with what was changed', async () => {
  await using server = await startTestServer((response) => {
    response.setHeader('warning', ['299 - "one"', '299 openclaw "a \\"second\\" one, with a comma"']);
    response.end('{"metadata":{}}');
  });
  const { warnings } = await clientOf(server.url).create({ kind: workloadKind, namespace: 'default', manifest: {} });
  assert.deepEqual(warnings, ['one', 'a "second" one, with a comma']);
});

test('kinds are found by every word that people use for them, and subresources are none', async () => {
  for (const word of ['workloads', 'workload', 'wl', 'Workload', 'workloads.openclaw.io', 'workload.v1.openclaw.io']) {
    assert.equal(findKind(word, knownKinds), workloadKind, word);
  }
  assert.equal(findKind('workloads.apps', knownKinds), undefined);
  await using server = await startTestServer(
    json({ groups: [{ preferredVersion: { groupVersion: 'openclaw.io/v1' } }] }),
    json({ groupVersion: 'v1', resources: [{ name: 'pods', kind: 'Pod', namespaced: true }] }),
    json({
      groupVersion: 'openclaw.io/v1',
      resources: [
        { name: 'alerts', kind: 'Alert', namespaced: true },
        { name: 'alerts/status', kind: 'Alert', namespaced: true },
      ],
    }),
  );
  const kinds = await clientOf(server.url).kinds();
  assert.deepEqual(
    kinds.map(({ group, plural, singular }) => `${group}/${plural}/${singular}`),
    ['/pods/pod', 'openclaw.io/alerts/alert'],
  );
});
