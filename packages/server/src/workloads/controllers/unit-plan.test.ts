import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerSpec } from '@openclaw/protocol';
import { place, type PlacementFacts } from './placement.ts';
import { expandVariables, planUnit, type UnitPlanOptions } from './unit-plan.ts';

function optionsOf(container: Partial<ContainerSpec>, more: Partial<UnitPlanOptions> = {}): UnitPlanOptions {
  let port = 40_000;
  return {
    id: { instance: 'shop-1', container: 'main', attempt: 0 },
    workload: { namespace: 'default', name: 'shop', uid: 'uid' },
    revision: 1,
    spec: { containers: [{ name: 'main', command: ['serve'], ...container }], volumes: [], terminationGracePeriodSeconds: 30 },
    driver: 'process',
    images: {},
    readSecret: async (name, key) => (name === 'database' && key === 'password' ? 'hidden' : undefined),
    baseEnvironment: { PATH: '/bin' },
    freePort: async () => (port += 1),
    ...more,
  };
}

test('a process is told where to listen, also within its arguments, and a container keeps its own port', async () => {
  const container = { args: ['--port', '$(PORT)'], ports: [{ containerPort: 8080 }, { containerPort: 9090 }] };
  const process = await planUnit(optionsOf(container));
  assert.deepEqual(process.args, ['--port', String(process.ports[0]?.reachedAtPort)]);
  assert.equal(process.environment['OPENCLAW_PORT_9090'], String(process.ports[1]?.reachedAtPort));
  const docker = await planUnit(optionsOf(container, { driver: 'docker' }));
  assert.deepEqual([docker.args[1], docker.environment['PATH']], ['8080', undefined]);
});

test('a program tells of its heap where its container says so, and only there', async () => {
  assert.equal((await planUnit(optionsOf({ reportsHeap: true }))).reportsHeap, true);
  assert.equal((await planUnit(optionsOf({}))).reportsHeap, undefined);
});

test('variables are filled in as Kubernetes does', () => {
  const variables = { A: '1' };
  assert.equal(expandVariables('$(A) $(B) $$(A) $A', variables), '1 $(B) $(A) $A');
});

test('a secret is read, an optional one may be missing, and a missing one says where it belongs', async () => {
  const env = (key: string, optional?: boolean): Partial<ContainerSpec> => ({
    env: [{ name: 'SECRET', valueFrom: { secretKeyRef: { name: 'database', key, ...(optional === undefined ? {} : { optional }) } } }],
  });
  assert.equal((await planUnit(optionsOf(env('password')))).environment['SECRET'], 'hidden');
  assert.equal((await planUnit(optionsOf(env('none', true)))).environment['SECRET'], undefined);
  await assert.rejects(planUnit(optionsOf(env('none'))), /credentials\/workloads\/database\/none/);
});

test('limits, mounts and the mapped command of an image are those of the spec', async () => {
  const options = optionsOf(
    {
      command: undefined as never,
      image: 'shop:v1',
      resources: { limits: { memory: '256Mi', cpu: '0.5' } },
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    },
    { images: { shop: ['node', 'shop.js'] } },
  );
  const plan = await planUnit({ ...options, spec: { ...options.spec, volumes: [{ name: 'data', emptyDir: { sizeLimit: '1Mi' } }] } });
  assert.deepEqual([plan.command, plan.memoryLimitBytes, plan.cpuLimitMilli], [['node', 'shop.js'], 256 * 2 ** 20, 500]);
  assert.deepEqual(plan.mounts, [{ path: '/data', readOnly: false, source: { kind: 'scratch', limitBytes: 2 ** 20 } }]);
});

test('auto takes a process for what is mapped, Docker for an image where there is a daemon, and says why where neither will do', () => {
  const template = (container: Partial<ContainerSpec>) => ({
    containers: [{ name: 'main', ...container }],
    volumes: [],
    restartPolicy: 'Always' as const,
    driver: 'auto' as const,
  });
  const usable = { usable: true, limits: 'kernel' } as const;
  const facts: PlacementFacts = {
    images: { 'known:v1': ['run'] },
    hostMemoryBytes: 2 ** 33,
    preferred: 'auto',
    availability: { process: usable, docker: usable },
  };
  const withoutDocker = { ...facts, availability: { process: usable, docker: { usable: false, reason: 'no daemon' } as const } };
  assert.deepEqual(place(template({ image: 'known:v1' }), facts), { driver: 'process' });
  assert.deepEqual(place(template({ image: 'other:v1' }), facts), { driver: 'docker' });
  assert.deepEqual(place(template({ image: 'other:v1', command: ['run'] }), withoutDocker), { driver: 'process' });
  const refused = place(template({ image: 'other:v1' }), withoutDocker);
  assert.equal('refusal' in refused && refused.refusal.reason, 'ImageNotRunnable');
  const missing = place({ ...template({ image: 'other:v1' }), driver: 'docker' }, withoutDocker);
  assert.match('refusal' in missing ? missing.refusal.message : '', /docker cannot run anything here: no daemon/);
});
