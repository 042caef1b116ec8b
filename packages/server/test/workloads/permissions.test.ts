/** Who may do what with workloads: whoever writes one runs programs on this machine. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { manifest, startApiServer, tokens, type ApiServer } from './api-server.ts';

let api: ApiServer;
before(async () => {
  api = await startApiServer();
  await api.request('default/workloads', { method: 'POST', json: manifest('one') });
});
after(() => api[Symbol.asyncDispose]());

test('without a credential, and with one for models alone, nothing is shown', async () => {
  for (const path of ['/api', '/apis', '/version', '/openapi/v3', 'default/workloads', 'default/workloads/one/log']) {
    const stranger = await api.request(path, { token: '' });
    assert.deepEqual([stranger.status, stranger.body.kind, stranger.body.reason], [401, 'Status', 'Unauthorized'], path);
    const { status } = await api.request(path, { token: tokens.models });
    assert.equal(status, 403, path);
  }
});

test('who wrote what is in the audit log, with the paths that changed and without their values; what changes nothing is not', async () => {
  const written = async () =>
    (await api.audit.list({ limit: 100 }))
      .filter(({ subject }) => subject === 'audited/shop')
      .map(({ actor, action, detail }) => [actor, action, detail['changed']])
      .toReversed();
  const patch = (json: unknown, query = '') =>
    api.request(`audited/workloads/shop${query}`, { method: 'PATCH', contentType: 'application/merge-patch+json', json });
  const { body: made } = await api.request('audited/workloads', { method: 'POST', json: manifest('shop') });
  assert.deepEqual(await written(), [['gateway-token', 'workload.created', undefined]]);
  const [container] = made.spec.containers;
  const env = [{ name: 'PASSWORD', value: 'correct-horse' }];
  const containers = [{ ...container, env, resources: { ...container.resources, limits: { memory: '1Gi' } } }];
  await patch({ spec: { replicas: 2, containers }, metadata: { labels: { app: 'shop' } } });
  await patch({ spec: { replicas: 2 } });
  await patch({ spec: { replicas: 5 } }, '?dryRun=All');
  await patch({ spec: { replicas: -1 } });
  await patch({ spec: { replicas: 0 } }, '/scale');
  await api.request('audited/workloads/shop', { method: 'DELETE' });
  await api.request('audited/workloads/shop', { method: 'DELETE' });
  const paths = 'metadata.labels, spec.replicas, spec.containers[0].resources.limits.memory, spec.containers[0].env';
  assert.deepEqual(
    (await written()).map(([, action]) => action),
    ['workload.created', 'workload.changed', 'workload.changed', 'workload.deleted'],
  );
  const [, changed, scaled] = await written();
  assert.deepEqual(String(changed?.[2]).split(', ').toSorted(), paths.split(', ').toSorted());
  assert.equal(scaled?.[2], 'spec.replicas');
  assert.doesNotMatch(JSON.stringify(await api.audit.list({ limit: 100 })), /correct-horse/);
});

test('who may read sees everything and changes nothing', async () => {
  assert.equal((await api.request('default/workloads/one', { token: tokens.reader })).status, 200);
  const writes = [
    ['default/workloads', { method: 'POST', json: manifest('two') }],
    ['default/workloads/one', { method: 'PUT', json: manifest('one') }],
    ['default/workloads/one', { method: 'PATCH', contentType: 'application/merge-patch+json', json: { spec: { replicas: 0 } } }],
    ['default/workloads/one/scale', { method: 'PATCH', contentType: 'application/merge-patch+json', json: { spec: { replicas: 0 } } }],
    ['default/workloads/one/status', { method: 'PUT', json: manifest('one') }],
    ['default/workloads/one', { method: 'DELETE' }],
    ['default/workloads', { method: 'DELETE' }],
  ] as const;
  for (const [path, init] of writes) {
    for (const who of [tokens.reader, tokens.writer]) {
      const { status, body } = await api.request(path, { ...init, token: who });
      assert.deepEqual([status, body.reason], [403, 'Forbidden'], `${init.method} ${path} as ${who}`);
    }
  }
  assert.equal((await api.request('default/workloads/one')).body.spec.replicas, 1);
});

test('a recording needs less than a workload, and more than reading', async () => {
  const json = { apiVersion: 'openclaw.io/v1', kind: 'MemoryTrace', metadata: { name: 'trace' }, spec: { workload: 'one' } };
  assert.equal((await api.request('default/memorytraces', { method: 'POST', json, token: tokens.reader })).status, 403);
  assert.equal((await api.request('default/memorytraces', { method: 'POST', json, token: tokens.writer })).status, 201);
});

test('a review of access says beforehand what would be answered', async () => {
  const may = async (token: string, verb: string, name: string) => {
    const [resource, ...group] = name.split('.');
    const resourceAttributes = { verb, resource, group: group.join('.') };
    const json = { kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', spec: { resourceAttributes } };
    const { body } = await api.request('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { method: 'POST', json, token });
    return body.status.allowed;
  };
  assert.deepEqual(
    [
      await may(tokens.admin, 'create', 'workloads.openclaw.io'),
      await may(tokens.writer, 'create', 'workloads.openclaw.io'),
      await may(tokens.reader, 'get', 'workloads.openclaw.io'),
    ],
    [true, false, true],
  );
  assert.deepEqual(
    [
      await may(tokens.writer, 'create', 'memorytraces.openclaw.io'),
      await may(tokens.models, 'list', 'workloads.openclaw.io'),
      await may(tokens.admin, 'delete', 'pods'),
    ],
    [true, false, false],
  );
  assert.deepEqual([await may(tokens.admin, '*', '*'), await may(tokens.writer, '*', '*')], [true, false]);
});
