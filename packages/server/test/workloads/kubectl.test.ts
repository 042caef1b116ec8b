/**
 * The real kubectl, with a kubeconfig that `openclaw kubeconfig` writes, over TLS. Which one: OPENCLAW_TEST_KUBECTL, several with commas between
 * them, else the one on the PATH. `OPENCLAW_TEST_REQUIRE=kubectl` makes it a failure that there is none.
 */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ApiObject } from '@openclaw/protocol';
import { main } from '../../src/cli/openclaw/main.ts';
import type { WorkloadLine } from '../../src/workloads/index.ts';
import { manifest, running, startApiServer, tokens, type ApiServer } from './api-server.ts';

const isRequired = (process.env['OPENCLAW_TEST_REQUIRE'] ?? '').split(',').includes('kubectl');

interface Program {
  readonly path: string;
  /** 20 of 1.20. */
  readonly minor: number;
}

/** The program that comes with Google's tools chooses another of its own by the server's version, and cannot be told which. */
function find(path: string): Program | undefined {
  const { status, stdout } = spawnSync(path, ['version', '--client', '--output=json'], { encoding: 'utf8' });
  const minor =
    status === 0 ? Number((JSON.parse(stdout) as { clientVersion: { minor: string } }).clientVersion.minor.replace(/\D/g, '')) : 0;
  return minor === 0 ? undefined : { path, minor };
}

const programs = (process.env['OPENCLAW_TEST_KUBECTL'] ?? 'kubectl').split(',').flatMap((path) => find(path) ?? []);

test('there is a kubectl where one is required', () =>
  assert.ok(programs.length > 0 || !isRequired, 'OPENCLAW_TEST_REQUIRE names kubectl, and there is none'));

test('kubectl', { skip: programs.length > 0 ? false : 'there is no kubectl here: apt-get install kubernetes-client' }, () => {});

