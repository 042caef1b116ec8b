/** A workload over its whole life, by the HTTP API, the process driver and a gateway that is killed in between. Nothing here is a stand-in. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiEvent, ApiList, Workload, WorkloadRevisions } from '@openclaw/protocol';
import { startProgram, type Program } from '../harness/program.ts';

/** Serves its pid; takes so much memory when it is asked for it. */
const server = `
  const kept = [];
  require('node:http').createServer((request, response) => {
    if (request.url === '/exceed') setInterval(() => kept.push(Buffer.alloc(8 << 20, 1)), 1);
    response.end(String(process.pid) + ' ' + (process.argv[1] ?? ''));
  }).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('it listens'));
`;

const namespace = '/apis/openclaw.io/v1/namespaces/default';

interface Api {
  call(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: string }>;
  workload(): Promise<Workload | undefined>;
  events(): Promise<readonly ApiEvent[]>;
  until(condition: () => Promise<unknown>, what: string): Promise<void>;
}

async function apiOf(program: Program): Promise<Api> {
  const { url, token } = await program.ready();
  const call: Api['call'] = async (method, path, body) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { authorization: `Bearer ${token}`, 'content-type': type };
    const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { status: response.status, body: await response.text() };
  };
  const api: Api = {
    call,
    async workload() {
      const { status, body } = await call('GET', `${namespace}/workloads/shop`);
      return status === 200 ? (JSON.parse(body) as Workload) : undefined;
    },
    async events() {
      return (JSON.parse((await call('GET', '/api/v1/namespaces/default/events')).body) as ApiList<ApiEvent>).items;
    },
    async until(condition, what) {
      const endMs = performance.now() + 40_000;
      while (performance.now() < endMs) {
        if (await condition()) return;
        await pause(100);
      }
      throw new Error(`${what} never came: ${JSON.stringify((await api.workload())?.status)}\n${program.stderr().slice(-3000)}`);
    },
  };
  return api;
}

async function ask(port: number, path = '/'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
  return response.text();
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const address = probe.address();
    probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function isAlive(pid: number): boolean {
  try {
    // A zombie has ended, whoever has not asked for it yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function manifest(port: number, version: string): object {
  const readinessProbe = { httpGet: { path: '/', port: 'web' }, periodSeconds: 1 };
  const container = {
    ...{ name: 'web', image: `registry.example.com/shop:${version}`, args: [version], readinessProbe },
    ports: [{ name: 'web', containerPort: port }],
    resources: { limits: { memory: '160Mi' }, requests: { memory: '80Mi' } },
  };
  const metadata = { name: 'shop', namespace: 'default' };
  return { apiVersion: 'openclaw.io/v1', kind: 'Workload', metadata, spec: { terminationGracePeriodSeconds: 5, containers: [container] } };
}

test('apply, run, kill the gateway, take over, run out of memory, roll out, undo, delete: nothing is started twice and nothing is left', async () => {
  const port = await freePort();
  const configuration = { workloads: { images: { 'registry.example.com/shop': [process.execPath, '-e', server] } } };
  const env = { OPENCLAW_LOG_LEVEL: 'info' };
  await using first = await startProgram({ args: ['--version'] });
  await first.exited();
  mkdirSync(join(first.home, '.openclaw'), { recursive: true, mode: 0o700 });
  writeFileSync(join(first.home, '.openclaw', 'openclaw.json'), JSON.stringify(configuration), { mode: 0o600 });

  const killed = await startProgram({ home: first.home, env });
  let api = await apiOf(killed);
  const created = await api.call('POST', `${namespace}/workloads`, manifest(port, 'v1'));
  assert.equal(created.status, 201, created.body);
  await api.until(async () => (await api.workload())?.status?.phase === 'Running', 'Running');
  const [pid] = (await ask(port)).split(' ').map(Number);
  assert.ok(pid !== undefined && isAlive(pid));

  killed.child.kill('SIGKILL');
  await killed.exited();
  assert.ok(isAlive(pid), 'a gateway that is killed takes no workload with it');

  await using program = await startProgram({ home: first.home, env });
  api = await apiOf(program);
  await api.until(() => isListening(port), 'its entry');
  assert.equal(Number((await ask(port)).split(' ')[0]), pid, 'the same process');
  assert.equal((await api.workload())?.status?.restarts, 0);

  await ask(port, '/exceed').catch(() => {});
  await api.until(
    async () => (await api.workload())?.status?.instances[0]?.containers[0]?.lastState?.terminated?.reason === 'OOMKilled',
    'OOMKilled',
  );
  await api.until(async () => {
    const reasons = (await api.events()).map(({ reason }) => reason);
    return ['clw-memory-oom', 'clw-container-kill', 'clw-resource-limit'].every((reason) => reasons.includes(reason));
  }, 'its events');
  assert.ok(!isAlive(pid));
  const { body: said } = await api.call('GET', `${namespace}/workloads/shop/log`);
  assert.match(said, /\[ERROR\] clw-memory-oom: Container web exceeded memory limit/);
  assert.match(said, /Z ERROR \[runtime\] clw-memory-oom detected/);
  await api.until(async () => (await api.workload())?.status?.phase === 'Running', 'Running again after its back-off');
  assert.equal((await api.workload())?.status?.restarts, 1);

  const changed = await api.call('PATCH', `${namespace}/workloads/shop`, { spec: (manifest(port, 'v2') as Workload).spec });
  assert.equal(changed.status, 200, changed.body);
  await api.until(async () => {
    // At every moment of a replacement somebody answers.
    return (await ask(port)).endsWith('v2') && (await api.workload())?.status?.instances.length === 1;
  }, 'the second revision');

  const revisions = JSON.parse((await api.call('GET', `${namespace}/workloads/shop/revisions`)).body) as WorkloadRevisions;
  assert.deepEqual(
    revisions.items.map(({ revision }) => revision),
    [2, 1],
  );
  await api.call('PATCH', `${namespace}/workloads/shop`, { spec: revisions.items[1]!.spec });
  await api.until(
    async () => (await ask(port)).endsWith('v1') && (await api.workload())?.status?.revision === 3,
    'the first revision again',
  );

  const last = Number((await ask(port)).split(' ')[0]);
  const removed = await api.call('DELETE', `${namespace}/workloads/shop`);
  assert.equal(removed.status, 200, removed.body);
  await api.until(async () => (await api.workload()) === undefined, 'its end');
  assert.ok(!isAlive(last));
  assert.equal(await isListening(port), false);
  assert.deepEqual(
    (await api.events()).filter(({ involvedObject }) => involvedObject.name === 'shop'),
    [],
  );
  assert.deepEqual(readdirSync(join(first.home, '.openclaw', 'workloads', 'units')), []);
});
