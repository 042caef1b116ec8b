/** What commands tell of memory: debug, analyze, explain. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MemorySample, MemoryTrace, SizingAnalysis, Workload, WorkloadAnalysis } from '@openclaw/protocol';
import { startApi, type ApiFixture } from './api.fixture.ts';

const namespaced = '/apis/openclaw.io/v1/namespaces/default';
const base = `${namespaced}/workloads/shop`;
const mebibyte = 2 ** 20;

function addShop(api: ApiFixture): void {
  api.add('workloads', {
    apiVersion: 'openclaw.io/v1',
    kind: 'Workload',
    metadata: { name: 'shop' },
    spec: { containers: [{ name: 'side' }, { name: 'svc', resources: { limits: { cpu: '1', memory: '2048Mi' } } }] },
  });
}

const sample = (at: number, usageBytes: number): MemorySample => ({
  ...{
    at,
    usageBytes,
    workingSetBytes: usageBytes,
    rssBytes: usageBytes,
    anonymousBytes: usageBytes,
    fileBytes: 0,
    swapBytes: 0,
    restarts: 0,
  },
});

const trace = (samples: readonly MemorySample[], more: Partial<MemoryTrace> = {}): MemoryTrace => ({
  ...{
    version: 1,
    workload: 'shop',
    namespace: 'default',
    instance: 'shop-1',
    driver: 'process',
    intervalMs: 1000,
    limitBytes: 2048 * mebibyte,
  },
  samples,
  ...more,
});

test('the memory map has the rows of the article, and a total', async (t) => {
  const api = await startApi(t);
  addShop(api);
  const map = {
    ...{
      at: 1,
      heapBytes: 512,
      stackBytes: 64,
      anonymousBytes: 256,
      sharedBytes: 128,
      fileBytes: 0,
      pageCacheBytes: 192,
      kernelBytes: 48,
      totalBytes: 1200,
    },
  };
  const bytes = Object.fromEntries(Object.entries(map).map(([name, value]) => [name, value * mebibyte]));
  api.answers.set(`GET ${base}/memorymap`, () => ({
    instances: [{ ...bytes, instance: 'shop-1', threads: 32, sharedRegions: 8, processes: [] }],
  }));
  const { stdout } = await api.run('debug workload shop --show-vmmap');
  const rows = stdout.split('\n').map((line) => line.split(/ {2,}/).join(' | '));
  assert.deepEqual(
    rows.filter((row) => !row.startsWith('Mapped')),
    [
      'Type | Size | Count',
      'Heap | 512 Mi | -',
      'Stack | 64 Mi | 32 threads',
      'Anonymous | 256 Mi | -',
      'Shared | 128 Mi | 8 regions',
      'Page Cache | 192 Mi | -',
      'System Overhead | 48 Mi | -',
      '─'.repeat(33),
      'TOTAL | 1200 Mi | -',
      '',
    ],
  );
});

test('a memory profile is recorded by the gateway, shows how far it is, and then what grew', async (t) => {
  const api = await startApi(t);
  addShop(api);
  const samples = [sample(0, 100 * mebibyte), sample(300_000, 160 * mebibyte)];
  let looks = 0;
  api.onWait = (ms) => {
    api.clock.advance(ms);
    looks += 1;
    for (const [key, object] of api.objects) {
      if (!key.startsWith('memorytraces/')) continue;
      const phase = looks >= 300 ? 'Complete' : 'Recording';
      api.objects.set(key, { ...object, status: { phase, instances: [{ instance: 'shop-1', samples: looks, latest: samples[0] }] } });
    }
  };
  const name = 'shop-20260101t120000';
  api.answers.set(`GET ${namespaced}/memorytraces/${name}/trace`, () =>
    trace(samples, {
      allocations: {
        source: 'heap-profile',
        from: 0,
        to: 1,
        sites: [{ file: 'cache.js', line: 9, function: 'put', bytes: 70 * mebibyte, growthBytes: 60 * mebibyte }],
      },
    }),
  );
  const { code, stdout, stderr } = await api.run('debug workload shop --memory-profile --duration 5m');
  assert.equal(code, 0);
  assert.deepEqual((api.bodies[0] as { spec: unknown }).spec, {
    workload: 'shop',
    durationSeconds: 300,
    intervalSeconds: 1,
  });
  assert.match(stdout, /^Type +Start +End +Most +Growth\nUsage +100Mi +160Mi +160Mi +\+60Mi\n/);
  assert.match(stdout, /Allocated at +Function +Held +Growth\ncache\.js:9 +put +70Mi +\+60Mi\n$/);
  assert.match(stderr, /Recording shop for 5m as memorytrace\/shop-20260101t120000\.\n1s of 5m: 1 samples, 100Mi in use\n31s of 5m/);
  assert.equal((await api.run('debug workload shop')).code, 2);
});

test('a recording that fails is said with its reason', async (t) => {
  const api = await startApi(t);
  addShop(api);
  api.onWait = () => {
    for (const [key, object] of api.objects)
      api.objects.set(key, { ...object, status: { phase: 'Failed', message: 'No instance of it runs.' } });
  };
  const { code, stderr } = await api.run('debug workload shop --memory-profile');
  assert.equal(code, 1);
  assert.match(stderr, /failed: No instance of it runs\.\n/);
});

test('an export without a name is the last recording, with what the gateway keeps before and behind it', async (t) => {
  const api = await startApi(t);
  addShop(api);
  api.add('memorytraces', {
    metadata: { name: 'old', creationTimestamp: '2026-01-01T10:00:00Z' },
    spec: { workload: 'other' },
    status: { phase: 'Complete' },
  });
  api.add('memorytraces', {
    metadata: { name: 'new', creationTimestamp: '2026-01-01T11:00:00Z' },
    spec: { workload: 'shop' },
    status: { phase: 'Complete' },
  });
  api.add('memorytraces', {
    metadata: { name: 'now', creationTimestamp: '2026-01-01T12:00:00Z' },
    spec: { workload: 'shop' },
    status: { phase: 'Recording' },
  });
  api.answers.set(`GET ${namespaced}/memorytraces/new/trace`, () => trace([sample(1000, 1), sample(2000, 2)]));
  api.answers.set(`GET ${base}/trace`, () =>
    trace([sample(0, 9), sample(1500, 9), sample(5000, 9)], { intervalMs: 5000, marks: [{ at: 1, kind: 'oom' }] }),
  );
  const file = join(api.directory, 'trace.json');
  const { code, stdout, stderr } = await api.run(`debug export --type memory --output ${file}`);
  assert.deepEqual([code, stdout], [0, '']);
  assert.match(stderr, /4 samples of shop \(shop-1\), from recording new and the stored history/);
  const written = JSON.parse(readFileSync(file, 'utf8')) as MemoryTrace;
  assert.deepEqual(
    written.samples.map(({ at, usageBytes }) => [at, usageBytes]),
    [
      [0, 9],
      [1000, 1],
      [2000, 2],
      [5000, 9],
    ],
  );
  assert.equal(written.marks?.length, 1);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(api.requests.includes(`GET ${base}/trace?windowSeconds=86400&instance=shop-1`));
  // What was written is what the analysis reads.
  const judged = await api.run(`analyze memory-trace ${file} --leak-detection`, { bare: true });
  assert.deepEqual([judged.code, judged.stderr], [0, '']);
  assert.match(judged.stdout, /Verdict: +too short to judge\n/);
});

test('an export without recordings is the history of the only workload; of several, one has to be named', async (t) => {
  const api = await startApi(t);
  addShop(api);
  api.answers.set(`GET ${base}/trace`, () => trace([sample(0, 9)]));
  assert.equal((JSON.parse((await api.run('debug export --type memory --output -')).stdout) as MemoryTrace).samples.length, 1);
  api.add('workloads', { metadata: { name: 'second' } });
  const { code, stderr } = await api.run('debug export --type memory --output -');
  assert.equal(code, 2);
  assert.match(stderr, /not just one workload\.\n.*--workload/);
  assert.equal((await api.run('debug export --type memory --workload shop --output -')).code, 0);
  assert.equal((await api.run('debug export --type heap --output -')).code, 2);
});

test('a leak is told from a file alone, with its slope, its interval, the time that is left and why', async (t) => {
  const api = await startApi(t);
  const hour = 3_600_000;
  // Six days at five minutes: 6 MiB an hour, with the teeth of collections.
  const samples = Array.from({ length: 6 * 288 }, (_, index) => {
    const at = index * 300_000;
    return {
      ...sample(at, Math.round((300 + (at / hour) * 6 + (index % 12) * 4) * mebibyte)),
      heapAfterGcBytes: Math.round((200 + (at / hour) * 6) * mebibyte),
    };
  });
  const file = api.file('leak.json', JSON.stringify(trace(samples, { intervalMs: 300_000, runtime: 'node' })));
  const { code, stdout } = await api.run(`analyze memory-trace ${file} --leak-detection`, { bare: true });
  assert.equal(code, 0);
  assert.match(stdout, /Verdict: +leak, OOM in /);
  assert.match(stdout, /Slope: +\+\dMi\/h \(\+\dMi\/h to \+\dMi\/h\)/);
  assert.match(stdout, /Limit reached in: /);
  assert.match(stdout, /\nWhy:\n- /);
  assert.equal(
    (JSON.parse((await api.run(`analyze memory-trace ${file} -o json`, { bare: true })).stdout) as { verdict: string }).verdict,
    'leak',
  );
});

test('what is no trace is refused with the place of the fault', async (t) => {
  const api = await startApi(t);
  const wrong = await api.run(`analyze memory-trace ${api.file('x.json', '{"version":1}')}`);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /no memory trace/);
  assert.match((await api.run('analyze memory-trace /nowhere.json')).stderr, /cannot be read/);
});

const sizing: SizingAnalysis = {
  container: 'svc',
  p95Bytes: 1843 * mebibyte,
  windowMs: 86_400_000,
  samples: 17_280,
  limit: '3072Mi',
  request: '2048Mi',
};

function answerAnalysis(api: ApiFixture, more: Partial<WorkloadAnalysis> = {}): void {
  const analysis: WorkloadAnalysis = {
    ...{ namespace: 'default', name: 'shop', windowMs: 86_400_000, samples: 17_280, sizing: [sizing] },
    leak: { verdict: 'steady', isLeak: false, confidence: 0.9, evidence: ['It does not surely grow.'] },
    steps: [
      { name: 'limit', outcome: 'attention', says: 'The limit is 2048Mi, and P95 is 1843Mi.' },
      { name: 'leak', outcome: 'fine', says: 'steady' },
    ],
    ...more,
  };
  api.answers.set(`GET ${base}/analysis`, () => analysis);
}

test('recommendations are in the words of the article, with what they rest on', async (t) => {
  const api = await startApi(t);
  addShop(api);
  answerAnalysis(api);
  const { stdout } = await api.run('analyze workload shop --recommend-resources');
  assert.equal(
    stdout,
    'Current P95 Memory: 1843Mi\nRecommended Limit: 3072Mi (P95 * 1.5 safety factor)\nRecommended Request: 2048Mi (P95 * 1.1)\nRests on 17280 samples over 24h.\n',
  );
});

test('what makes a recommendation doubtful is printed with it, and what was never measured is not told as a span', async (t) => {
  const api = await startApi(t);
  addShop(api);
  answerAnalysis(api, {
    sizing: [{ ...sizing, samples: 12, windowMs: 55_000, notes: ['These are too few to rely on: 12 samples over 55 s.'] }],
  });
  const { stdout } = await api.run('analyze workload shop --recommend-resources');
  assert.match(stdout, /\nRests on 12 samples over 55s\.\n- These are too few to rely on: 12 samples over 55 s\.\n$/);
  const { limit: _limit, request: _request, ...nothing } = { ...sizing, samples: 0, windowMs: 0, refused: 'There are no samples.' };
  answerAnalysis(api, { samples: 0, sizing: [nothing] });
  const expected = 'No recommendation: There are no samples.\nNothing was measured yet: readings are taken while it runs.\n';
  assert.equal((await api.run('analyze workload shop --recommend-resources')).stdout, expected);
  assert.match((await api.run('analyze workload shop')).stdout, /\nNothing was measured yet: [^\n]*\n$/);
});

test('what a leak looks like is said with the verdict', async (t) => {
  const api = await startApi(t);
  addShop(api);
  const looksLike = [{ name: 'connection pool leak', evidence: 'sockets rise by 60 an hour' }];
  answerAnalysis(api, {
    leak: { verdict: 'leak, OOM in 9–14 h', isLeak: true, confidence: 0.6, looksLike, evidence: ['Both halves agree.'] },
  });
  const { stdout } = await api.run('analyze workload shop');
  assert.match(
    stdout,
    /Verdict: leak, OOM in 9–14 h [^]*\nLooks like: connection pool leak: sockets rise by 60 an hour\n- Both halves agree\./,
  );
});

test('the flow says limit, leak, traffic in this order, and where to look', async (t) => {
  const api = await startApi(t);
  addShop(api);
  answerAnalysis(api);
  const { stdout } = await api.run('analyze workload shop');
  assert.match(
    stdout,
    /1\. Check memory limits: LOOK HERE\n {3}The limit is 2048Mi[^]*2\. Check for leaks: fine[^]*Verdict: steady \(confidence 90 %\)/,
  );
});

test('--apply sets what is recommended on the container that was judged, and leaves the rest of its resources', async (t) => {
  const api = await startApi(t);
  addShop(api);
  answerAnalysis(api);
  const { code, stderr } = await api.run('analyze workload shop --recommend-resources --apply');
  assert.equal(code, 0);
  assert.match(stderr, /workload\.openclaw\.io\/shop configured/);
  assert.deepEqual((api.objects.get('workloads/default/shop') as Workload).spec?.containers[1]?.resources, {
    limits: { cpu: '1', memory: '3072Mi' },
    requests: { memory: '2048Mi' },
  });
});

test('a leak gets no recommendation, and nothing is applied', async (t) => {
  const api = await startApi(t);
  addShop(api);
  const { limit: _limit, request: _request, ...refused } = sizing;
  answerAnalysis(api, { sizing: [{ ...refused, refused: 'it leaks: a higher limit is only reached later.' }] });
  const { code, stdout, stderr } = await api.run('analyze workload shop --recommend-resources --apply');
  assert.equal(code, 1);
  assert.match(stdout, /No recommendation: it leaks/);
  assert.match(stderr, /There is nothing to apply: it leaks/);
  assert.ok(api.requests.every((request) => !request.startsWith('PATCH')));
});

test('every message of the article is explained without a gateway, with its own form and what to do', async (t) => {
  const api = await startApi(t);
  const names = [
    'clw-memory-oom',
    'clw-memory-pressure',
    'clw-container-kill',
    'clw-resource-limit',
    'clw-heap-limit',
    'k8s-oom-killed',
    'docker-out-of-memory',
  ];
  for (const name of names) {
    const { code, stdout } = await api.run(`explain ${name}`, { bare: true });
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^${name}\\n\\n[^]*\\nLooks like:\\n[^]*\\nRelationship:\\n[^]*\\nWhat to do:\\n {2}1\\. `));
  }
  assert.match((await api.run('explain clw-memory-oom', { bare: true })).stdout, /\[ERROR\] Current usage: 2048Mi, Limit: 2048Mi/);
  assert.match((await api.run('explain clw-memory-om', { bare: true })).stderr, /Did you mean clw-memory-oom\?/);
});

test('fields are explained from the document of the server, and a wrong one is corrected', async (t) => {
  const api = await startApi(t);
  const object = (description: string, properties: object): object => ({ type: 'object', description, properties });
  const containers = {
    type: 'array',
    description: 'What runs.',
    items: { allOf: [{ $ref: '#/components/schemas/io.openclaw.v1.Container' }] },
  };
  api.answers.set('GET /openapi/v3/apis/openclaw.io/v1', () => ({
    components: {
      schemas: {
        'io.openclaw.v1.Container': {
          ...object('One program.', { name: { type: 'string', description: 'Its name.' }, image: { type: 'string' } }),
          required: ['name'],
        },
        'io.openclaw.v1.Workload': {
          ...object('A program under limits.', {
            spec: object('What is wanted.', { containers, replicas: { type: 'integer', default: 1 } }),
          }),
          'x-kubernetes-group-version-kind': [{ group: 'openclaw.io', version: 'v1', kind: 'Workload' }],
        },
      },
    },
  }));
  const { stdout } = await api.run('explain workload.spec.containers');
  assert.match(
    stdout,
    /^KIND: {5}Workload\nVERSION: {2}openclaw\.io\/v1\n\nFIELD: {4}workload\.spec\.containers <\[\]Object>\n\nDESCRIPTION:\n {4}What runs\.\n/,
  );
  assert.match(stdout, /\n {2}name {2}<string> -required-\n {4}Its name\.\n/);
  assert.match(
    (await api.run('explain workload --recursive')).stdout,
    / {2}spec {2}<Object>\n {4}containers {2}<\[\]Object>\n {6}name {2}<string>\n/,
  );
  const { code, stderr } = await api.run('explain workload.spec.contaners');
  assert.equal(code, 2);
  assert.match(stderr, /workload\.spec has no field contaners\.\n {2}Did you mean containers\?/);
});