for (const program of programs) describe(`kubectl 1.${program.minor}`, () => talk(program));

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function talk({ path, minor }: Program): void {
  let api: ApiServer;
  let kubeconfig: string;
  let file: string;
  /** Before 1.29 kubectl checks with OpenAPI v2, which is not served. */
  const validate = minor < 29 ? ['--validate=false'] : [];

  const run = (...args: string[]): Promise<Said> =>
    new Promise((resolve) => {
      const options = {
        env: { ...process.env, KUBECONFIG: kubeconfig, HOME: api.directory, KUBE_EDITOR: 'sed -i s/replicas:.*/replicas:\\ 6/' },
      };
      execFile(path, args, { ...options, timeout: 30_000 }, (error, out, err) => resolve({ code: error ? 1 : 0, out, err }));
    });
  const ok = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await run(...args);
    assert.equal(code, 0, `kubectl ${args.join(' ')}\n${out}\n${err}`);
    return out;
  };
  /** As a controller does, which says of which generation it speaks: kubectl waits for the present one. */
  const setStatus = (name: string, status: object): Promise<ApiObject> =>
    api.store.update({ resource: 'workloads', namespace: 'default', name }, (object) => ({
      ...object,
      status: { ...status, observedGeneration: object.metadata.generation },
    }));

  before(async () => {
    const at = { instance: 'shop-5f7c9-x2k40', container: 'main' };
    api = await startApiServer({
      tls: true,
      insight: {
        async *output(): AsyncGenerator<WorkloadLine> {
          yield { atMs: 1_767_225_600_000, stream: 'stdout', ...at, text: 'hello from the shop' };
        },
        metrics: async ({ namespace, name }) => ({ namespace, name, from: 0, to: 0, instances: [] }),
      },
    });
    kubeconfig = join(api.directory, 'kubeconfig');
    const said: string[] = [];
    const terminal = { write: (text: string) => void said.push(text) };
    const certificate = join(api.directory, 'gateway-tls.crt');
    const args = ['kubeconfig', '--server', api.url, '--token', tokens.admin, '--certificate', certificate, '--write', kubeconfig];
    const env = { HOME: api.directory, OPENCLAW_STATE_DIR: api.directory };
    assert.equal(await main(args, { env, stdout: terminal, stderr: terminal }), 0, said.join(''));
    file = join(api.directory, 'shop.json');
    await writeFile(file, JSON.stringify(manifest('shop', {}, { labels: { app: 'shop' } })));
  });
  after(() => api[Symbol.asyncDispose]());

  test('apply creates, changes and leaves alone; create refuses what is there; replace replaces', async () => {
    assert.equal(await ok('apply', ...validate, '-f', file), 'workload.openclaw.io/shop created\n');
    assert.equal(await ok('apply', ...validate, '-f', file), 'workload.openclaw.io/shop unchanged\n');
    await writeFile(file, JSON.stringify(manifest('shop', { replicas: 2 }, { labels: { app: 'shop' } })));
    assert.equal(await ok('apply', ...validate, '-f', file), 'workload.openclaw.io/shop configured\n');
    const { code, err } = await run('create', ...validate, '-f', file);
    assert.equal(code, 1);
    assert.match(err, /Error from server \(AlreadyExists\).*workloads\.openclaw\.io "shop" already exists/);
    assert.equal(await ok('replace', ...validate, '-f', file), 'workload.openclaw.io/shop replaced\n');
    await setStatus('shop', running('shop', 2));
  });

  test('get shows a table, more of it, YAML, JSON, names, paths, all namespaces and labels', async () => {
    assert.match(
      await ok('get', 'workloads'),
      /^NAME +PHASE +READY +RESTARTS +MEMORY +AGE\nshop +Running +2\/2 +0 +200Mi\/512Mi +\d+m?s?\n$/,
    );
    assert.match(
      await ok('get', 'wl', 'shop', '-o', 'wide'),
      /DRIVER +IMAGES +ENDPOINTS +REASON\n.*process +registry\.example\.com\/main:v1/,
    );
    assert.match(await ok('get', 'workload', 'shop', '-o', 'yaml'), /^kind: Workload$/m);
    assert.equal((JSON.parse(await ok('get', 'workload', 'shop', '-o', 'json')) as ApiObject).metadata.name, 'shop');
    assert.equal(await ok('get', 'workloads', '-o', 'name'), 'workload.openclaw.io/shop\n');
    assert.equal(await ok('get', 'workload', 'shop', '-o', 'jsonpath={.spec.containers[0].resources.limits.memory}'), '512Mi');
    assert.match(await ok('get', 'workloads', '-A', '-l', 'app=shop'), /^NAMESPACE +NAME.*\ndefault +shop/);
    assert.match(await ok('get', 'all'), /workload\.openclaw\.io\/shop/);
    assert.match((await run('get', 'workload', 'none')).err, /Error from server \(NotFound\): workloads\.openclaw\.io "none" not found/);
    assert.match(await ok('get', 'ns'), /default +Active/);
  });

  test('label, annotate, patch and edit change what they say', async () => {
    await ok('label', 'workload', 'shop', 'tier=gold');
    await ok('annotate', 'workload', 'shop', 'note=hello');
    await ok('patch', 'workload', 'shop', '--type=merge', '-p', '{"spec":{"replicas":4}}');
    await ok('patch', 'workload', 'shop', '--type=json', '-p', '[{"op":"replace","path":"/spec/replicas","value":5}]');
    const { metadata, spec } = (await api.store.get({ resource: 'workloads', namespace: 'default', name: 'shop' }))!;
    assert.deepEqual(
      [metadata.labels?.['tier'], metadata.annotations?.['note'], (spec as { replicas: number }).replicas],
      ['gold', 'hello', 5],
    );
    assert.match(await ok('edit', ...validate, 'workload', 'shop'), /workload\.openclaw\.io\/shop edited/);
    assert.equal(await ok('get', 'workload', 'shop', '-o', 'jsonpath={.spec.replicas}'), '6');
  });

  test('what is wrong is said with its path, and nothing is changed', async () => {
    const wrong = join(api.directory, 'wrong.json');
    const limits = { memory: '12Mx' };
    await writeFile(wrong, JSON.stringify(manifest('wrong', { containers: [{ name: 'main', image: 'x', resources: { limits } }] })));
    const { code, err } = await run('apply', ...validate, '-f', wrong);
    assert.equal(code, 1);
    assert.match(err, /The Workload "wrong" is invalid: spec\.containers\[0\]\.resources\.limits\.memory: Invalid value: "12Mx"/);
    await writeFile(wrong, JSON.stringify(manifest('wrong', { replica: 2 })));
    if (minor >= 29)
      assert.match((await run('apply', '-f', wrong)).err, /spec\.replica: unknown field "spec\.replica"; did you mean "replicas"\?/);
    assert.match((await run('apply', '--server-side', ...validate, '-f', file)).err, /server-side apply/);
  });

  test('describe, events and logs show what happened', async () => {
    const { metadata } = (await api.store.get({ resource: 'workloads', namespace: 'default', name: 'shop' }))!;
    const involvedObject = { apiVersion: 'openclaw.io/v1', kind: 'Workload', namespace: 'default', name: 'shop', uid: metadata.uid };
    await api.store.create({
      ...{ apiVersion: 'v1', kind: 'Event', metadata: {}, key: { resource: 'events', namespace: 'default', name: 'shop.1' } },
      rest: {
        ...{
          involvedObject,
          reason: 'clw-memory-oom',
          message: 'shop ran out of memory',
          type: 'Warning',
          count: 1,
          source: { component: 'openclaw' },
        },
        ...{ firstTimestamp: metadata.creationTimestamp, lastTimestamp: metadata.creationTimestamp },
      },
    });
    assert.match(await ok('describe', 'workload', 'shop'), /Warning +clw-memory-oom .* shop ran out of memory/);
    assert.match(await ok('describe', 'pod', 'shop-5f7c9-x2k40'), /Controlled By: +Workload\/shop/);
    assert.match(await ok('get', 'events'), /Warning +clw-memory-oom +workload\/shop +shop ran out of memory/);
    if (minor >= 26) assert.match(await ok('events', '--for', 'workload/shop'), /shop ran out of memory/);
    assert.equal(await ok('logs', 'shop-5f7c9-x2k40'), 'hello from the shop\n');
    assert.equal(await ok('logs', '-l', 'openclaw.io/workload=shop', '--tail=1'), 'hello from the shop\nhello from the shop\n');
    assert.match(await ok('get', 'pods'), /shop-5f7c9-x2k40 +1\/1 +Running/);
  });

  test('scale, wait, auth can-i, top pods and api-resources do what they are for', async () => {
    assert.equal(await ok('scale', 'workload', 'shop', '--replicas=3'), 'workload.openclaw.io/shop scaled\n');
    await setStatus('shop', running('shop', 3));
    assert.equal(await ok('wait', '--for=condition=Ready', 'workload/shop', '--timeout=20s'), 'workload.openclaw.io/shop condition met\n');
    assert.equal(await ok('auth', 'can-i', 'create', 'workloads'), 'yes\n');
    assert.match(await ok('auth', 'can-i', '--list'), /workloads\.openclaw\.io/);
    assert.match(await ok('top', 'pods'), /shop-5f7c9-x2k40 +0m +200Mi/);
    assert.match(await ok('api-resources', '--api-group=openclaw.io'), /workloads +wl .*Workload/);
    assert.match(await ok('version'), /Server Version/);
  });

  test('wait sees what comes only after it began to wait', async () => {
    await ok('apply', ...validate, '-f', await manifestFile('late'));
    const waiting = ok('wait', '--for=condition=Ready', 'workload/late', '--timeout=20s');
    // Whichever of the two comes first: it is found in the list, or seen in the watch.
    await setStatus('late', running('late'));
    assert.equal(await waiting, 'workload.openclaw.io/late condition met\n');
  });

  test('explain has the descriptions', { skip: minor < 29 && 'it reads OpenAPI v2' }, async () => {
    assert.match(await ok('explain', 'workload.spec.containers.resources.limits.memory'), /Bytes: 256Mi, 1G, 128974848/);
    assert.match(await ok('explain', 'memorytrace'), /A recording of the memory of a workload/);
  });

  test('a dry run and a diff change nothing', { skip: minor < 29 && 'it reads OpenAPI v2' }, async () => {
    const before = await ok('get', 'workload', 'shop', '-o', 'json');
    assert.equal(await ok('apply', '--dry-run=server', '-f', file), 'workload.openclaw.io/shop configured (server dry run)\n');
    assert.match((await run('diff', '-f', file)).out, /^-  replicas: 3$/m);
    assert.equal(await ok('get', 'workload', 'shop', '-o', 'json'), before);
  });

  test('get -w shows what comes', async () => {
    const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: api.directory };
    const child = spawn(path, ['get', 'workloads', '-w', '-o', 'wide'], { env, stdio: ['ignore', 'pipe', 'inherit'], timeout: 30_000 });
    let out = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      out += chunk;
      if (out.includes('Degraded')) break;
      if (/^shop /m.test(out)) await setStatus('shop', { ...running('shop', 3), phase: 'Degraded', reason: 'ProbeFails' });
    }
    child.kill();
    await once(child, 'close');
    assert.match(out, /^shop +Degraded .* ProbeFails$/m);
  });

  test('delete waits until it is gone', async () => {
    assert.match(await ok('delete', '-f', file), /^workload\.openclaw\.io "shop" deleted/);
    assert.match((await run('get', 'workload', 'shop')).err, /NotFound/);
    assert.match(await ok('delete', 'workloads', '--all'), /"late" deleted/);
  });

  async function manifestFile(name: string): Promise<string> {
    const written = join(api.directory, `${name}.json`);
    await writeFile(written, JSON.stringify(manifest(name)));
    return written;
  }
}
