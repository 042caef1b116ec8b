/** The service of the example in a container, over its life: the HTTP API, a real Docker Engine, and a gateway that is killed in between. */
import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ApiEvent, ApiList, Workload } from '@openclaw/protocol';
import { ownerDigest } from '../../src/core/processes/mark.ts';
import { docker, makeNodeImage, withoutDocker } from '../harness/docker.ts';
import { startProgram, type Program } from '../harness/program.ts';

const namespace = '/apis/openclaw.io/v1/namespaces/production';
const example = fileURLToPath(new URL('../../../../examples/payment-processor', import.meta.url));

interface Api {
  call(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: string }>;
  workload(): Promise<Workload | undefined>;
  until(condition: () => Promise<unknown>, what: string): Promise<void>;
}

async function apiOf(program: Program): Promise<Api> {
  const { url, token } = await program.ready();
  const call: Api['call'] = async (method, path, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { status: response.status, body: await response.text() };
  };
  const api: Api = {
    call,
    async workload() {
      const { status, body } = await call('GET', `${namespace}/workloads/payment-processor`);
      return status === 200 ? (JSON.parse(body) as Workload) : undefined;
    },
    async until(condition, what) {
      const endMs = performance.now() + 60_000;
      while (performance.now() < endMs) {
        if (await condition()) return;
        await pause(200);
      }
      throw new Error(`${what} never came: ${JSON.stringify((await api.workload())?.status)}\n${program.stderr().slice(-3000)}`);
    },
  };
  return api;
}

function manifest(image: string, port: number): object {
  const container = {
    ...{ name: 'payment-svc', image, command: ['node', '/srv/payment-service.js'] },
    env: [
      { name: 'PAYMENTS_PER_SECOND', value: '100' },
      { name: 'PAYMENT_BYTES', value: String(2 ** 20) },
      // The kernel ends it, and not the engine of JavaScript.
      { name: 'NODE_OPTIONS', value: '--max-old-space-size=2000' },
    ],
    ports: [{ containerPort: 8080, hostPort: port }],
    readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
    volumeMounts: [{ name: 'program', mountPath: '/srv', readOnly: true }],
    resources: { limits: { memory: '256Mi' }, requests: { memory: '64Mi' } },
  };
  const volumes = [{ name: 'program', hostPath: { path: example } }];
  const spec = { terminationGracePeriodSeconds: 2, containers: [container], volumes };
  return { apiVersion: 'openclaw.io/v1', kind: 'Workload', metadata: { name: 'payment-processor', namespace: 'production' }, spec };
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const address = probe.address();
    probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}

test(
  'a workload with an image runs in a container, which outlives its gateway; it runs out of memory as any other, also while no gateway is there, and leaves nothing',
  {
    skip: withoutDocker,
    timeout: 280_000,
  },
  async () => {
    const image = makeNodeImage();
    const port = await freePort();
    await using first = await startProgram({ args: ['--version'] });
    await first.exited();
    const state = join(first.home, '.openclaw');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    writeFileSync(join(state, 'openclaw.json'), '{}', { mode: 0o600 });
    const owner = ownerDigest(join(realpathSync(state), 'workloads'));
    const containers = (): readonly string[] =>
      docker('ps', '--all', '--quiet', '--no-trunc', '--filter', `label=openclaw.workloads.owner=${owner}`).split('\n').filter(Boolean);
    try {
      const killed = await startProgram({ home: first.home });
      let api = await apiOf(killed);
      const created = await api.call('POST', `${namespace}/workloads`, manifest(image, port));
      assert.equal(created.status, 201, created.body);
      const isRunning = async (): Promise<boolean> => (await api.workload())?.status?.phase === 'Running';
      await api.until(isRunning, 'Running');
      const [container] = containers();
      assert.ok(container !== undefined);

      killed.child.kill('SIGKILL');
      await killed.exited();
      await using program = await startProgram({ home: first.home });
      api = await apiOf(program);
      await api.until(isRunning, 'Running, taken over');
      assert.deepEqual(containers(), [container], 'the same container');
      const { status } = (await api.workload())!;
      assert.equal(status?.restarts, 0);
      assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);

      await fetch(`http://127.0.0.1:${port}/behaviour/leak`, { method: 'POST' });
      const ended = async () => (await api.workload())?.status?.instances[0]?.containers[0]?.lastState?.terminated;
      await api.until(async () => (await ended())?.reason === 'OOMKilled', 'OOMKilled');
      assert.equal((await ended())?.exitCode, 137);
      await api.until(async () => {
        const { items } = JSON.parse((await api.call('GET', '/api/v1/namespaces/production/events')).body) as ApiList<ApiEvent>;
        return ['clw-memory-oom', 'clw-container-kill', 'clw-resource-limit'].every((wanted) =>
          items.some(({ reason }) => reason === wanted),
        );
      }, 'its events');
      const { body: said } = await api.call('GET', `${namespace}/workloads/payment-processor/log`);
      assert.match(said, /\[ERROR\] clw-memory-oom: Container payment-svc exceeded memory limit/);
      await api.until(isRunning, 'Running again after its back-off');
      assert.equal((await api.workload())?.status?.restarts, 1);

      // The same while nobody watches: the engine's events tell the next gateway.
      const [present] = containers();
      program.child.kill('SIGKILL');
      await program.exited();
      const published = docker('port', present!, '8080/tcp').split(':').at(-1);
      await fetch(`http://127.0.0.1:${published}/behaviour/leak`, { method: 'POST' });
      const endMs = performance.now() + 60_000;
      while (docker('inspect', '--format', '{{.State.Running}}', present!) === 'true' && performance.now() < endMs) await pause(200);
      await using last = await startProgram({ home: first.home });
      api = await apiOf(last);
      await api.until(async () => {
        const { items } = JSON.parse((await api.call('GET', '/api/v1/namespaces/production/events')).body) as ApiList<ApiEvent>;
        return items.some(({ reason, count }) => reason === 'clw-memory-oom' && count === 2);
      }, 'the event of what happened meanwhile');

      const removed = await api.call('DELETE', `${namespace}/workloads/payment-processor`);
      assert.equal(removed.status, 200, removed.body);
      await api.until(async () => (await api.workload()) === undefined, 'its end');
      assert.deepEqual(containers(), []);
    } finally {
      const left = containers();
      if (left.length > 0) docker('rm', '--force', '--volumes', ...left);
    }
  },
);
