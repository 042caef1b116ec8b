import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StatusCause } from '@openclaw/protocol';
import { startApi } from './api.fixture.ts';

/** As it stands in the article. */
const article = `# workload-config.yaml
apiVersion: openclaw.io/v1
kind: Workload
metadata:
  name: payment-processor
  namespace: production
spec:
  containers:
    - name: payment-svc
      image: registry.example.com/payment-service:v2.3.1
      resources:
        limits:
          memory: "2048Mi"
        requests:
          memory: "1024Mi"
`;

const key = 'workloads/production/payment-processor';

function limitOf(object: unknown): unknown {
  return (object as { spec: { containers: { resources: { limits: { memory: string } } }[] } }).spec.containers[0]?.resources.limits.memory;
}

test('a manifest is created, then unchanged, then configured, and each is said by its name', async (t) => {
  const api = await startApi(t);
  const file = api.file('workload-config.yaml', article);
  assert.deepEqual(await api.run(`apply -f ${file}`), { code: 0, stdout: 'workload.openclaw.io/payment-processor created\n', stderr: '' });
  assert.equal((await api.run(`apply -f ${file}`)).stdout, 'workload.openclaw.io/payment-processor unchanged\n');
  api.file('workload-config.yaml', article.replace('2048Mi', '4096Mi'));
  assert.equal((await api.run(`apply -f ${file}`)).stdout, 'workload.openclaw.io/payment-processor configured\n');
  assert.equal(limitOf(api.objects.get(key)), '4096Mi');
});

test('a field that the file no longer has is taken away, one that somebody else set stays', async (t) => {
  const api = await startApi(t);
  const file = api.file('w.yaml', `${article}  replicas: 3\n`);
  await api.run(`apply -f ${file}`);
  const live = api.objects.get(key) as { spec: object } & Parameters<typeof api.objects.set>[1];
  api.objects.set(key, { ...live, spec: { ...live.spec, terminationGracePeriodSeconds: 60 } });
  api.file('w.yaml', article);
  await api.run(`apply -f ${file}`);
  const { replicas, terminationGracePeriodSeconds } = api.objects.get(key)!.spec as Record<string, unknown>;
  assert.deepEqual([replicas, terminationGracePeriodSeconds], [undefined, 60]);
});

test('a mistake in one document changes nothing at all, and is told with file, line, path and the nearest name', async (t) => {
  const api = await startApi(t);
  const causes: StatusCause[] = [
    {
      reason: 'FieldValueUnknown',
      field: 'spec.containers[0].resources.limits.memroy',
      message: 'unknown field "memroy"; did you mean "memory"?',
    },
    {
      reason: 'FieldValueInvalid',
      field: 'spec.containers[0].resources.requests.memory',
      message: 'Invalid value: "12Mx": must be a quantity',
    },
  ];
  api.check = (object) => (JSON.stringify(object).includes('memroy') ? causes : []);
  const bad = article
    .replace('name: payment-processor', 'name: order-service')
    .replace('memory: "2048Mi"', 'memroy: "2048Mi"')
    .replace('1024Mi', '12Mx');
  const file = api.file('two.yaml', `${article}---\n${bad}`);
  const { code, stdout, stderr } = await api.run(`apply -f ${file}`);
  assert.deepEqual([code, stdout, api.objects.size], [1, '', 0]);
  assert.match(
    stderr,
    /two\.yaml:29: spec\.containers\[0\]\.resources\.limits\.memroy: unknown field "memroy"; did you mean "memory"\?\nclw: /,
  );
  assert.match(stderr, /two\.yaml:31: spec\.containers\[0\]\.resources\.requests\.memory: Invalid value: "12Mx"/);
  assert.ok(api.requests.every((request) => !request.startsWith('POST') || request.includes('dryRun=All&fieldValidation=Strict')));
});

