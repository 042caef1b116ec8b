import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startApi, type ApiFixture } from './api.fixture.ts';

function addShop(api: ApiFixture, { name = 'payment-processor', namespace = 'default', phase = 'Running' } = {}): void {
  api.add('workloads', {
    apiVersion: 'openclaw.io/v1',
    kind: 'Workload',
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      replicas: 1,
      containers: [
        { name: 'payment-svc', image: 'registry.example.com/payment-service:v2.3.1', resources: { limits: { memory: '4096Mi' } } },
      ],
    },
    status: {
      phase,
      driver: 'process',
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'Progressing', status: 'False' },
      ],
    },
  });
}

test('the lines of the article print what they must, and nothing else', async (t) => {
  const api = await startApi(t);
  addShop(api);
  const line = (path: string): string[] => ['get', 'workload', 'payment-processor', '-o', `jsonpath=${path}`];
  assert.deepEqual(await api.run(line('{.spec.containers[0].resources.limits.memory}')), { code: 0, stdout: '4096Mi', stderr: '' });
  assert.deepEqual(await api.run(line('{.status.phase}')), { code: 0, stdout: 'Running', stderr: '' });
  // A person gets a line.
  assert.equal((await api.run(line('{.status.phase}'), { width: 80 })).stdout, 'Running\n');
});

test('yaml and json are the object as the server has it, and read back as the same', async (t) => {
  const api = await startApi(t);
  addShop(api);
  const wanted = api.objects.get('workloads/default/payment-processor');
  assert.deepEqual(JSON.parse((await api.run('get wl payment-processor -o json')).stdout), wanted);
  const { parse } = await import('yaml');
  const { stdout } = await api.run('get workload/payment-processor -o yaml');
  assert.deepEqual(parse(stdout), wanted);
  assert.match(stdout, /^apiVersion: openclaw\.io\/v1\nkind: Workload\nmetadata:\n {2}name: payment-processor\n/);
});

