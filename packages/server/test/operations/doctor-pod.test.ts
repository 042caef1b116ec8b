/** `openclaw doctor pod` against a real server of pods: a gateway whose own workload crashes, is over its limit, or is well. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startProgram, type Program } from '../harness/program.ts';

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly containerStatuses: readonly { readonly restartCount: number; readonly lastState: { readonly terminated?: object } }[];
  };
}

interface Told {
  readonly broken: boolean;
  readonly causes: readonly { readonly id: string; readonly because: readonly { readonly text: string }[] }[];
  readonly evidence: { readonly subject: { readonly owner?: string }; readonly restarts: { readonly count: number } };
}

const programs: Readonly<Record<string, string>> = {
  crashing: `console.error('Error: DATABASE_URL must be set'); process.exit(1)`,
  well: `console.log('listening on 8080'); setInterval(() => {}, 1000)`,
};

async function startGateway(): Promise<Program> {
  const images = Object.fromEntries(
    Object.entries(programs).map(([name, text]) => [`example.org/${name}`, [process.execPath, '-e', text]]),
  );
  const first = await startProgram({ args: ['--version'] });
  await first.exited();
  const folder = join(first.home, '.openclaw');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'openclaw.json'), JSON.stringify({ workloads: { images } }), { mode: 0o600 });
  return startProgram({ home: first.home });
}

interface Server {
  readonly url: string;
  readonly token: string;
}

async function call({ url, token }: Server, path: string, body?: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(url + path, { headers, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }) });
  assert.ok(response.ok, `${path}: ${response.status}`);
  return response.json();
}

async function podOf(server: Server, workload: string, isReady: (pod: Pod) => boolean): Promise<string> {
  for (;;) {
    const { items } = (await call(server, '/api/v1/namespaces/default/pods')) as { readonly items: readonly Pod[] };
    const pod = items.find(({ metadata }) => metadata.name.startsWith(workload));
    if (pod !== undefined && isReady(pod)) return pod.metadata.name;
    await pause(100);
  }
}

async function doctor(...words: readonly string[]): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  await using program = await startProgram({ args: ['doctor', 'pod', ...words] });
  const { code } = await program.exited();
  return { code, out: program.stdout(), err: program.stderr() };
}

test('a pod of the gateway that crashes, one that is well, and one that is not there', async () => {
  await using gateway = await startGateway();
  const server = await gateway.ready();
  const { url, token } = server;
  for (const name of Object.keys(programs)) {
    const container = { name: 'main', image: `example.org/${name}` };
    const workload = {
      apiVersion: 'openclaw.io/v1',
      kind: 'Workload',
      metadata: { name, namespace: 'default' },
      spec: { containers: [container] },
    };
    await call(server, '/apis/openclaw.io/v1/namespaces/default/workloads', workload);
  }
  const place = ['--server', url, '--token', token];
  const crashing = await podOf(
    server,
    'crashing',
    ({ status }) =>
      (status.containerStatuses[0]?.restartCount ?? 0) >= 1 && status.containerStatuses[0]?.lastState.terminated !== undefined,
  );
  const json = await doctor(crashing, ...place, '-o', 'json');
  assert.equal(json.code, 1, json.err);
  const told = JSON.parse(json.out) as Told;
  assert.equal(told.causes[0]?.id, 'setting-missing', json.out);
  assert.ok(told.causes[0].because.some(({ text }) => text.includes('DATABASE_URL must be set')));
  assert.equal(told.evidence.subject.owner, 'Workload/crashing');
  assert.ok(told.evidence.restarts.count >= 1);

  const text = await doctor(crashing, ...place);
  assert.equal(text.code, 1);
  assert.match(text.out, /^The pod crashing\S*/);
  assert.match(text.out, /DATABASE_URL/);
  assert.ok(!text.out.includes(token) && !json.out.includes(token), 'the token is nowhere');

  await using own = await startProgram({ home: gateway.home, args: ['doctor', 'pod', crashing] });
  assert.equal((await own.exited()).code, 1, own.stderr());
  assert.equal(own.stdout().split('\n')[0]?.split(' ')[2], crashing, 'without a kubeconfig it is the gateway of this machine');

  const well = await podOf(server, 'well', ({ status }) => status.containerStatuses.length > 0);
  const fine = await doctor(well, ...place);
  assert.equal(fine.code, 0, fine.out + fine.err);

  const missing = await doctor('wel', ...place);
  assert.equal(missing.code, 1);
  assert.match(missing.err, /There is no pod wel in the namespace default[\s\S]*Did you mean well/);

  const refused = await doctor(crashing, '--server', url, '--token', 'wrong');
  assert.match(refused.err, /does not let you look/);
});