test('what is no manifest is told with its line, before anything is asked', async (t) => {
  const api = await startApi(t);
  const cases: [text: string, says: RegExp][] = [
    ['a: b\n  c: d\n', /bad\.yaml:\d+: it is not YAML: /],
    ['kind: Workload\nmetadata: {name: x}\n', /bad\.yaml:1: apiVersion is missing/],
    [`${article}---\n\nkind: Workload\napiVersion: v1\nmetadata: {}\n`, /bad\.yaml:18: metadata\.name is missing/],
    ['- 1\n', /bad\.yaml:1: this is no object/],
    ['# nothing\n', /bad\.yaml: there is no manifest in it/],
    [`${article}kind: Workload\n`, /bad\.yaml:16: it is not YAML: Map keys must be unique/],
  ];
  for (const [text, says] of cases) {
    const { code, stderr } = await api.run(`apply -f ${api.file('bad.yaml', text)}`);
    assert.equal(code, 1);
    assert.match(stderr, says);
  }
  assert.deepEqual(api.requests, []);
  const { stderr } = await api.run(`apply -f ${api.file('kind.yaml', article.replace('kind: Workload', 'kind: Worklaod'))}`);
  assert.match(stderr, /kind\.yaml:3: kind: The gateway has no kind of resource Worklaod\.openclaw\.io/);
});

test('folders, lists, JSON and the standard input are read as files are', async (t) => {
  const api = await startApi(t);
  const folder = join(api.directory, 'manifests');
  mkdirSync(folder);
  const named = (name: string): object => ({ apiVersion: 'openclaw.io/v1', kind: 'Workload', metadata: { name }, spec: {} });
  writeFileSync(join(folder, 'b.json'), JSON.stringify(named('b')));
  writeFileSync(join(folder, 'a.yml'), article);
  writeFileSync(join(folder, 'notes.txt'), 'not a manifest');
  assert.equal(
    (await api.run(`apply -f ${folder}`)).stdout,
    'workload.openclaw.io/payment-processor created\nworkload.openclaw.io/b created\n',
  );
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [named('c'), named('d')] });
  assert.equal((await api.run('apply -f - -o name', { stdin: list })).stdout, 'workload.openclaw.io/c\nworkload.openclaw.io/d\n');
  assert.ok(api.objects.has('workloads/default/d'));
});

test('the namespace is that of the file, else of -n; where both differ, nothing is done', async (t) => {
  const api = await startApi(t);
  const file = api.file('w.yaml', article);
  const { code, stderr } = await api.run(`apply -f ${file} -n staging`);
  assert.equal(code, 1);
  assert.match(stderr, /w\.yaml:6: metadata\.namespace: production is not the staging of --namespace/);
  const free = api.file('free.yaml', article.replace('  namespace: production\n', ''));
  await api.run(`apply -f ${free} -n staging`);
  assert.deepEqual([...api.objects.keys()], ['workloads/staging/payment-processor']);
});

test('--dry-run says what would be done, and does nothing', async (t) => {
  const api = await startApi(t);
  const { stdout } = await api.run(`apply --dry-run -f ${api.file('w.yaml', article)}`);
  assert.equal(stdout, 'workload.openclaw.io/payment-processor created (dry run)\n');
  assert.equal(api.objects.size, 0);
});

test('warnings of the server are shown, and that an object was not made by apply', async (t) => {
  const api = await startApi(t);
  api.add('workloads', {
    apiVersion: 'openclaw.io/v1',
    kind: 'Workload',
    metadata: { name: 'payment-processor', namespace: 'production' },
    spec: {},
  });
  const { stderr } = await api.run(`apply -f ${api.file('w.yaml', article)}`);
  assert.match(stderr, /^Warning: workload\.openclaw\.io\/payment-processor was not made by clw apply/);
  api.answers.set('POST /apis/openclaw.io/v1/namespaces/default/workloads', (_url, _request, response) => {
    response.setHeader('warning', ['299 - "requests equal limits"', '299 - "a \\"second\\" one"']);
    return { metadata: { name: 'x' } };
  });
  const noted = await api.run('apply -f -', { stdin: 'apiVersion: openclaw.io/v1\nkind: Workload\nmetadata: {name: x}\n' });
  assert.equal(noted.stderr, 'Warning: requests equal limits\nWarning: a "second" one\n');
});
