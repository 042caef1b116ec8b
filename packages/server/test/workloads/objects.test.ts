/** Objects over HTTP: what is accepted, what is refused and in which words, and what others see of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { manifest, running, startApiServer, watchLines, type ApiServer } from './api-server.ts';

let api: ApiServer;
before(async () => {
  api = await startApiServer();
});
after(() => api[Symbol.asyncDispose]());

const create = (path: string, ...wanted: Parameters<typeof manifest>) => api.request(path, { method: 'POST', json: manifest(...wanted) });

describe('writing', () => {
  test('a workload is stored with its defaults, and with what was written as it was written', async () => {
    const { status, body } = await create('made/workloads', 'one');
    assert.equal(status, 201);
    assert.equal(body.metadata.namespace, 'made');
    assert.equal(body.spec.containers[0].resources.limits.memory, '512Mi');
    const { replicas, driver, restartPolicy, terminationGracePeriodSeconds, volumes, revisionHistoryLimit } = body.spec;
    assert.deepEqual(
      { replicas, driver, restartPolicy, terminationGracePeriodSeconds, volumes, revisionHistoryLimit },
      { replicas: 1, driver: 'auto', restartPolicy: 'Always', terminationGracePeriodSeconds: 30, volumes: [], revisionHistoryLimit: 10 },
    );
    assert.deepEqual((await api.request('made/workloads/one')).body, body);
  });

  test('a status that comes with an object is not taken; /status takes it, and nothing else', async () => {
    const { body: made } = await api.request('status/workloads', {
      method: 'POST',
      json: { ...manifest('one'), status: { phase: 'Running' } },
    });
    assert.equal(made.status, undefined);
    const json = { ...made, spec: { ...made.spec, replicas: 7 }, status: running('one') };
    const { body } = await api.request('status/workloads/one/status', { method: 'PUT', json });
    assert.equal(body.status.phase, 'Running');
    assert.equal(body.spec.replicas, 1);
    assert.equal(body.metadata.generation, 1);
    const merged = await api.request('status/workloads/one/status', {
      ...{ method: 'PATCH', contentType: 'application/merge-patch+json', json: { status: { phase: 'Degraded' }, spec: { replicas: 9 } } },
    });
    assert.equal(merged.body.status.phase, 'Degraded');
    assert.equal(merged.body.status.readyReplicas, 1);
    assert.equal(merged.body.spec.replicas, 1);
  });

  test('every mistake is named at once, with its path, as Kubernetes’ clients print it', async () => {
    const container = {
      ...{ name: 'Main', image: 'x', resources: { limits: { memory: '12Mx' }, requests: { cpu: '2' } } },
      ...{ ports: [{ containerPort: 99_999 }], livenessProbe: { httpGet: { port: 'web' }, exec: { command: [] } } },
    };
    const { status, body } = await create('wrong/workloads', 'Bad_Name', {
      containers: [container],
      replicas: -1,
      restartPolicy: 'always',
    });
    assert.equal(status, 422);
    assert.equal(body.kind, 'Status');
    assert.equal(body.reason, 'Invalid');
    assert.equal(body.details.kind, 'Workload');
    const causes = body.details.causes as { field: string; reason: string; message: string }[];
    assert.deepEqual(causes.map(({ field, reason }) => `${field} ${reason}`).toSorted(), [
      'metadata.name FieldValueInvalid',
      'spec.containers[0].livenessProbe.exec.command FieldValueRequired',
      'spec.containers[0].name FieldValueInvalid',
      'spec.containers[0].ports[0].containerPort FieldValueInvalid',
      'spec.containers[0].resources.limits.memory FieldValueInvalid',
      'spec.replicas FieldValueInvalid',
      'spec.restartPolicy FieldValueNotSupported',
    ]);
    const memory = causes.find(({ field }) => field.endsWith('memory'))!;
    assert.match(memory.message, /^Invalid value: "12Mx": must be a number with an optional suffix/);
    assert.match(causes.find(({ field }) => field === 'spec.restartPolicy')!.message, /did you mean "Always"\?$/);
    assert.equal((await api.request('wrong/workloads')).body.items.length, 0);
  });

  test('an unknown field is a mistake that names the nearest right one, a warning, or nothing, as it is asked for', async () => {
    const json = manifest('one', { replica: 3 }, {});
    const strict = await api.request('fields/workloads?fieldValidation=Strict', { method: 'POST', json });
    assert.equal(strict.status, 422);
    assert.match(strict.body.message, /spec\.replica: unknown field "spec\.replica"; did you mean "replicas"\?/);
    const warned = await api.request('fields/workloads?dryRun=All', { method: 'POST', json });
    assert.match(warned.headers.get('warning') ?? '', /^299 - "unknown field \\"spec.replica\\"; did you mean \\"replicas\\"\?"$/);
    assert.equal(warned.body.spec.replica, undefined);
    const ignored = await api.request('fields/workloads?fieldValidation=Ignore', { method: 'POST', json });
    assert.equal(ignored.status, 201);
    assert.equal(ignored.headers.get('warning'), null);
  });

  test('what may be written and is probably not meant is warned of once', async () => {
    const memory = { limits: { memory: '9Gi' }, requests: { memory: '9Gi' } };
    const spec = { containers: [{ name: 'main', image: 'x', resources: memory }] };
    const { headers, status } = await create('warned/workloads', 'one', spec);
    assert.equal(status, 201);
    const warning = headers.get('warning') ?? '';
    assert.match(warning, /the request equals the limit of 9Gi/);
    assert.match(warning, /9Gi is more than this machine has \(8192Mi\)/);
    const labelled = await api.request('warned/workloads/one', {
      ...{ method: 'PATCH', contentType: 'application/merge-patch+json', json: { metadata: { labels: { a: 'b' } } } },
    });
    assert.equal(labelled.headers.get('warning'), null);
  });

  test('a dry run says what would be, refuses what would be refused, and stores nothing', async () => {
    assert.equal((await api.request('dry/workloads?dryRun=All', { method: 'POST', json: manifest('one') })).status, 201);
    assert.equal((await api.request('dry/workloads/one')).status, 404);
    const { body: made } = await create('dry/workloads', 'one');
    assert.equal((await api.request('dry/workloads?dryRun=All', { method: 'POST', json: manifest('one') })).status, 409);
    const patch = { method: 'PATCH', contentType: 'application/merge-patch+json', json: { spec: { replicas: 4 } } };
    assert.equal((await api.request('dry/workloads/one?dryRun=All', patch)).body.spec.replicas, 4);
    assert.equal((await api.request('dry/workloads/one?dryRun=All', { method: 'DELETE' })).status, 200);
    assert.deepEqual((await api.request('dry/workloads/one')).body, made);
    assert.equal((await api.request('dry/workloads/one?dryRun=Server', { method: 'DELETE' })).status, 400);
  });

  test('merge patches and JSON patches are taken; the other two are 415 and say so', async () => {
    await create('patched/workloads', 'one', {}, { labels: { app: 'x' } });
    const patch = (contentType: string, json: unknown) => api.request('patched/workloads/one', { method: 'PATCH', contentType, json });
    const merged = await patch('application/merge-patch+json', {
      metadata: { labels: { app: null, tier: 'gold' } },
      spec: { replicas: 2 },
    });
    assert.deepEqual([merged.body.metadata.labels, merged.body.spec.replicas, merged.body.metadata.generation], [{ tier: 'gold' }, 2, 2]);
    const operations = [
      { op: 'test', path: '/spec/replicas', value: 2 },
      { op: 'replace', path: '/spec/replicas', value: 5 },
      { op: 'add', path: '/metadata/labels/openclaw.io~1x', value: 'y' },
    ];
    const patched = await patch('application/json-patch+json', operations);
    assert.deepEqual([patched.body.spec.replicas, patched.body.metadata.labels['openclaw.io/x']], [5, 'y']);
    assert.equal((await patch('application/json-patch+json', operations)).status, 400, 'the test no longer holds');
    const strategic = await patch('application/strategic-merge-patch+json', {});
    assert.deepEqual([strategic.status, strategic.body.reason], [415, 'UnsupportedMediaType']);
    const applied = await patch('application/apply-patch+yaml', 'spec: {}');
    assert.equal(applied.status, 415);
    assert.match(applied.body.message, /server-side apply/);
    assert.equal((await patch('application/merge-patch+json', { spec: { containers: null } })).status, 422);
  });

  test('who sends a version or a uid along changes that one or nothing', async () => {
    const { body: first } = await create('conflict/workloads', 'one');
    const replaced = { ...first, spec: { ...first.spec, replicas: 2 } };
    assert.equal((await api.request('conflict/workloads/one', { method: 'PUT', json: replaced })).status, 200);
    const again = await api.request('conflict/workloads/one', {
      method: 'PUT',
      json: { ...replaced, spec: { ...first.spec, replicas: 3 } },
    });
    assert.equal(again.status, 409);
    assert.equal(again.body.reason, 'Conflict');
    assert.match(again.body.message, /^Operation cannot be fulfilled on workloads\.openclaw\.io "one": the object has been modified/);
    const { resourceVersion: _version, ...metadata } = first.metadata;
    const unversioned = { ...first, metadata, spec: { ...first.spec, replicas: 4 } };
    assert.equal((await api.request('conflict/workloads/one', { method: 'PUT', json: unversioned })).body.spec.replicas, 4);
    const uid = { preconditions: { uid: 'another' } };
    assert.equal((await api.request('conflict/workloads/one', { method: 'DELETE', json: uid })).status, 409);
  });

  test('what is not there, is there already, or belongs elsewhere is refused with the Status that clients know', async () => {
    const missing = await api.request('known/workloads/none');
    assert.deepEqual(missing.body, {
      ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'workloads.openclaw.io "none" not found' },
      ...{ reason: 'NotFound', details: { name: 'none', group: 'openclaw.io', kind: 'workloads' }, code: 404 },
    });
    await create('known/workloads', 'one');
    const twice = await create('known/workloads', 'one');
    assert.deepEqual([twice.status, twice.body.reason], [409, 'AlreadyExists']);
    assert.equal((await create('known/workloads', 'two', {}, { namespace: 'other' })).status, 400);
    assert.equal((await api.request('known/workloads', { method: 'POST', json: { ...manifest('two'), kind: 'Workloads' } })).status, 400);
    assert.equal((await api.request('known/workloads/one', { method: 'PUT', json: manifest('two') })).status, 400);
    assert.equal((await api.request('known/alerts')).status, 404, 'nothing acts on alerts yet');
    assert.equal((await api.request('known/workloads', { method: 'POST', json: '{' })).body.reason, 'BadRequest');
    assert.equal((await api.request('known/workloads', { method: 'POST', json: 'a: b', contentType: 'application/yaml' })).status, 415);
    assert.equal((await api.request('known/workloads', { method: 'POST', json: `"${'x'.repeat(1_100_000)}"` })).status, 413);
  });

  test('a deletion says what went; with finalizers it waits for them; what it owns goes with it', async () => {
    const { body: made } = await create('gone/workloads', 'one', {}, { finalizers: ['openclaw.io/instances'] });
    const { status, body } = await api.request('gone/workloads/one', { method: 'DELETE' });
    assert.deepEqual([status, body.status, body.details.uid], [200, 'Success', made.metadata.uid]);
    assert.ok((await api.request('gone/workloads/one')).body.metadata.deletionTimestamp);
    const ownerReferences = [{ apiVersion: 'openclaw.io/v1', kind: 'Workload', name: 'one', uid: made.metadata.uid }];
    const trace = {
      apiVersion: 'openclaw.io/v1',
      kind: 'MemoryTrace',
      metadata: { name: 'trace', ownerReferences },
      spec: { workload: 'one' },
    };
    assert.equal((await api.request('gone/memorytraces', { method: 'POST', json: trace })).status, 201);
    await api.request('gone/workloads/one', {
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      json: { metadata: { finalizers: null } },
    });
    assert.equal((await api.request('gone/workloads/one')).status, 404);
    assert.equal((await api.request('gone/memorytraces/trace')).status, 404);
    for (const name of ['a', 'b']) await create('gone/workloads', name, {}, { labels: { app: name } });
    await api.request('gone/workloads?labelSelector=app=a', { method: 'DELETE' });
    assert.deepEqual(
      (await api.request('gone/workloads')).body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['b'],
    );
  });

  test('a recording is not changed once it is there', async () => {
    const trace = { apiVersion: 'openclaw.io/v1', kind: 'MemoryTrace', metadata: { generateName: 'trace-' }, spec: { workload: 'one' } };
    const { body } = await api.request('fixed/memorytraces', { method: 'POST', json: trace });
    assert.match(body.metadata.name, /^trace-[a-z0-9]{5}$/);
    assert.deepEqual(body.spec, { workload: 'one', durationSeconds: 300, intervalSeconds: 1 });
    const patch = { method: 'PATCH', contentType: 'application/merge-patch+json' };
    const path = `fixed/memorytraces/${body.metadata.name}`;
    assert.equal((await api.request(path, { ...patch, json: { metadata: { labels: { a: 'b' } } } })).status, 200);
    assert.equal((await api.request(path, { ...patch, json: { spec: { durationSeconds: 10 } } })).status, 422);
  });

  test('/scale changes the replicas alone, and is checked like any change', async () => {
    await create('scaled/workloads', 'one');
    const scale = await api.request('scaled/workloads/one/scale');
    assert.deepEqual([scale.body.kind, scale.body.apiVersion, scale.body.spec.replicas], ['Scale', 'autoscaling/v1', 1]);
    const put = await api.request('scaled/workloads/one/scale', { method: 'PUT', json: { ...scale.body, spec: { replicas: 3 } } });
    assert.equal(put.body.spec.replicas, 3);
    assert.equal(
      (await api.request('scaled/workloads/one/scale', { method: 'PUT', json: { ...scale.body, spec: { replicas: 4 } } })).status,
      409,
    );
    const patch = { method: 'PATCH', contentType: 'application/merge-patch+json', json: { spec: { replicas: -4 } } };
    assert.equal((await api.request('scaled/workloads/one/scale', patch)).status, 422);
    assert.equal((await api.request('scaled/workloads/one')).body.spec.containers[0].image, 'registry.example.com/main:v1');
  });
});

describe('reading', () => {
  test('selectors find by labels and fields; what is no selector is refused by name', async () => {
    for (const [name, labels] of [
      ['a', { app: 'x', tier: 'gold' }],
      ['b', { app: 'y' }],
      ['c', {}],
    ] as const)
      await create('found/workloads', name, {}, { labels });
    const names = async (query: string) => {
      const { body } = await api.request(`found/workloads?${query}`);
      return body.items.map((item: { metadata: { name: string } }) => item.metadata.name).join('');
    };
    const cases = {
      'app=x': 'a',
      'app!=x': 'bc',
      'app in (x, y)': 'ab',
      'app notin (x)': 'bc',
      app: 'ab',
      '!app': 'c',
      'app,tier': 'a',
      'app==y': 'b',
    };
    for (const [selector, found] of Object.entries(cases))
      assert.equal(await names(`labelSelector=${encodeURIComponent(selector)}`), found, selector);
    assert.equal(await names('fieldSelector=metadata.name=b'), 'b');
    assert.equal(await names('fieldSelector=metadata.name!=b,status.phase=Pending'), 'ac');
    const unknown = await api.request('found/workloads?fieldSelector=spec.colour=red');
    assert.equal(unknown.status, 400);
    assert.match(unknown.body.message, /field label not supported: spec\.colour/);
    assert.equal((await api.request('found/workloads?labelSelector=a%20b')).status, 400);
  });

  test('a list comes in pages that show one moment, in order, over all namespaces or one', async () => {
    for (const name of ['a', 'b', 'c']) await create('paged/workloads', name);
    const first = await api.request('paged/workloads?limit=2');
    assert.equal(first.body.kind, 'WorkloadList');
    assert.equal(first.body.metadata.remainingItemCount, 1);
    await create('paged/workloads', 'bb');
    const second = await api.request(`paged/workloads?limit=2&continue=${first.body.metadata.continue}`);
    assert.deepEqual(
      second.body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['c'],
    );
    assert.equal(second.body.metadata.continue, undefined);
    const all = await api.request('/apis/openclaw.io/v1/workloads');
    assert.ok(all.body.items.length > 4);
  });

  test('a table has the columns of the kind, those of more detail with priority 1', async () => {
    await create('table/workloads', 'one', { replicas: 2 });
    await api.request('table/workloads/one/status', {
      ...{ method: 'PATCH', contentType: 'application/merge-patch+json', json: { status: running('one', 2) } },
    });
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const { body } = await api.request('table/workloads', { accept });
    assert.equal(body.kind, 'Table');
    const columns = body.columnDefinitions as { name: string; priority: number }[];
    assert.deepEqual(
      columns.filter(({ priority }) => priority === 0).map(({ name }) => name),
      ['Name', 'Phase', 'Ready', 'Restarts', 'Memory', 'Age'],
    );
    assert.deepEqual(body.rows[0].cells.slice(0, 5), ['one', 'Running', '2/2', 0, '200Mi/512Mi']);
    assert.equal(body.rows[0].object.kind, 'PartialObjectMetadata');
    const whole = await api.request('table/workloads/one?includeObject=Object', { accept });
    assert.equal(whole.body.rows[0].object.spec.replicas, 2);
  });
});

describe('watching', () => {
  test('what is there comes first, then changes; the initial events end with an annotated bookmark', async () => {
    await create('seen/workloads', 'one');
    const end = new AbortController();
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const lines = watchLines(`${api.url}/apis/openclaw.io/v1/namespaces/seen/workloads?${query}`, end.signal);
    const next = async () => (await lines.next()).value!;
    assert.deepEqual([(await next()).type], ['ADDED']);
    const bookmark = await next();
    assert.equal(bookmark.type, 'BOOKMARK');
    assert.equal(bookmark.object.metadata.annotations['k8s.io/initial-events-end'], 'true');
    await create('seen/workloads', 'two');
    await create('elsewhere/workloads', 'three');
    await api.request('seen/workloads/one', { method: 'DELETE' });
    const seen = [await next(), await next()].map(({ type, object }) => `${type} ${object.metadata.name}`);
    assert.deepEqual(seen, ['ADDED two', 'DELETED one']);
    end.abort();
    await assert.rejects(lines.next());
    const refused = await api.request('seen/workloads?watch=1&sendInitialEvents=true');
    assert.equal(refused.status, 400, 'without resourceVersionMatch');
  });

  test('a watch from a list on misses nothing; one of a version that is gone is told so', async () => {
    const { body: list } = await api.request('from/workloads');
    await create('from/workloads', 'one');
    const end = new AbortController();
    const from = list.metadata.resourceVersion;
    const path = '/apis/openclaw.io/v1/namespaces/from/workloads?watch=true&resourceVersion=';
    const lines = watchLines(api.url + path + from, end.signal, 'application/json;as=Table;v=v1;g=meta.k8s.io');
    const { value } = await lines.next();
    assert.deepEqual([value!.type, value!.object.kind, value!.object.rows[0].cells[0]], ['ADDED', 'Table', 'one']);
    end.abort();
    const gone = watchLines(`${api.url}${path}999999`, new AbortController().signal);
    const { value: error } = await gone.next();
    assert.deepEqual([error!.type, error!.object.code, error!.object.reason], ['ERROR', 410, 'Expired']);
    assert.equal((await gone.next()).done, true);
  });

  test('a watch ends after the time that it asks for, and shows one object where it names one', async () => {
    await create('timed/workloads', 'one');
    await create('timed/workloads', 'two');
    const path = '/apis/openclaw.io/v1/namespaces/timed/workloads?watch=true&timeoutSeconds=1&fieldSelector=metadata.name=two';
    const seen = [];
    for await (const { object } of watchLines(api.url + path, new AbortController().signal)) seen.push(object.metadata.name);
    assert.deepEqual(seen, ['two']);
  });
});
