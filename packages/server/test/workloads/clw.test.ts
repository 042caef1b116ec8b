/** `clw` beside a whole gateway: the lines of the article as an operator pastes them, found without a word of configuration. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { main } from '../../src/cli/clw/main.ts';
import { startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let gateway: TestGateway;
before(async () => {
  gateway = await startTestGateway();
});
after(() => gateway[Symbol.asyncDispose]());

async function clw(words: string | readonly string[], env: Readonly<Record<string, string>> = {}, stdin = ''): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const terminal = {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    env: { HOME: gateway.stateDirectory, OPENCLAW_STATE_DIR: gateway.stateDirectory, OPENCLAW_GATEWAY_TOKEN: testToken, ...env },
  };
  const input = (async function* () {
    yield Buffer.from(stdin);
  })();
  const code = await main(typeof words === 'string' ? words.split(' ') : words, { terminal, stdin: input });
  return { code, ...written };
}

function file(name: string, text: string): string {
  const path = join(gateway.stateDirectory, name);
  writeFileSync(path, text);
  return path;
}

const article = (limit: string, request: string, name = 'payment-processor'): string => `# workload-config.yaml
apiVersion: openclaw.io/v1
kind: Workload
metadata:
  name: ${name}
  namespace: production
spec:
  containers:
    - name: payment-svc
      image: registry.example.com/payment-service:v2.3.1
      resources:
        limits:
          memory: "${limit}"
        requests:
          memory: "${request}"
`;

test('the manifests of the article apply as they are, before and after, and the new limit is what is read', async () => {
  const path = file('workload-config.yaml', article('2048Mi', '1024Mi'));
  const created = await clw(`apply -f ${path}`);
  assert.deepEqual([created.code, created.stdout], [0, 'workload.openclaw.io/payment-processor created\n'], created.stderr);
  assert.equal((await clw(`apply -f ${path}`)).stdout, 'workload.openclaw.io/payment-processor unchanged\n');
  file('workload-config.yaml', article('4096Mi', '2048Mi'));
  assert.equal((await clw(`apply -f ${path}`)).stdout, 'workload.openclaw.io/payment-processor configured\n');
  const read = await clw(['get', 'workload', 'payment-processor', '-o', 'jsonpath={.spec.containers[0].resources.limits.memory}']);
  assert.deepEqual([read.code, read.stdout], [0, '4096Mi']);
  assert.match(read.stderr, /is in the namespace production/);
});

test('a mistake is told with file, line, path and the nearest name, and nothing of the file is applied', async () => {
  const good = article('1Gi', '1Gi', 'good');
  const bad = article('12Mx', '1Gi', 'bad').replace('image:', 'imgae:').replace('requests:', 'request:');
  const { code, stdout, stderr } = await clw(`apply -f ${file('two.yaml', `${good}---\n${bad}`)}`);
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /two\.yaml:26: unknown field "spec\.containers\[0\]\.imgae"; did you mean "image"\?\n/);
  assert.match(
    stderr,
    /\nclw: .*two\.yaml:29: spec\.containers\[0\]\.resources\.limits\.memory: Invalid value: "12Mx": must be a number with an optional suffix/,
  );
  assert.match(
    stderr,
    /two\.yaml:30: unknown field "spec\.containers\[0\]\.resources\.request"; did you mean "requests"\?\n {2}Nothing was changed\.\n$/,
  );
  assert.equal((await clw('get workload good -n production --ignore-not-found')).stdout, '');
});

test('tables, YAML and names are those of the server', async () => {
  await clw('apply -f -', {}, article('1Gi', '512Mi', 'order-service'));
  const { stdout } = await clw('get workloads -n production --format table');
  assert.match(stdout, /^NAME +.*AGE\n/);
  assert.match(stdout, /\norder-service /);
  assert.match((await clw('get wl -A -o wide')).stdout, /^NAMESPACE +NAME /);
  assert.equal((await clw('get workload order-service -n production -o name')).stdout, 'workload.openclaw.io/order-service\n');
  assert.match((await clw('get workload order-service -n production -o yaml')).stdout, /\n {10}memory: 1Gi\n/);
});

test('scale, restart and labels are seen, and delete leaves nothing', async () => {
  await clw('apply -f -', {}, article('1Gi', '512Mi', 'short-lived'));
  assert.equal((await clw('scale workload short-lived --replicas 3 -n production')).stdout, 'workload.openclaw.io/short-lived scaled\n');
  assert.equal((await clw('restart workload short-lived -n production')).code, 0);
  const spec = JSON.parse((await clw('get workload short-lived -n production -o json')).stdout) as {
    spec: { replicas: number; template: { metadata: { annotations: Record<string, string> } } };
  };
  assert.equal(spec.spec.replicas, 3);
  assert.match(spec.spec.template.metadata.annotations['openclaw.io/restartedAt'] ?? '', /^\d{4}-/);
  const deleted = await clw('delete workload short-lived -n production --timeout 20s');
  assert.deepEqual([deleted.code, deleted.stdout], [0, 'workload.openclaw.io "short-lived" deleted\n'], deleted.stderr);
  assert.equal((await clw('get workload short-lived -n production')).code, 1);
});

test('describe, events, top and explain have their answers from the server', async () => {
  await clw('apply -f -', {}, article('1Gi', '512Mi', 'described'));
  const { code, stdout, stderr } = await clw('describe workload described -n production');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Limits: +memory 1Gi/);
  assert.equal((await clw('events -A')).code, 0);
  assert.equal((await clw('top workloads -A')).code, 0);
  const explained = await clw('explain workload.spec.containers');
  assert.equal(explained.code, 0, explained.stderr);
  assert.match(explained.stdout, /FIELD: {4}workload\.spec\.containers <\[\]Object>[^]*\n {2}image {2}<string>/);
  assert.match((await clw('explain workload.spec.contaners')).stderr, /Did you mean containers\?/);
  assert.match((await clw('version')).stdout, /^client .*\nserver v/);
});

/** Where Docker is, an image would be looked for there. */
const onThisMachine = (manifest: string): string => manifest.replace('spec:\n', 'spec:\n  driver: process\n');

