/** What is projected for Kubernetes' own tools: Pods, their output and metrics, events, namespaces; and what is told of workloads beside their objects. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { MemorySample, WorkloadMetrics } from '@openclaw/protocol';
import { OpenClawError } from '../../src/core/errors.ts';
import type { WorkloadLine } from '../../src/workloads/index.ts';
import { manifest, running, startApiServer, watchLines, type ApiServer } from './api-server.ts';

const merge = { method: 'PATCH', contentType: 'application/merge-patch+json' } as const;
const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

const sample = (at: number, cpuSeconds: number): MemorySample => ({
  ...{
    at,
    cpuSeconds,
    usageBytes: 3e8,
    workingSetBytes: 2 ** 28,
    rssBytes: 1e8,
    anonymousBytes: 1e8,
    fileBytes: 0,
    swapBytes: 0,
    restarts: 0,
  },
});
const samples = [sample(1_767_225_600_000, 10), sample(1_767_225_610_000, 12.5)];

let api: ApiServer;
const asked: object[] = [];

before(async () => {
  api = await startApiServer({
    insight: {
      async metrics({ namespace, name }, windowMs): Promise<WorkloadMetrics> {
        asked.push({ metrics: name, windowMs });
        const instance = {
          instance: `${name}-5f7c9-x2k40`,
          driver: 'process',
          limits: 'kernel',
          samples,
          marks: [],
          latest: samples[1]!,
          peakBytes: 1,
        } as const;
        return { namespace, name, from: 0, to: 1, instances: [instance] };
      },
      async *output(workload, { signal, ...wish }): AsyncGenerator<WorkloadLine> {
        asked.push({ output: workload.name, ...wish });
        if (wish.container === 'none') throw new OpenClawError('workload_not_found', { details: { resource: 'workloads', ...workload } });
        const from = { instance: `${workload.name}-5f7c9-x2k40`, container: 'main' };
        yield { atMs: 1_767_225_600_000, stream: 'stdout', ...from, text: 'hello' };
        yield { atMs: 1_767_225_601_000, stream: 'runtime', ...from, text: 'clw-memory-oom detected' };
        if (wish.follow) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
      revisions: async () => ({ items: [] }),
    },
  });
  for (const name of ['one', 'two'])
    await api.request('pods/workloads', { method: 'POST', json: manifest(name, { replicas: 2 }, { labels: { app: name } }) });
  await api.request('pods/workloads/one/status', { ...merge, json: { status: running('one', 2) } });
});
after(() => api[Symbol.asyncDispose]());

describe('Pods', () => {
  test('each instance is a Pod that belongs to its workload, and says how its containers are', async () => {
    const { body } = await api.request('/api/v1/namespaces/pods/pods');
    assert.equal(body.kind, 'PodList');
    assert.deepEqual(
      body.items.map((pod: { metadata: { name: string } }) => pod.metadata.name),
      ['one-5f7c9-x2k40', 'one-5f7c9-x2k41'],
    );
    const { body: pod } = await api.request('/api/v1/namespaces/pods/pods/one-5f7c9-x2k40');
    assert.equal(pod.metadata.ownerReferences[0].name, 'one');
    assert.equal(pod.metadata.labels['openclaw.io/workload'], 'one');
    assert.deepEqual(
      [pod.spec.nodeName, pod.status.phase, pod.spec.containers[0].image],
      ['here', 'Running', 'registry.example.com/main:v1'],
    );
    assert.equal((await api.request('/api/v1/namespaces/pods/pods?labelSelector=openclaw.io/workload=two')).body.items.length, 0);
    const paged = await api.request('/api/v1/pods?limit=1');
    const rest = await api.request(`/api/v1/pods?limit=5&continue=${paged.body.metadata.continue}`);
    assert.deepEqual(
      rest.body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['one-5f7c9-x2k41'],
    );
  });

  test('in a table a Pod’s status is the word that Kubernetes’ users look for', async () => {
    const finishedAt = '2026-11-20T10:00:00Z';
    const terminated = { reason: 'OOMKilled', exitCode: 137, startedAt: finishedAt, finishedAt };
    const containers = [
      { name: 'main', ready: false, restarts: 4, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated } },
    ];
    await api.request('crash/workloads', { method: 'POST', json: manifest('bad') });
    await api.request('crash/workloads/bad/status', {
      ...merge,
      json: { status: running('bad', 1, { containers, phase: 'CrashLoopBackOff', ready: false }) },
    });
    const { body } = await api.request('/api/v1/namespaces/crash/pods', { accept: asTable });
    assert.deepEqual(body.rows[0].cells.slice(0, 4), ['bad-5f7c9-x2k40', '0/1', 'CrashLoopBackOff', 4]);
    const pod = (await api.request('/api/v1/namespaces/crash/pods/bad-5f7c9-x2k40')).body;
    assert.deepEqual(pod.status.containerStatuses[0].lastState.terminated, terminated);
  });

  test('a watch of Pods has the changes of theirs alone, from a version on', async () => {
    await api.request('moving/workloads', { method: 'POST', json: manifest('one') });
    await api.request('moving/workloads/one/status', { ...merge, json: { status: running('one', 2) } });
    const { body: list } = await api.request('/api/v1/namespaces/moving/pods');
    await api.request('moving/workloads/one', { ...merge, json: { metadata: { annotations: { a: 'b' } } } });
    await api.request('moving/workloads/one/status', { ...merge, json: { status: running('one', 3) } });
    await api.request('moving/workloads/one', { method: 'DELETE' });
    const path = `/api/v1/namespaces/moving/pods?watch=true&timeoutSeconds=1&resourceVersion=${list.metadata.resourceVersion}`;
    const seen = [];
    for await (const { type, object } of watchLines(api.url + path, new AbortController().signal))
      seen.push(`${type} ${object.metadata.name.slice(-1)}`);
    assert.deepEqual(seen, ['ADDED 2', 'DELETED 0', 'DELETED 1', 'DELETED 2']);
  });

  test('they are only read', async () => {
    const { status, body } = await api.request('/api/v1/namespaces/pods/pods/one-5f7c9-x2k40', { method: 'DELETE' });
    assert.deepEqual([status, body.reason], [405, 'MethodNotAllowed']);
  });
});

describe('output', () => {
  test('lines of a Pod or of a workload are text, with their times where that is asked for', async () => {
    const pod = await api.request(
      '/api/v1/namespaces/pods/pods/one-5f7c9-x2k40/log?timestamps=true&tailLines=5&container=main&previous=true',
    );
    assert.equal(pod.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(pod.body, '2026-01-01T00:00:00.000Z hello\n2026-01-01T00:00:01.000Z clw-memory-oom detected\n');
    assert.deepEqual(asked.at(-1), {
      output: 'one',
      follow: false,
      previous: true,
      tailLines: 5,
      instance: 'one-5f7c9-x2k40',
      container: 'main',
    });
    assert.equal((await api.request('pods/workloads/one/log?limitBytes=3')).body, 'hello\n');
    assert.equal((await api.request('/api/v1/namespaces/pods/pods/none/log')).status, 404);
    assert.equal((await api.request('pods/workloads/one/log?container=none')).status, 404);
    assert.equal((await api.request('pods/workloads/one/log?sinceTime=yesterday')).status, 400);
  });

  test('a client that follows gets lines at once, and ends it by leaving', async () => {
    const end = new AbortController();
    const response = await fetch(`${api.url}/apis/openclaw.io/v1/namespaces/pods/workloads/one/log?follow=true`, {
      ...{ signal: end.signal, headers: { authorization: 'Bearer token-of-the-operator' } },
    });
    const reader = response.body!.getReader();
    assert.match(Buffer.from((await reader.read()).value).toString(), /^hello\n/);
    end.abort();
    await assert.rejects(reader.read());
  });
});

test('what Pods use is the working set, and cores since the window began', async () => {
  const { body } = await api.request('/apis/metrics.k8s.io/v1beta1/namespaces/pods/pods');
  assert.equal(body.kind, 'PodMetricsList');
  const [measured, stated] = body.items;
  assert.deepEqual(measured.containers, [{ name: 'main', usage: { memory: '256Mi', cpu: '250m' } }]);
  assert.deepEqual(stated.containers, [{ name: 'main', usage: { memory: '200Mi', cpu: '0' } }], 'what the status says');
});

test('events are found by what they are about, in both groups', async () => {
  const workload = (await api.request('pods/workloads/one')).body;
  const about = { apiVersion: 'openclaw.io/v1', kind: 'Workload', namespace: 'pods', name: 'one', uid: workload.metadata.uid };
  for (const [name, involvedObject] of [
    ['e1', about],
    ['e2', { ...about, name: 'two', uid: 'x' }],
  ] as const) {
    await api.store.create({
      ...{ apiVersion: 'v1', kind: 'Event', metadata: {}, key: { resource: 'events', namespace: 'pods', name } },
      rest: {
        ...{
          involvedObject,
          reason: 'clw-memory-oom',
          message: 'out of memory',
          type: 'Warning',
          count: 2,
          source: { component: 'openclaw' },
        },
        ...{ firstTimestamp: '2026-11-20T10:00:00Z', lastTimestamp: '2026-11-20T11:00:00Z' },
      },
    });
  }
  const selector = `involvedObject.name=one,involvedObject.namespace=pods,involvedObject.kind=Workload,involvedObject.uid=${about.uid}`;
  const { body } = await api.request(`/api/v1/namespaces/pods/events?fieldSelector=${encodeURIComponent(selector)}`);
  assert.deepEqual(
    body.items.map((event: { message: string }) => event.message),
    ['out of memory'],
  );
  const newer = await api.request('/apis/events.k8s.io/v1/namespaces/pods/events?fieldSelector=regarding.name=one');
  assert.deepEqual([newer.body.items[0].note, newer.body.items[0].regarding.name], ['out of memory', 'one']);
  const table = await api.request('/api/v1/namespaces/pods/events?fieldSelector=involvedObject.name=one', { accept: asTable });
  assert.deepEqual(table.body.rows[0].cells.slice(1, 5), ['Warning', 'clw-memory-oom', 'workload/one', 'out of memory']);
});

test('a namespace is there as soon as something is in it', async () => {
  const { body } = await api.request('/api/v1/namespaces');
  const names = body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
  assert.ok(names.includes('pods') && names.includes('default'));
  assert.equal((await api.request('/api/v1/namespaces/pods')).body.status.phase, 'Active');
  assert.equal((await api.request('/api/v1/namespaces/nobodys')).status, 404);
});

test('what is told beside an object is asked of those who know, for a window; an unknown path is 404', async () => {
  assert.equal((await api.request('pods/workloads/one/metrics?windowSeconds=60')).body.name, 'one');
  assert.deepEqual(asked.at(-1), { metrics: 'one', windowMs: 60_000 });
  assert.deepEqual((await api.request('pods/workloads/one/revisions')).body, { items: [] });
  assert.equal((await api.request('pods/workloads/one/metrics?windowSeconds=99999999')).status, 400);
  assert.equal((await api.request('pods/workloads/one/exec')).status, 404);
  assert.equal((await api.request('pods/workloads/one/metrics', { method: 'PUT', json: {} })).status, 405);
});

test('discovery names what is served, each with its verbs, and /openapi/v3 describes it', async () => {
  const groups = (await api.request('/apis')).body.groups.map(({ name }: { name: string }) => name);
  assert.deepEqual(groups, ['openclaw.io', 'events.k8s.io', 'metrics.k8s.io', 'authorization.k8s.io']);
  assert.deepEqual((await api.request('/api')).body.versions, ['v1']);
  const { body } = await api.request('/apis/openclaw.io/v1');
  const names = body.resources.map(({ name }: { name: string }) => name);
  assert.deepEqual(names, ['workloads', 'workloads/status', 'workloads/scale', 'memorytraces', 'memorytraces/status']);
  assert.equal((await api.request('/apis/openclaw.io')).body.kind, 'APIGroup');
  assert.equal((await api.request('/apis/apps/v1')).status, 404);
  const index = (await api.request('/openapi/v3')).body.paths;
  const document = (await api.request(index['apis/openclaw.io/v1'].serverRelativeURL.split('?')[0])).body;
  const { patch } = document.paths['/apis/openclaw.io/v1/namespaces/{namespace}/workloads/{name}'];
  assert.deepEqual(patch['x-kubernetes-group-version-kind'], { group: 'openclaw.io', version: 'v1', kind: 'Workload' });
  assert.ok(patch.parameters.some(({ name }: { name: string }) => name === 'fieldValidation'));
  const schema = document.components.schemas['io.openclaw.v1.Workload'];
  assert.match(schema.properties.spec.properties.containers.items.properties.image.description, /Docker image/);
});
