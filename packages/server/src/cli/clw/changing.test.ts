/** What commands do to workloads: delete, restart, scale, rollout. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Workload, WorkloadStatus } from '@openclaw/protocol';
import { startApi, type ApiFixture } from './api.fixture.ts';

const key = 'workloads/default/shop';
const base = '/apis/openclaw.io/v1/namespaces/default/workloads/shop';

function addShop(api: ApiFixture, status: Partial<WorkloadStatus> = {}): void {
  api.add('workloads', {
    apiVersion: 'openclaw.io/v1',
    kind: 'Workload',
    metadata: { name: 'shop', generation: 2 },
    spec: { replicas: 2, containers: [{ name: 'svc', image: 'shop:2' }], volumes: [{ name: 'new' }] },
    status: { phase: 'Running', observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2, ...status },
  });
}

test('delete says what it deleted and waits until it is gone', async (t) => {
  const api = await startApi(t);
  addShop(api);
  let looks = 0;
  api.answers.set(`DELETE ${base}`, () => api.objects.get(key));
  api.onWait = () => {
    looks += 1;
    if (looks === 3) api.objects.delete(key);
  };
  assert.deepEqual(await api.run('delete workload shop'), { code: 0, stdout: 'workload.openclaw.io "shop" deleted\n', stderr: '' });
  assert.equal(looks, 3);
});

test('a name that another object took meanwhile is gone too', async (t) => {
  const api = await startApi(t);
  addShop(api);
  api.answers.set(`DELETE ${base}`, () => api.objects.get(key));
  api.onWait = () => void api.add('workloads', { metadata: { name: 'shop', uid: 'another' } });
  assert.equal((await api.run('delete workload shop')).code, 0);
});

test('delete that waits in vain says who holds it; --wait=false does not wait', async (t) => {
  const api = await startApi(t);
  api.add('workloads', { metadata: { name: 'shop', finalizers: ['openclaw.io/instances'] } });
  api.answers.set(`DELETE ${base}`, () => api.objects.get(key));
  const { code, stderr } = await api.run('delete workload shop --timeout 5s');
  assert.equal(code, 1);
  assert.match(
    stderr,
    /The end of workload\.openclaw\.io\/shop has not come about within 5 s: it is still held by openclaw\.io\/instances/,
  );
  api.onWait = () => assert.fail('it waited');
  assert.equal((await api.run('delete workload shop --wait=false')).code, 0);
  assert.equal((await api.run('delete workload shop --wait=maybe')).code, 2);
});

test('delete takes files and selections, and nothing that was not named', async (t) => {
  const api = await startApi(t);
  addShop(api);
  const none = await api.run('delete workloads');
  assert.equal(none.code, 2);
  assert.match(none.stderr, /No workload was named\.\n.*--all/);
  const file = api.file('w.yaml', 'apiVersion: openclaw.io/v1\nkind: Workload\nmetadata: {name: shop}\n');
  assert.equal((await api.run(`delete -f ${file}`)).stdout, 'workload.openclaw.io "shop" deleted\n');
  assert.equal((await api.run(`delete -f ${file}`)).code, 1);
  assert.deepEqual(await api.run(`delete -f ${file} --ignore-not-found`), { code: 0, stdout: '', stderr: '' });
  addShop(api);
  assert.equal((await api.run('delete workloads --all')).stdout, 'workload.openclaw.io "shop" deleted\n');
});

test('restart changes an annotation of the template, and scale the subresource', async (t) => {
  const api = await startApi(t);
  addShop(api);
  assert.equal((await api.run('restart workload shop')).stdout, 'workload.openclaw.io/shop restarted\n');
  assert.deepEqual(api.bodies.at(-1), {
    spec: { template: { metadata: { annotations: { 'openclaw.io/restartedAt': '2026-01-01T12:00:00.000Z' } } } },
  });
  assert.equal((await api.run('scale workload/shop --replicas 5')).stdout, 'workload.openclaw.io/shop scaled\n');
  assert.equal(api.requests.at(-1), `PATCH ${base}/scale`);
  assert.deepEqual(api.bodies.at(-1), { spec: { replicas: 5 } });
  assert.equal((await api.run('scale shop --replicas many')).code, 2);
  assert.equal((await api.run('restart pod/shop-1')).code, 2);
});

test('rollout status goes on until the instances are of the new revision and ready, and says each step once', async (t) => {
  const api = await startApi(t);
  addShop(api, { observedGeneration: 1 });
  const steps: Partial<WorkloadStatus>[] = [
    { updatedReplicas: 1 },
    { updatedReplicas: 1 },
    { replicas: 3 },
    { readyReplicas: 1, phase: 'CrashLoopBackOff', message: 'exit code 1' },
    {},
  ];
  api.onWait = () => addShop(api, steps.shift());
  const { code, stdout } = await api.run('rollout status workload shop');
  assert.equal(code, 0);
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    'Waiting until the change is taken up …',
    'Waiting: 1 of 2 instances are of the new revision …',
    'Waiting: 1 old instances end …',
    'Waiting: 1 of 2 instances are ready (CrashLoopBackOff: exit code 1) …',
    '"shop" is rolled out',
  ]);
});

test('rollout status fails where the workload has, where time is up, and where it was not to wait', async (t) => {
  const api = await startApi(t);
  addShop(api, { phase: 'Failed', message: 'no such command' });
  assert.deepEqual(await api.run('rollout status shop'), { code: 1, stdout: '"shop" has failed: no such command\n', stderr: '' });
  addShop(api, { readyReplicas: 0 });
  const late = await api.run('rollout status shop --timeout 2s');
  assert.equal(late.code, 1);
  assert.match(late.stderr, /The rollout of shop has not come about within 2 s/);
  assert.equal((await api.run('rollout status shop --no-watch')).code, 1);
});

test('undo puts the whole spec of a revision in the place of the present one', async (t) => {
  const api = await startApi(t);
  addShop(api);
  const spec = { replicas: 1, containers: [{ name: 'svc', image: 'shop:1' }] };
  const items = [
    { revision: 2, createdAt: '2026-01-01T11:00:00Z', spec: {} },
    { revision: 1, createdAt: '2026-01-01T10:00:00Z', spec, cause: 'first' },
  ];
  api.answers.set(`GET ${base}/revisions`, () => ({ items }));
  assert.equal(
    (await api.run('rollout history workload shop')).stdout,
    'REVISION  CREATED               CHANGE-CAUSE\n1         2026-01-01T10:00:00Z  first\n2         2026-01-01T11:00:00Z  <none>\n',
  );
  assert.match((await api.run('rollout history shop --revision 1')).stdout, /image: shop:1/);
  assert.equal((await api.run('rollout undo workload shop')).stdout, 'workload.openclaw.io/shop rolled back to revision 1\n');
  assert.deepEqual((api.objects.get(key) as Workload).spec, spec);
  const { code, stderr } = await api.run('rollout undo shop --to-revision 7');
  assert.equal(code, 1);
  assert.match(stderr, /No revision 7 of "shop" is kept\.\n {2}There are 1, 2/);
});
