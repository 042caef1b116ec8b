/** What may be written of workloads, and the words for what may not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WorkloadSpec } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { sayDuration } from './columns.ts';
import { kinds } from './index.ts';
import { readObject, type ReadObject } from './read-object.ts';
import { schemaOfKind } from './schemas.ts';
import { workloadKind } from './workload.ts';

const host = { memoryBytes: 8 * 2 ** 30 };

function read(spec: object, metadata: object = {}): ReadObject {
  const body = { apiVersion: 'openclaw.io/v1', kind: 'Workload', metadata: { name: 'one', ...metadata }, spec } as unknown as JsonObject;
  return readObject(workloadKind, body, { fieldValidation: 'Strict', host, namespace: 'default' });
}

/** Every mistake as `path: message`. */
function mistakesIn(spec: object, metadata: object = {}): readonly string[] {
  try {
    read(spec, metadata);
    return [];
  } catch (thrown) {
    assert.ok(thrown instanceof OpenClawError);
    return [thrown, ...thrown.others].map(({ details }) => String(details['reason']));
  }
}

const container = (more: object = {}): object => ({ name: 'main', image: 'x', ...more });
const containers = (more: object): object => ({ containers: [container(more)] });

test('the workload of the article is taken as it is', () => {
  const resources = { limits: { memory: '4096Mi' }, requests: { memory: '2048Mi' } };
  const image = 'registry.example.com/payment-service:v2.3.1';
  const { spec, warnings } = read(
    { containers: [{ name: 'payment-svc', image, resources }] },
    { name: 'payment-processor', namespace: 'default' },
  );
  assert.deepEqual((spec as unknown as WorkloadSpec).containers, [{ name: 'payment-svc', image, resources }]);
  assert.deepEqual(warnings, []);
});

test('amounts may be plain numbers, as YAML has them, and are kept as text', () => {
  const { spec } = read(containers({ resources: { limits: { memory: 128_974_848, cpu: 0.5 } } }));
  assert.deepEqual((spec as unknown as WorkloadSpec).containers[0]?.resources?.limits, { memory: '128974848', cpu: '0.5' });
});

test('null is what is not there, and defaults come in its place', () => {
  const { spec } = read({ ...containers({ env: null, livenessProbe: { tcpSocket: { port: 80 } } }), replicas: null, volumes: null });
  const {
    replicas,
    volumes,
    containers: [only],
  } = spec as unknown as WorkloadSpec;
  assert.deepEqual([replicas, volumes], [1, []]);
  assert.deepEqual(only?.livenessProbe, {
    ...{ tcpSocket: { port: 80 }, initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3, successThreshold: 1 },
  });
});