test('a program that runs is seen by every line of the article', async () => {
  const script = file('program.mjs', "console.log('payment service listens'); console.error('a warning'); setInterval(() => {}, 1000);");
  const command = `      command: [${JSON.stringify(process.execPath)}, ${JSON.stringify(script)}]\n      image:`;
  const named = 'workload running -n production';
  await clw('apply -f -', {}, onThisMachine(article('512Mi', '64Mi', 'running').replace('      image:', command)));
  const status = await clw(`rollout status ${named} --timeout 60s`);
  assert.equal(status.code, 0, status.stdout + status.stderr);
  assert.equal((await clw(`get ${named} -o jsonpath={.status.phase}`)).stdout, 'Running');
  const profile = await clw(`debug ${named} --memory-profile --duration 3s`);
  assert.equal(profile.code, 0, profile.stderr);
  assert.match(profile.stdout, /^Type +Start +End +Most +Growth\nUsage +\d+/);
  assert.match((await clw(`logs ${named} --tail 20`)).stdout, /payment service listens\n/);
  assert.match((await clw(`debug ${named} --show-vmmap`)).stdout, /^Type +Size +Count\nHeap [^]*─\nTOTAL +\d+ Mi +of 512 Mi\n$/);
  const exported = join(gateway.stateDirectory, 'trace.json');
  assert.equal((await clw(`debug export --type memory -n production --output ${exported}`)).code, 0);
  assert.match(
    (await clw(`analyze memory-trace ${exported} --leak-detection`)).stdout,
    /Workload: +production\/running [^]*Verdict: +too short to judge/,
  );
  // Readings are taken every five seconds.
  let metrics = await clw(`metrics ${named} --window 1h`);
  for (let tries = 0; metrics.stdout === '' && tries < 100; tries += 1) {
    await setTimeout(200);
    metrics = await clw(`metrics ${named} --window 1h`);
  }
  assert.match(metrics.stdout, /memory\.usage\.bytes +\d+ +536870912 +OK \(\d+%\)/);
  assert.equal((await clw(`analyze ${named} --recommend-resources`)).code, 0);
  assert.match((await clw('top workloads -n production')).stdout, /running +1\/1 .* 512Mi /);
  const followed = await clw(`logs ${named} --follow --duration 1s`);
  assert.deepEqual([followed.code, followed.stderr], [0, '']);
  assert.equal((await clw(`delete ${named}`)).code, 0);
});

test('a wrong token, a key without the scope and a gateway that is not there each say what to do', async () => {
  const wrong = await clw('get workloads --token wrong-token');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /does not accept the credential of --token: .*\n {2}`openclaw config get gateway\.auth/);
  const made = await gateway.request('/admin/v1/keys', { method: 'POST', json: { name: 'models-only' } });
  const { key } = (await made.json()) as { key: string };
  const scoped = await clw(`get workloads --token ${key}`);
  assert.equal(scoped.code, 1);
  assert.match(scoped.stderr, /does not allow that with the credential of --token: .*\n {2}Use the gateway's own token, or a key/);
  const none = await clw('get workloads', { OPENCLAW_STATE_DIR: join(gateway.stateDirectory, 'elsewhere') });
  assert.match(none.stderr, /no gateway runs on .*elsewhere\.\n.*openclaw gateway run/);
});
