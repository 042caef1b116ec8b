/**
 * What `openclaw deploy kubernetes` writes, and what the chart in `deploy/helm` makes, against the schemas of the Kubernetes API; and that
 * both are the same. The chart is looked at where there is a helm: `go install helm.sh/helm/v3/cmd/helm@v3.16.4`.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parseAllDocuments } from 'yaml';
import { findTarget, type Deployment } from '../../src/operations/deploy/index.ts';

const chart = new URL('../../../../deploy/helm/openclaw', import.meta.url).pathname;
const skip = spawnSync('helm', ['version']).status !== 0 && 'there is no helm';

const schemas = JSON.parse(readFileSync(new URL('kubernetes-1.31.fixture.json', import.meta.url), 'utf8')) as { definitions: object };
const ajv = new Ajv({ strict: false, logger: false, formats: { int32: true, int64: true, 'date-time': true, byte: true } });
ajv.addSchema({ $id: 'kubernetes', definitions: schemas.definitions });

const definitions: Readonly<Record<string, string>> = {
  'v1 Service': 'io.k8s.api.core.v1.Service',
  'v1 Secret': 'io.k8s.api.core.v1.Secret',
  'v1 ConfigMap': 'io.k8s.api.core.v1.ConfigMap',
  'apps/v1 StatefulSet': 'io.k8s.api.apps.v1.StatefulSet',
  'networking.k8s.io/v1 NetworkPolicy': 'io.k8s.api.networking.v1.NetworkPolicy',
};

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

function resourcesIn(text: string): readonly Resource[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Resource | null)
    .filter((resource) => resource !== null);
}

function assertValid(resources: readonly Resource[]): void {
  for (const resource of resources) {
    const definition = definitions[`${resource.apiVersion} ${resource.kind}`];
    assert.ok(definition, `${resource.apiVersion} ${resource.kind}`);
    const isValid = ajv.validate({ $ref: `kubernetes#/definitions/${definition}` }, resource);
    assert.ok(isValid, `${resource.kind}: ${ajv.errorsText()}`);
  }
}

const deployment: Deployment = {
  ...{
    version: '0.1.0',
    image: 'registry.example:5000/openclaw:0.1.0',
    port: 19_001,
    isOpen: true,
    memoryMib: 2048,
    drainTimeoutMs: 30_500,
  },
  ...{ stateDirectory: '/x', credential: 'OPENCLAW_GATEWAY_TOKEN', secrets: { OPENCLAW_GATEWAY_TOKEN: 'token' } },
};

function written(target: string, path: string, changes: Partial<Deployment> = {}): string {
  return (
    findTarget(target)
      ?.files({ ...deployment, ...changes })
      .find((file) => file.path === path)?.text ?? ''
  );
}

function template(values: string, ...words: readonly string[]): { status: number | null; text: string; error: string } {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-helm-'));
  try {
    writeFileSync(join(folder, 'values.yaml'), values);
    const args = ['template', 'openclaw-gateway', chart, '--kube-version', '1.31.0', '-f', join(folder, 'values.yaml'), ...words];
    const { status, stdout, stderr } = spawnSync('helm', args, { encoding: 'utf8' });
    return { status, text: stdout, error: stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the manifests hold against the API, and a misspelt field would not', () => {
  const text = written('kubernetes', 'openclaw.yaml');
  assertValid(resourcesIn(text));
  assert.throws(() => assertValid(resourcesIn(text.replace('failureThreshold: 60', 'failureTreshold: 60'))), /must NOT have additional/);
  assert.throws(() => assertValid(resourcesIn(text.replace('periodSeconds: 5', "periodSeconds: '5'"))), /must be integer/);
});

test('helm finds nothing wrong with the chart', { skip }, () => {
  const { status, stdout, stderr } = spawnSync('helm', ['lint', '--strict', chart], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});

for (const image of [
  'registry.example:5000/openclaw:0.1.0',
  `openclaw@sha256:${'a'.repeat(64)}`,
  `r.example/openclaw:1@sha256:${'b'.repeat(64)}`,
]) {
  test(`the chart with the values of openclaw deploy helm makes what openclaw deploy kubernetes writes: ${image}`, { skip }, () => {
    const made = template(written('helm', 'values.yaml', { image }));
    assert.equal(made.status, 0, made.error);
    const [helm, plain] = [resourcesIn(made.text), resourcesIn(written('kubernetes', 'openclaw.yaml', { image }))];
    assertValid(helm);
    assert.deepEqual(helm.map(bare), plain.map(bare));
  });
}

/** Without what only one of both has: labels, and what says how the chart was made. */
function bare(resource: Resource): unknown {
  const without = ['labels', 'matchLabels', 'selector', 'annotations', 'imagePullPolicy'];
  return JSON.parse(JSON.stringify(resource, (key, value: unknown) => (without.includes(key) ? undefined : value))) as unknown;
}

test('every value of the chart leads to what the API takes', { skip }, () => {
  const made = template(
    JSON.stringify({
      token: '0123456789abcdef0123456789abcdef',
      gateway: { port: 8080, drainTimeoutMs: 1, config: "{ gateway: { bind: 'lan' } }" },
      persistence: { existingClaim: 'mine' },
      imagePullSecrets: [{ name: 'registry' }],
      podSecurityContext: { runAsUser: 99, runAsGroup: 100, fsGroup: 100 },
      networkPolicy: { enabled: true, from: [{ namespaceSelector: {} }] },
      service: { type: 'LoadBalancer', annotations: { a: 'b' } },
      podAnnotations: { 'prometheus.io/scrape': 'true' },
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'a', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      extraEnv: [{ name: 'TZ', value: 'UTC' }],
    }),
  );
  assert.equal(made.status, 0, made.error);
  const resources = resourcesIn(made.text);
  assertValid(resources);
  assert.deepEqual(resources.map(({ kind }) => kind).toSorted(), ['ConfigMap', 'NetworkPolicy', 'Secret', 'Service', 'StatefulSet']);
  const other = template(
    JSON.stringify({ existingSecret: 'x', networkPolicy: { enabled: true }, persistence: { storageClass: 'fast', size: '1Ti' } }),
  );
  assertValid(resourcesIn(other.text));
});

test('the chart refuses what it does not know, and to be installed without a credential', { skip }, () => {
  for (const [values, words] of [
    [{}, /starts with a credential alone/],
    [{ existingSecret: 'x', memmory: '1Gi' }, /memmory/],
    [{ existingSecret: 'x', memory: '1 GB' }, /memory/],
    [{ token: 'short' }, /token/],
    [{ existingSecret: 'x', podSecurityContext: { runAsUser: 0 } }, /runAsUser/],
  ] as const) {
    const { status, error } = template(JSON.stringify(values));
    assert.notEqual(status, 0, JSON.stringify(values));
    assert.match(error, words);
  }
});
