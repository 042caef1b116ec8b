import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import type { Lookout } from '../contract.ts';
import type { Evidence } from '../evidence.ts';
import { NotSeen } from '../not-seen.ts';
import { collectPod } from './collect.ts';

const path = '/api/v1/namespaces/prod/pods/web-1';
const begin = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number): string => new Date(begin + seconds * 1000).toISOString();

interface World {
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
  readonly events?: readonly JsonObject[];
  readonly log?: string;
  readonly previousLog?: string;
}

/** A server of one pod; it has no nodes. */
function serverOf({ spec = {}, status = {}, events = [], log = '', previousLog = '' }: World): Lookout {
  const pod: JsonObject = {
    metadata: { name: 'web-1', uid: 'u-1' },
    spec: { containers: [{ name: 'web', image: 'web:1' }], ...spec },
    status,
  };
  return {
    atMs: begin + 600_000,
    async ask(question): Promise<JsonValue> {
      assert.equal(question.from, 'kubernetes');
      if (question.path === path) return pod;
      if (question.path === `${path}/log`) return 'query' in question && question.query?.['previous'] === 'true' ? previousLog : log;
      if (question.path.endsWith('/events')) return { items: [...events] };
      if (question.path.endsWith('/pods')) return { items: [pod] };
      throw new NotSeen('forbidden', 'nodes is forbidden');
    },
  };
}

const collect = (world: World, container?: string): Promise<Evidence> =>
  collectPod(serverOf(world), { namespace: 'prod', name: 'web-1', ...(container === undefined ? {} : { container }) });

const ended = (end: number, exitCode: number, more: JsonObject = {}): JsonObject => ({
  terminated: { exitCode, startedAt: at(end - 5), finishedAt: at(end), ...more },
});