test('words that other readers of YAML take for something else are quoted', async (t) => {
  const api = await startApi(t);
  api.add('workloads', {
    kind: 'Workload',
    metadata: { name: 'shop', annotations: { on: 'yes', time: '12:30:00', number: '0123', long: 'x '.repeat(100) } },
  });
  const { stdout } = await api.run('get workload shop -o yaml');
  assert.match(stdout, /"?on"?: "yes"/);
  assert.match(stdout, /time: "?'?12:30:00/);
  const { parse } = await import('yaml');
  assert.equal(
    (parse(stdout, { version: '1.1' }) as { metadata: { annotations: { time: string } } }).metadata.annotations.time,
    '12:30:00',
  );
});

test('a table has the columns of the server, more of them when wide, and the namespace with -A', async (t) => {
  const api = await startApi(t);
  addShop(api);
  addShop(api, { name: 'order-service', namespace: 'production', phase: 'OOMKilled' });
  assert.equal((await api.run('get workloads')).stdout, 'NAME               PHASE\npayment-processor  Running\n');
  assert.equal((await api.run('get workloads -n production --format table')).stdout, 'NAME           PHASE\norder-service  OOMKilled\n');
  assert.equal((await api.run('get workloads -o wide --no-headers')).stdout, 'payment-processor  Running  process\n');
  const { stdout } = await api.run('get workloads -A');
  assert.match(
    stdout,
    /^NAMESPACE {3}NAME {15}PHASE\ndefault {5}payment-processor {2}Running\nproduction {2}order-service {6}OOMKilled\n$/,
  );
});

test('what is not there is said on the standard error, and how to look further', async (t) => {
  const api = await startApi(t);
  const { code, stdout, stderr } = await api.run('get workloads -n staging');
  assert.deepEqual([code, stdout], [0, '']);
  assert.match(stderr, /no workloads in the namespace staging; `clw get workloads -A`/);
});

test('a name without a namespace is found where it is, with a note; where several have it, they are listed', async (t) => {
  const api = await startApi(t);
  addShop(api, { namespace: 'production' });
  const found = await api.run('get workload payment-processor -o name');
  assert.equal(found.stdout, 'workload.openclaw.io/payment-processor\n');
  assert.equal(found.stderr, 'Note: workload "payment-processor" is in the namespace production.\n');
  addShop(api, { namespace: 'staging' });
  const ambiguous = await api.run('get workload payment-processor -o name');
  assert.deepEqual([ambiguous.code, ambiguous.stdout], [1, '']);
  assert.match(ambiguous.stderr, /Several namespaces have a workload "payment-processor": production, staging\.\n {2}Name one with -n/);
  const absent = await api.run('get workload payment-procesor');
  assert.equal(absent.code, 1);
  assert.match(absent.stderr, /No namespace has a workload "payment-procesor"\.\n {2}Did you mean payment-processor\?/);
  assert.deepEqual(await api.run('get workload nobody --ignore-not-found'), { code: 0, stdout: '', stderr: '' });
  assert.equal((await api.run('get workload nobody -n default')).code, 1);
});

test('several names and several kinds go into one list', async (t) => {
  const api = await startApi(t);
  addShop(api, { name: 'one' });
  addShop(api, { name: 'two' });
  api.add('pods', { kind: 'Pod', metadata: { name: 'one-1' } });
  assert.equal((await api.run('get workload one two -o name')).stdout, 'workload.openclaw.io/one\nworkload.openclaw.io/two\n');
  assert.equal((await api.run('get workload/one pod/one-1 -o name')).stdout, 'workload.openclaw.io/one\npod/one-1\n');
  const list = JSON.parse((await api.run('get workload,pods -o json')).stdout) as { kind: string; items: unknown[] };
  assert.deepEqual([list.kind, list.items.length], ['List', 3]);
});

test('kinds that this program does not know are found by the words of the server, and others are corrected', async (t) => {
  const api = await startApi(t);
  api.add('alerts', { kind: 'Alert', metadata: { name: 'high' } });
  for (const word of ['alert', 'alerts', 'al', 'Alert', 'alerts.openclaw.io']) {
    assert.equal((await api.run(`get ${word} high -o name`)).stdout, 'alert.openclaw.io/high\n', word);
  }
  const { code, stderr } = await api.run('get worklods');
  assert.equal(code, 2);
  assert.match(stderr, /no kind of resource worklods\.\n {2}Did you mean workloads\?/);
});

test('selectors are sent as they were written', async (t) => {
  const api = await startApi(t);
  await api.run('get pods -l app=shop,tier!=cache --field-selector status.phase=Running');
  assert.equal(
    api.requests.at(-1),
    'GET /api/v1/namespaces/default/pods?labelSelector=app=shop,tier!=cache&fieldSelector=status.phase=Running',
  );
});

test('custom columns are read by their paths', async (t) => {
  const api = await startApi(t);
  addShop(api);
  const { stdout } = await api.run([
    'get',
    'workloads',
    '-o',
    "custom-columns=NAME:.metadata.name,READY:.status.conditions[?(@.type=='Ready')].status,NONE:.nothing",
  ]);
  assert.equal(stdout, 'NAME               READY  NONE\npayment-processor  True   <none>\n');
});

test('a format that there is not is refused with the nearest, before anything is asked', async (t) => {
  const api = await startApi(t);
  const { code, stderr } = await api.run('get workloads -o jsn');
  assert.equal(code, 2);
  assert.match(stderr, /There is no output format jsn\.\n {2}Did you mean json\?/);
  assert.match((await api.run('get workloads -o jsonpath')).stderr, /not whole\.\n.*jsonpath='\{/);
  assert.match((await api.run(['get', 'workloads', '-o', 'jsonpath={.items'])).stderr, /cannot be read/);
});

test('-w shows what is there and then each change, in the same columns', async (t) => {
  const api = await startApi(t);
  addShop(api);
  api.answers.set('GET /apis/openclaw.io/v1/namespaces/default/workloads', (url, _request, response) => {
    const row = (name: string, phase: string): unknown => ({
      cells: [name, phase, 'process'],
      object: { metadata: { name, resourceVersion: '7' } },
    });
    const columns = [
      { name: 'Name', type: 'string', priority: 0 },
      { name: 'Phase', type: 'string', priority: 0 },
    ];
    const table = { kind: 'Table', metadata: { resourceVersion: '5' } };
    if (!url.searchParams.has('watch')) return { ...table, columnDefinitions: columns, rows: [row('payment-processor', 'Running')] };
    const since = url.searchParams.get('resourceVersion');
    response.writeHead(200, { 'content-type': 'application/json' });
    const event = { type: 'MODIFIED', object: { ...table, columnDefinitions: null, rows: [row('shop', 'OOMKilled')] } };
    response.end(since === '5' ? `${JSON.stringify(event)}\n{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}\n` : '');
    return undefined;
  });
  const { code, stdout, stderr } = await api.run('get workloads -w');
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(stdout, 'NAME               PHASE\npayment-processor  Running\nshop               OOMKilled\n');
  assert.match(api.requests.at(-1) ?? '', /resourceVersion=9/);
});

test('-w lists again where the server no longer keeps the version, and shows only what is new then', async (t) => {
  const api = await startApi(t);
  const columns = [
    { name: 'Name', type: 'string', priority: 0 },
    { name: 'Phase', type: 'string', priority: 0 },
  ];
  const row = (name: string, phase: string, resourceVersion: string): unknown => ({
    cells: [name, phase],
    object: { metadata: { name, uid: name, resourceVersion } },
  });
  const lists = [
    [row('shop', 'Running', '1'), row('other', 'Running', '2')],
    [row('shop', 'OOMKilled', '8'), row('other', 'Running', '2')],
  ];
  const waits: number[] = [];
  api.onWait = (ms) => void waits.push(ms);
  api.answers.set('GET /apis/openclaw.io/v1/namespaces/default/workloads', (url, _request, response) => {
    const watched = url.searchParams.has('watch') ? url.searchParams.get('resourceVersion') : undefined;
    if (watched === undefined) {
      const rows = lists.shift() ?? [];
      return { kind: 'Table', metadata: { resourceVersion: lists.length === 1 ? '5' : '9' }, columnDefinitions: columns, rows };
    }
    const expired = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(watched === '5' ? `${JSON.stringify(expired)}\n` : '');
    return undefined;
  });
  const { code, stdout, stderr } = await api.run('get workloads -w');
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(stdout, 'NAME   PHASE\nshop   Running\nother  Running\nshop   OOMKilled\n');
  assert.deepEqual(waits, [1000], 'never without a pause');
});

test('phases are coloured on a terminal alone, and not where somebody wants none', async (t) => {
  const api = await startApi(t);
  addShop(api);
  const coloured = /\u001B\[3\dm\w+\u001B\[39m/;
  assert.match((await api.run('get workloads', { width: 200 })).stdout, coloured);
  assert.doesNotMatch((await api.run('get workloads')).stdout, coloured);
  assert.doesNotMatch((await api.run('get workloads', { width: 200, env: { NO_COLOR: '1' } })).stdout, coloured);
  assert.doesNotMatch((await api.run('get workloads', { width: 200, env: { TERM: 'dumb' } })).stdout, coloured);
  assert.doesNotMatch((await api.run('get workloads --color never', { width: 200 })).stdout, coloured);
  assert.match((await api.run('--color always get workloads')).stdout, coloured);
  const plain = (await api.run('get workloads')).stdout;
  assert.equal(
    (await api.run('get workloads --color always')).stdout.replaceAll(/\u001B\[\d+m/g, ''),
    plain,
    'columns stand where they stood',
  );
  assert.doesNotMatch((await api.run('get workloads -o json --color always')).stdout, /\u001B/);
});
