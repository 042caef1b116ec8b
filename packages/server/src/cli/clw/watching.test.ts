/** What happens to workloads, as commands tell it: logs, events, metrics, top, describe. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceMetrics, MemorySample, WorkloadMetrics } from '@openclaw/protocol';
import { startApi, type ApiFixture } from './api.fixture.ts';

const base = '/apis/openclaw.io/v1/namespaces/default/workloads/payment-processor';

function addShop(api: ApiFixture): void {
  api.add('workloads', {
    apiVersion: 'openclaw.io/v1',
    kind: 'Workload',
    metadata: { name: 'payment-processor' },
    spec: {
      replicas: 1,
      containers: [
        { name: 'payment-svc', image: 'x', resources: { limits: { memory: '2048Mi' } }, env: [{ name: 'KEY', value: 'secret' }] },
      ],
    },
    status: {
      phase: 'OOMKilled',
      ...{ observedGeneration: 1, driver: 'process', replicas: 1, readyReplicas: 0, updatedReplicas: 1, restarts: 3, revision: 1 },
      conditions: [{ type: 'Ready', status: 'False', reason: 'BackOff', message: 'again in 20 s' }],
      instances: [
        {
          ...{ id: 'payment-processor-5f7c9-x2k4q', node: 'box', revision: 1, phase: 'OOMKilled', ready: false, restarts: 3 },
          memory: { current: 1740 * 2 ** 20, peak: 2048 * 2 ** 20, limit: 2048 * 2 ** 20 },
          containers: [
            {
              ...{ name: 'payment-svc', ready: false, restarts: 3 },
              state: { waiting: { reason: 'CrashLoopBackOff' } },
              lastState: {
                terminated: {
                  reason: 'OOMKilled',
                  exitCode: 137,
                  signal: 'SIGKILL',
                  startedAt: '2026-01-01T11:00:00Z',
                  finishedAt: '2026-01-01T11:30:00Z',
                },
              },
            },
          ],
        },
      ],
    },
  });
}

const sample = (usageBytes: number, more: Partial<MemorySample> = {}): MemorySample => ({
  ...{ at: 0, usageBytes, workingSetBytes: 1811939328, rssBytes: 524288000, anonymousBytes: 0, fileBytes: 0, swapBytes: 0, restarts: 0 },
  ...more,
});

const instance = (more: Partial<InstanceMetrics> = {}): InstanceMetrics => ({
  ...{
    instance: 'payment-processor-5f7c9-x2k4q',
    driver: 'process',
    limits: 'kernel',
    limitBytes: 3221225472,
    marks: [],
    peakBytes: 1900000000,
  },
  samples: [sample(1800000000), sample(1843245056)],
  latest: sample(1843245056),
  ...more,
});

function answerMetrics(api: ApiFixture, instances: readonly InstanceMetrics[]): void {
  const metrics: WorkloadMetrics = { namespace: 'default', name: 'payment-processor', from: 0, to: 3_600_000, instances };
  api.answers.set(`GET ${base}/metrics`, () => metrics);
}

test('metrics begin with the rows of the article, to the letter', async (t) => {
  const api = await startApi(t);
  addShop(api);
  answerMetrics(api, [instance()]);
  const { code, stdout, stderr } = await api.run('metrics workload payment-processor --window 1h');
  assert.equal(code, 0);
  const rows = stdout.split('\n').map((line) => line.split(/ {2,}/).join(' '));
  assert.deepEqual(rows.slice(0, 4), [
    'METRIC VALUE LIMIT STATUS',
    'memory.usage.bytes 1843245056 3221225472 OK (57%)',
    'memory.working_set.bytes 1811939328 3221225472 OK (56%)',
    'memory.rss.bytes 524288000 - -',
  ]);
  assert.match(stderr, /^2 samples over 60m, from 1717Mi to 1758Mi\.\n$/);
  assert.equal(api.requests.at(-1), `GET ${base}/metrics?windowSeconds=3600`);
});

test('near the limit the status is another, several instances are told apart, and no limit has no status', async (t) => {
  const api = await startApi(t);
  addShop(api);
  const { limitBytes: _limit, ...unlimited } = instance({ instance: 'two', limits: 'watchdog' });
  answerMetrics(api, [instance({ instance: 'one', latest: sample(3221225472 * 0.85), marks: [{ at: 1, kind: 'oom' }] }), unlimited]);
  const { stdout, stderr } = await api.run('metrics payment-processor');
  assert.match(stdout, /^INSTANCE {2}METRIC/);
  assert.match(stdout, /one +memory\.usage\.bytes +2738041651\.2 +3221225472 +PRESSURE \(85%\)/);
  assert.match(stdout, /two +memory\.usage\.bytes +1843245056 +- +-\n/);
  assert.match(stderr, /one: .*; killed for its memory once\.\n/);
  answerMetrics(api, []);
  assert.deepEqual(await api.run('metrics payment-processor --window 5m'), {
    code: 0,
    stdout: '',
    stderr: 'Nothing was measured in the last 5m: `clw describe workload payment-processor` shows whether it runs.\n',
  });
});

test('logs are the text of the server, and every flag of the article is asked for', async (t) => {
  const api = await startApi(t);
  addShop(api);
  api.answers.set(`GET ${base}/log`, (_url, _request, response) => {
    const text = Buffer.from('2024-01-15T10:23:45.123Z ERROR [runtime] clw-memory-oom detected\nGrüße\n');
    response.writeHead(200, { 'content-type': 'text/plain' });
    // In the middle of a letter.
    response.write(text.subarray(0, 68));
    setImmediate(() => response.end(text.subarray(68)));
  });
  const { code, stdout, stderr } = await api.run('logs workload payment-processor --since 1h --tail 20 --previous --timestamps');
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(stdout, '2024-01-15T10:23:45.123Z ERROR [runtime] clw-memory-oom detected\nGrüße\n');
  assert.equal(api.requests.at(-1), `GET ${base}/log?sinceSeconds=3600&tailLines=20&previous=true&timestamps=true`);
});

test('logs that follow for a duration end well when it is over', async (t) => {
  const api = await startApi(t);
  addShop(api);
  api.answers.set(`GET ${base}/log`, (_url, _request, response) => void response.writeHead(200).write('one\n'));
  const { code, stdout, stderr } = await api.run('logs workload payment-processor --follow --duration 200ms');
  assert.deepEqual([code, stdout, stderr], [0, 'one\n', '']);
  assert.match(api.requests.at(-1) ?? '', /follow=true/);
});

test('logs that the gateway breaks off are no success', async (t) => {
  const api = await startApi(t);
  addShop(api);
  api.answers.set(`GET ${base}/log`, (_url, _request, response) => {
    response.writeHead(200).write('one\n');
    setImmediate(() => response.destroy());
  });
  const { code, stdout, stderr } = await api.run('logs workload payment-processor -f');
  assert.equal(code, 1);
  assert.equal(stdout, 'one\n');
  assert.match(stderr, /^clw: The answer of http:\/\/127\.0\.0\.1:\d+ broke off: .*\n {2}Run the command again\./);
});

test('describe shows OOMKilled, the exit code and the events where Kubernetes users look, and no values of variables', async (t) => {
  const api = await startApi(t);
  addShop(api);
  api.add('events', {
    ...{ kind: 'Event', metadata: { name: 'e1' }, type: 'Warning', reason: 'clw-memory-oom', count: 3 },
    message: 'Container payment-svc exceeded memory limit\nCurrent usage: 2048Mi, Limit: 2048Mi',
    lastTimestamp: '2026-01-01T11:58:00Z',
    involvedObject: { kind: 'Workload', name: 'payment-processor', namespace: 'default' },
  });
  const { stdout } = await api.run('describe workload payment-processor');
  assert.match(stdout, /^Name: {9}payment-processor\nNamespace: {4}default\n/);
  assert.match(stdout, /\nStatus: +OOMKilled\n/);
  assert.match(stdout, /Last State: +Terminated\n +Reason: +OOMKilled\n +Exit Code: +137\n +Signal: +SIGKILL\n/);
  assert.match(stdout, /Memory: +1740Mi \/ 2048Mi, at most 2048Mi/);
  assert.match(
    stdout,
    /Events:\n +Type +Reason +Age +Message\n +Warning +clw-memory-oom +2m \(×3\) +Container payment-svc exceeded memory limit Current usage: 2048Mi, Limit: 2048Mi/,
  );
  assert.ok(stdout.includes('KEY') && !stdout.includes('secret'));
});

test('events are those of what is named, the latest last, of the types that are asked for', async (t) => {
  const api = await startApi(t);
  addShop(api);
  const event = (reason: string, type: string, { at, of = 'payment-processor' }: { at: string; of?: string }): void =>
    void api.add('events', {
      ...{ kind: 'Event', metadata: { name: reason }, type, reason, message: 'm', count: 1, lastTimestamp: at },
      involvedObject: { kind: 'Workload', name: of, namespace: 'default' },
    });
  event('Late', 'Warning', { at: '2026-01-01T11:59:00Z' });
  event('Early', 'Normal', { at: '2026-01-01T11:00:00Z' });
  event('Other', 'Warning', { at: '2026-01-01T11:30:00Z', of: 'order-service' });
  const { stdout } = await api.run('events workload payment-processor');
  assert.equal(
    stdout,
    'LAST SEEN  TYPE     REASON  OBJECT                      MESSAGE\n60m        Normal   Early   workload/payment-processor  m\n60s        Warning  Late    workload/payment-processor  m\n',
  );
  // What is written later in the same second comes later, whatever it is called.
  for (const reason of ['aa-container-kill', 'zz-memory-oom', 'aa-container-kill'])
    event(reason, 'Warning', { at: '2026-01-01T11:58:00Z' });
  assert.match((await api.run('events')).stdout, /zz-memory-oom[^]*aa-container-kill[^]*Late/);
  assert.match((await api.run('describe workload payment-processor')).stdout, /zz-memory-oom[^]*aa-container-kill[^]*Late/);
  const warnings = (await api.run('events --types Warning')).stdout;
  assert.match(warnings, /Other[^]*Late/);
  assert.ok(!warnings.includes('Early'));
});

test('top puts what uses most first', async (t) => {
  const api = await startApi(t);
  addShop(api);
  api.add('workloads', {
    kind: 'Workload',
    metadata: { name: 'idle' },
    spec: {},
    status: { readyReplicas: 0, replicas: 0, instances: [] },
  });
  api.answers.set('GET /apis/metrics.k8s.io/v1beta1/namespaces/default/pods', () => ({
    items: [
      { metadata: { name: 'stray', namespace: 'default' }, containers: [{ name: 'c', usage: { cpu: '2', memory: '9Mi' } }] },
      {
        metadata: { name: 'payment-processor-5f7c9-x2k4q', namespace: 'default' },
        containers: [{ name: 'c', usage: { cpu: '250m', memory: '1740Mi' } }],
      },
    ],
  }));
  assert.equal(
    (await api.run('top workloads')).stdout,
    'NAME               READY  CPU(cores)  MEMORY(bytes)   LIMIT  USED\n' +
      'payment-processor    0/1        250m         1740Mi  2048Mi   84%\n' +
      'idle                 0/0           0            0Ki       -     -\n',
  );
  assert.equal(
    (await api.run('top pods')).stdout,
    'NAME                           CPU(cores)  MEMORY(bytes)\npayment-processor-5f7c9-x2k4q        250m         1740Mi\nstray                                   2            9Mi\n',
  );
});