describe('each mistake is said with its path', () => {
  const cases: readonly (readonly [title: string, spec: object, said: readonly RegExp[]])[] = [
    ['nothing at all', {}, [/^spec\.containers: Required value$/]],
    ['no container', { containers: [] }, [/^spec\.containers: Required value: at least one is needed$/]],
    ['a text for a list', { containers: 'main' }, [/^spec\.containers: Invalid value: "main": must be a list$/]],
    ['neither image nor command', { containers: [{ name: 'main' }] }, [/^spec\.containers\[0\]\.command: Required value/]],
    [
      'no image for Docker',
      { driver: 'docker', containers: [{ name: 'main', command: ['x'] }] },
      [/\.image: Required value: Docker runs images$/],
    ],
    [
      'a driver that is not there yet',
      { driver: 'kubernetes', ...containers({}) },
      [/^spec\.driver: Unsupported value: "kubernetes": supported values: "auto", "process", "docker"/],
    ],
    ['two of one name', { containers: [container(), container()] }, [/^spec\.containers\[1\]\.name: Duplicate value: "main"$/]],
    [
      'a request above the limit',
      containers({ resources: { limits: { memory: '1Gi', cpu: '500m' }, requests: { memory: '1025Mi', cpu: '0.6' } } }),
      [/requests\.memory: .*not be more than the limit of 1Gi$/, /requests\.cpu: .*not be more than the limit of 500m$/],
    ],
    [
      'a memory of nothing',
      containers({ resources: { limits: { memory: '0' } } }),
      [/limits\.memory: Invalid value: "0": must be more than nothing$/],
    ],
    ['bytes with a B', containers({ resources: { limits: { memory: '256MB' } } }), [/did you mean 256M\?$/]],
    ['a probe of no kind', containers({ readinessProbe: {} }), [/readinessProbe: Required value: one of exec, httpGet, tcpSocket$/]],
    [
      'a probe of two kinds',
      containers({ readinessProbe: { tcpSocket: { port: 1 }, exec: { command: ['x'] } } }),
      [/readinessProbe\.tcpSocket: Forbidden: there is exec already$/],
    ],
    [
      'a port that nobody named',
      containers({ readinessProbe: { httpGet: { port: 'web' } } }),
      [/httpGet\.port: Invalid value: "web": no port of the container has this name$/],
    ],
    [
      'successes of a liveness probe',
      containers({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } }),
      [/successThreshold: Invalid value: 2: it must be 1 here$/],
    ],
    [
      'a volume that is not there',
      containers({ volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
      [/volumeMounts\[0\]\.name: Invalid value: "data": no volume/],
    ],
    [
      'a volume of two kinds',
      { ...containers({}), volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/x' } }] },
      [/volumes\[0\]\.emptyDir: Forbidden: there is hostPath already$/],
    ],
    [
      'a path that climbs',
      { ...containers({}), volumes: [{ name: 'v', hostPath: { path: '/x/../etc' } }] },
      [/hostPath\.path: Invalid value/],
    ],
    [
      'a value and where it is kept',
      containers({ env: [{ name: 'A', value: 'x', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }),
      [/env\[0\]\.valueFrom: Forbidden/],
    ],
    [
      'two ports on one of the machine',
      { containers: [container({ ports: [{ containerPort: 80 }] }), { name: 'b', image: 'x', ports: [{ containerPort: 80 }] }] },
      [/containers\[1\]\.ports\[0\]\.hostPort: Duplicate value: 80$/],
    ],
    ['a share of no limit', { ...containers({}), softMemoryLimit: { percent: 80 } }, [/^spec\.softMemoryLimit: Forbidden/]],
    [
      'labels that are none',
      { ...containers({}), template: { metadata: { labels: { 'a b': 'c', d: 'e f' } } } },
      [/template\.metadata\.labels: Invalid value: "a b"/, /labels\[d\]: Invalid value: "e f"/],
    ],
    [
      'a slip',
      containers({ resurces: {} }),
      [/^spec\.containers\[0\]\.resurces: unknown field "spec\.containers\[0\]\.resurces"; did you mean "resources"\?$/],
    ],
  ];
  for (const [title, spec, said] of cases) {
    test(title, () => {
      const found = mistakesIn(spec);
      assert.equal(found.length, said.length, found.join('\n'));
      for (const [index, words] of said.entries()) assert.match(found[index] ?? '', words);
    });
  }

  test('names, labels and finalizers that are none', () => {
    const metadata = { name: 'x'.repeat(51), labels: { ok: 'no spaces' }, finalizers: ['a b'], annotations: { a: 'x'.repeat(300_000) } };
    assert.equal(mistakesIn(containers({}), metadata).length, 4);
    assert.deepEqual(mistakesIn(containers({}), { name: null }), ['metadata.name: Required value: a name, or generateName']);
  });
});

test('it is said where requests are more than the machine has, and it will wait', () => {
  const { warnings } = read({ replicas: 5, ...containers({ resources: { limits: { memory: '3Gi' }, requests: { memory: '2Gi' } } }) });
  assert.deepEqual(warnings, ['spec: 10240Mi of memory are requested by 5 replicas, and this machine has 8192Mi: it will wait as Pending']);
});

test('every field of every kind has a description', () => {
  const missing: string[] = [];
  const walk = (schema: { readonly [name: string]: unknown }, path: string): void => {
    if (typeof schema['description'] !== 'string' || schema['description'] === '') missing.push(path);
    for (const [name, below] of Object.entries((schema['properties'] ?? {}) as Record<string, typeof schema>))
      walk(below, `${path}.${name}`);
    if (schema['items'] !== undefined) walk(schema['items'] as typeof schema, `${path}[]`);
  };
  for (const kind of kinds) walk(schemaOfKind(kind), kind.kind);
  assert.deepEqual(missing, []);
});

test('times are said in the units that say enough', () => {
  const said = [-5, 75, 119, 310, 600, 7200, 12_000, 30_000, 172_800 + 3600, 86_400 * 30, 86_400 * 800].map((seconds) =>
    sayDuration(seconds * 1000),
  );
  assert.deepEqual(said, ['0s', '75s', '119s', '5m10s', '10m', '120m', '3h20m', '8h', '2d1h', '30d', '2y70d']);
});
