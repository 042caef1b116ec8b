/** The API of workloads on a real store behind the real router, and an insight that says what a test wants. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstanceStatus, WorkloadStatus } from '@openclaw/protocol';
import { systemClock } from '../../src/core/clock.ts';
import { OpenClawError } from '../../src/core/errors.ts';
import { createIds } from '../../src/core/ids.ts';
import { createLog } from '../../src/core/log.ts';
import { createBodyBudget } from '../../src/gateway/body-budget.ts';
import { createKubernetesEndpoints } from '../../src/gateway/kubernetes/index.ts';
import { createAudit, type Audit } from '../../src/operations/index.ts';
import { listen, readTls } from '../../src/gateway/index.ts';
import type { GatewayPolicy } from '../../src/gateway/policy.ts';
import { createRequestHandler } from '../../src/gateway/router.ts';
import { migrations } from '../../src/storage/migrations/index.ts';
import { openSqlite } from '../../src/storage/sqlite/database.ts';
import { storePaths } from '../../src/storage/sqlite/paths.ts';
import { openResourceStore, type ResourceStore, type WorkloadInsight } from '../../src/workloads/index.ts';

/** Tokens of callers, by what they may do. */
export const tokens = { admin: 'token-of-the-operator', writer: 'of-a-writer', reader: 'of-a-reader', models: 'key-for-models' } as const;

const scopesOf = new Map<string, readonly string[]>([
  [tokens.admin, ['models', 'runs', 'admin']],
  [tokens.writer, ['models', 'operator.write', 'operator.read']],
  [tokens.reader, ['operator.read']],
  [tokens.models, ['models']],
]);

export const hostMemoryBytes = 8 * 2 ** 30;

export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  readonly store: ResourceStore;
  readonly audit: Audit;
  /** Where the certificate is, with TLS. */
  readonly directory: string;
  /** @param path below `/apis/openclaw.io/v1/namespaces/`, or from a slash on */
  request(path: string, init?: RequestWish): Promise<Answer>;
}

export interface RequestWish {
  readonly method?: string;
  readonly json?: unknown;
  readonly contentType?: string;
  readonly token?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface ApiServerOptions {
  readonly insight?: Partial<WorkloadInsight>;
  readonly tls?: boolean;
}

export async function startApiServer({ insight, tls = false }: ApiServerOptions = {}): Promise<ApiServer> {
  await using resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'openclaw-workloads-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  const clock = systemClock;
  const database = await openSqlite({ paths: storePaths(directory), clock, migrations, reader: 'at once' });
  resources.defer(() => database.close());
  const log = createLog({ clock, destinations: [], level: 'silent' });
  const store = await openResourceStore({ database, clock, log });
  resources.defer(() => store.close());
  const audit = createAudit({ database, clock, log });
  const stopping = new AbortController();
  const endpoints = createKubernetesEndpoints({
    ...{
      clock,
      log,
      audit,
      version: '0.1.0',
      bodyLimitBytes: () => 1024 * 1024,
      bodyBudget: createBodyBudget(2 ** 26),
      stopping: stopping.signal,
    },
    open: async () => ({ store, insight: insight as WorkloadInsight | undefined, host: { memoryBytes: hostMemoryBytes } }),
  });
  const handler = createRequestHandler({
    ...{ endpoints, authenticate, log, ids: createIds(), admit: () => {}, onRequest: () => {} },
    policy: () =>
      ({ open: false, ambient: false, controlUi: { enabled: false, allowedHosts: [], allowedOrigins: [] } }) as unknown as GatewayPolicy,
  });
  const limits = { headerBytes: 16_384, headerTimeoutMs: 9000, bodyTimeoutMs: 10_000, keepAliveMs: 5000, connections: 1000 };
  const material = await readTls({ enabled: tls }, { directory, clock, names: ['localhost', '127.0.0.1'] });
  const listener = await listen({ host: '127.0.0.1', port: 0, limits, tls: material }, { request: handler });
  resources.defer(() => listener.close());
  resources.defer(() => stopping.abort());
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${listener.port}`;
  const kept = resources.move();
  return { url, store, audit, directory, request: (path, init) => ask(url, path, init), [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function ask(
  url: string,
  path: string,
  { json, contentType = 'application/json', token = tokens.admin, accept, ...rest }: RequestWish = {},
): Promise<Answer> {
  const response = await fetch(url + (path.startsWith('/') ? path : `/apis/openclaw.io/v1/namespaces/${path}`), {
    ...rest,
    ...(json === undefined ? {} : { body: typeof json === 'string' ? json : JSON.stringify(json) }),
    headers: { authorization: `Bearer ${token}`, 'content-type': contentType, ...(accept === undefined ? {} : { accept }) },
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

function authenticate({ headers }: IncomingMessage) {
  const token = headers.authorization?.slice('Bearer '.length) ?? '';
  const scopes = scopesOf.get(token);
  if (!scopes)
    throw new OpenClawError(token === '' ? 'missing_credentials' : 'invalid_credentials', {
      details: { from: 'a test', source: 'Authorization' },
    });
  return { kind: 'gateway', id: token, scopes: new Set(scopes), models: undefined } as const;
}

/** The manifest of a workload, as an operator writes it. */
export function manifest(name: string, spec: object = {}, metadata: object = {}): object {
  const container = {
    name: 'main',
    image: 'registry.example.com/main:v1',
    resources: { limits: { memory: '512Mi' }, requests: { memory: '256Mi' } },
  };
  return { apiVersion: 'openclaw.io/v1', kind: 'Workload', metadata: { name, ...metadata }, spec: { containers: [container], ...spec } };
}

/** What controllers would write of a workload whose instances run. */
export function running(name: string, count = 1, more: Partial<InstanceStatus> = {}): WorkloadStatus {
  const startedAt = '2026-11-20T10:00:00Z';
  const instances = Array.from({ length: count }, (_, index): InstanceStatus => ({
    ...{ id: `${name}-5f7c9-x2k4${index}`, node: 'here', revision: 1, phase: 'Running', ready: true, startedAt, restarts: 0 },
    containers: [{ name: 'main', ready: true, restarts: 0, state: { running: { startedAt } } }],
    memory: { current: 200 * 2 ** 20, peak: 220 * 2 ** 20, limit: 512 * 2 ** 20 },
    ...more,
  }));
  const condition = {
    type: 'Ready',
    status: 'True',
    reason: 'AllReady',
    message: 'all instances are ready',
    lastTransitionTime: startedAt,
  } as const;
  return {
    ...{ phase: 'Running', observedGeneration: 1, driver: 'process', restarts: 0, conditions: [condition], instances },
    ...{ replicas: count, readyReplicas: count, updatedReplicas: count, selector: `openclaw.io/workload=${name}` },
  };
}

/** Events of a watch, as they come. */
export async function* watchLines(address: string, signal: AbortSignal, accept?: string) {
  const response = await fetch(address, {
    signal,
    headers: { authorization: `Bearer ${tokens.admin}`, ...(accept === undefined ? {} : { accept }) },
  });
  let rest = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as { readonly type: string; readonly object: ReturnType<typeof JSON.parse> };
  }
}