describe('the evidence of a pod', () => {
  it('is of the container that is in trouble, unless another is named', async () => {
    const spec = {
      containers: [
        { name: 'proxy', image: 'proxy:1' },
        { name: 'web', image: 'web:1' },
      ],
    };
    const status = {
      containerStatuses: [
        { name: 'proxy', restartCount: 0, state: { running: { startedAt: at(0) } } },
        { name: 'web', restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended(500, 1) },
      ],
    };
    assert.equal((await collect({ spec, status })).subject.container, 'web');
    assert.equal((await collect({ spec, status }, 'proxy')).subject.container, 'proxy');
    await assert.rejects(collect({ spec, status }, 'other'), /no container other; it has proxy, web/);
  });

  it('is of an init container that fails, for the others wait for it', async () => {
    const spec = { initContainers: [{ name: 'migrate', image: 'web:1' }] };
    const status = {
      initContainerStatuses: [
        { name: 'migrate', restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended(500, 1) },
      ],
      containerStatuses: [{ name: 'web', restartCount: 0, state: { waiting: { reason: 'PodInitializing' } } }],
    };
    const evidence = await collect({ spec, status });
    assert.equal(evidence.subject.container, 'migrate');
    assert.equal(evidence.restarts.policy, 'on-failure', 'one that ends well is not started again');
  });

  it('gives the log of a container that waits to the life that ended', async () => {
    const status = {
      containerStatuses: [{ name: 'web', restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended(500, 1) }],
    };
    const { lives, state } = await collect({ status, log: `${at(499)} the last words`, previousLog: `${at(499)} the last words` });
    assert.equal(lives.length, 1);
    assert.deepEqual(
      lives[0]?.lines.map(({ text }) => text),
      ['the last words'],
    );
    assert.equal(lives[0]?.exitCode, 1);
    assert.equal(state.error, undefined, 'that it waits says nothing of why');
    assert.equal(state.reason, 'CrashLoopBackOff');
  });

  it('gives each life its own log while the container runs', async () => {
    const status = {
      containerStatuses: [
        { name: 'web', restartCount: 1, state: { running: { startedAt: at(510) } }, lastState: ended(500, 137, { reason: 'OOMKilled' }) },
      ],
    };
    const { lives } = await collect({ status, log: `${at(511)} up again`, previousLog: `${at(499)} growing` });
    assert.deepEqual(
      lives.map(({ lines }) => lines.map(({ text }) => text)),
      [['growing'], ['up again']],
    );
    assert.deepEqual(
      lives.map(({ outOfMemory, signal }) => [outOfMemory, signal]),
      [
        [true, 'SIGKILL'],
        [false, undefined],
      ],
    );
    assert.deepEqual(lives[0]?.killedBy, [], 'nobody asked for it');
  });

  it('takes what a program wrote for its end as its last words, once', async () => {
    const status = {
      containerStatuses: [{ name: 'web', restartCount: 2, state: {}, lastState: ended(500, 1, { message: 'config is wrong\nno port' }) }],
    };
    const { lives } = await collect({ status, previousLog: `${at(499)} config is wrong` });
    assert.deepEqual(
      lives[0]?.lines.map(({ text }) => text),
      ['config is wrong', 'no port'],
    );
  });

  it('knows from an event that the kubelet asked for the end, and from the code that it was not obeyed', async () => {
    const status = {
      containerStatuses: [
        { name: 'web', restartCount: 1, state: { running: { startedAt: at(510) } }, lastState: ended(500, 137, { reason: 'Error' }) },
      ],
    };
    const killing = {
      involvedObject: { name: 'web-1', fieldPath: 'spec.containers{web}' },
      reason: 'Killing',
      message: 'Stopping container web',
      lastTimestamp: at(470),
    };
    const other = { ...killing, involvedObject: { name: 'web-1', fieldPath: 'spec.containers{proxy}' }, lastTimestamp: at(499) };
    const { lives } = await collect({ status, events: [killing, other] });
    assert.deepEqual(
      lives[0]?.killedBy.map(({ signal }) => signal),
      ['SIGTERM', 'SIGKILL'],
    );
    assert.equal((lives[0]?.endedAtMs ?? 0) - (lives[0]?.killedBy[0]?.atMs ?? 0), 30_000);
  });

  it('has the probe that fails, with its port by number', async () => {
    const spec = {
      containers: [
        {
          name: 'web',
          image: 'web:1',
          ports: [{ name: 'http', containerPort: 8080 }],
          livenessProbe: { httpGet: { port: 'http', path: '/healthz' }, periodSeconds: 5 },
          readinessProbe: { tcpSocket: { port: 1 } },
        },
      ],
    };
    const events = [
      {
        involvedObject: { name: 'web-1' },
        reason: 'Unhealthy',
        message: 'Liveness probe failed: connection refused',
        count: 4,
        lastTimestamp: at(590),
      },
    ];
    const { health } = await collect({
      spec,
      events,
      status: { containerStatuses: [{ name: 'web', state: { running: { startedAt: at(500) } } }] },
    });
    assert.equal(health?.kind, 'liveness');
    assert.equal(health?.check, 'GET http://127.0.0.1:8080/healthz');
    assert.equal(health?.status, 'unhealthy');
    assert.equal(health?.failingStreak, 4);
    assert.equal(health?.results[0]?.output, 'connection refused');
  });

  it('says what it may not see, and goes on', async () => {
    const { unseen } = await collect({
      spec: { nodeName: 'node-1' },
      status: { containerStatuses: [{ name: 'web', state: { running: { startedAt: at(0) } } }] },
    });
    assert.deepEqual(unseen, [{ what: 'its node', why: 'nodes is forbidden' }]);
  });

  it('shows no value of the environment, in whatever words', async () => {
    const secret = 'hunter2-hunter2';
    const spec = {
      containers: [
        {
          name: 'web',
          image: 'web:1',
          env: [
            { name: 'API_TOKEN', value: secret },
            { name: 'PORT', value: '8080' },
          ],
        },
      ],
    };
    const status = {
      containerStatuses: [{ name: 'web', restartCount: 1, state: {}, lastState: ended(500, 1, { message: `refused ${secret}` }) }],
    };
    const evidence = await collect({ spec, status, previousLog: `${at(1)} token=${secret}` });
    assert.ok(!JSON.stringify(evidence).includes(secret));
    assert.deepEqual(evidence.program.environmentNames, ['API_TOKEN', 'PORT']);
    assert.deepEqual(evidence.program.wantedPorts, [8080]);
  });

  it('reads limits and mounts by their kinds', async () => {
    const spec = {
      volumes: [
        { name: 'state', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'tmp', emptyDir: { medium: 'Memory' } },
        { name: 'keys', secret: { secretName: 'provider-keys' } },
      ],
      containers: [
        {
          name: 'web',
          image: 'web:1',
          resources: { limits: { memory: '512Mi', cpu: '250m' } },
          volumeMounts: [
            { name: 'state', mountPath: '/data' },
            { name: 'tmp', mountPath: '/tmp' },
            { name: 'keys', mountPath: '/keys', readOnly: true },
          ],
        },
      ],
    };
    const { limits, mounts } = await collect({ spec, status: { containerStatuses: [] } });
    assert.deepEqual(limits, { memoryBytes: 512 * 2 ** 20, cpuCores: 0.25 });
    assert.deepEqual(
      mounts.map(({ kind, source, readOnly }) => [kind, source, readOnly]),
      [
        ['volume', 'data', false],
        ['tmpfs', 'tmp', false],
        ['secret', 'provider-keys', true],
      ],
    );
  });
});
