/** Runs commands of `clw` against a small server that speaks the workload API's published forms over real HTTP, for tests. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ApiObject, StatusCause } from '@openclaw/protocol';
import { createFakeClock, type FakeClock } from '../../core/fake-clock.ts';
import { main } from './main.ts';

type Json = Record<string, unknown>;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly width?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Without the context of the fixture's server. */
  readonly bare?: boolean;
}

export interface ApiFixture {
  readonly url: string;
  readonly directory: string;
  /** As `METHOD path?query`. */
  readonly requests: string[];
  readonly bodies: unknown[];
  /** By `resource/namespace/name`. */
  readonly objects: Map<string, ApiObject>;
  /** Of subresources and other paths, before what the server would say by itself. */
  readonly answers: Map<string, (url: URL, request: IncomingMessage, response: ServerResponse) => unknown>;
  /** What the server finds wrong with an object. */
  check: (object: Json) => readonly StatusCause[];
  clock: FakeClock;
  /** What passes while a command waits. */
  onWait: (ms: number) => void;
  add(resource: string, object: Json): ApiObject;
  file(name: string, text: string): string;
  run(words: string | readonly string[], options?: RunOptions): Promise<Ran>;
}

const token = 'secret-token';

export async function startApi(t: TestContext): Promise<ApiFixture> {
  const directory = mkdtempSync(join(tmpdir(), 'clw-'));
  const server = createServer((request, response) => void answer(request, response, fixture));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const contexts = join(directory, 'clw.json');
  writeFileSync(contexts, JSON.stringify({ current: 'test', contexts: { test: { server: url, token } } }), { mode: 0o600 });
  const fixture: ApiFixture = {
    ...{ url, directory, requests: [], bodies: [], objects: new Map(), answers: new Map() },
    check: () => [],
    clock: createFakeClock({ nowMs: Date.parse('2026-01-01T12:00:00Z') }),
    onWait: (ms) => fixture.clock.advance(ms),
    add(resource, object) {
      const stored = stamp(object as unknown as ApiObject, fixture);
      fixture.objects.set(`${resource}/${stored.metadata.namespace}/${stored.metadata.name}`, stored);
      return stored;
    },
    file(name, text) {
      const path = join(directory, name);
      writeFileSync(path, text);
      return path;
    },
    async run(words, { stdin = '', width, env = {}, bare = false } = {}) {
      const written = { stdout: '', stderr: '' };
      const terminal = {
        stdout: { write: (text: string) => (written.stdout += text), ...(width === undefined ? {} : { isTTY: true, columns: width }) },
        stderr: { write: (text: string) => (written.stderr += text) },
        env: { HOME: directory, OPENCLAW_STATE_DIR: join(directory, 'state'), ...(bare ? {} : { CLW_CONFIG: contexts }), ...env },
      };
      const code = await main(typeof words === 'string' ? words.split(' ') : words, {
        terminal,
        clock: fixture.clock,
        wait: (ms) => Promise.resolve(fixture.onWait(ms)),
        stdin: (async function* () {
          yield Buffer.from(stdin);
        })(),
      });
      return { code, ...written };
    },
  };
  return fixture;
}

let version = 100;

function stamp(object: ApiObject, { objects }: ApiFixture): ApiObject {
  version += 1;
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...{ name: metadata.name, namespace: 'default', generation: 1 },
      ...{ uid: `uid-${objects.size + 1}`, creationTimestamp: '2026-01-01T11:00:00Z' },
      ...metadata,
      resourceVersion: String(version),
    },
  };
}

class Refused extends Error {
  readonly status: number;
  readonly body: Json;

  constructor(
    status: number,
    reason: string,
    { message = reason, causes = [] }: { message?: string; causes?: readonly StatusCause[] } = {},
  ) {
    super(message);
    this.status = status;
    this.body = { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure', code: status, reason, message, details: { causes } };
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, fixture: ApiFixture): Promise<void> {
  const url = new URL(request.url ?? '', fixture.url);
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString();
  fixture.requests.push(`${request.method} ${decodeURIComponent(url.pathname + url.search)}`);
  const body = text === '' ? undefined : (JSON.parse(text) as unknown);
  if (body !== undefined) fixture.bodies.push(body);
  try {
    if (request.headers.authorization !== `Bearer ${token}`)
      throw new Refused(401, 'Unauthorized', { message: 'The credential is not one that this gateway knows.' });
    const special = fixture.answers.get(`${request.method} ${url.pathname}`);
    const value = special ? special(url, request, response) : serve(request, url, { body, fixture });
    if (response.writableEnded || response.headersSent) return;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    response.writeHead(thrown.status, { 'content-type': 'application/json' }).end(JSON.stringify(thrown.body));
  }
}

const discovery: Readonly<Record<string, unknown>> = {
  '/apis': { groups: [{ preferredVersion: { groupVersion: 'openclaw.io/v1' } }] },
  '/apis/openclaw.io/v1': {
    groupVersion: 'openclaw.io/v1',
    resources: [
      { name: 'workloads', singularName: 'workload', kind: 'Workload', shortNames: ['wl'], namespaced: true },
      { name: 'workloads/status', kind: 'Workload', namespaced: true },
      { name: 'alerts', singularName: 'alert', kind: 'Alert', shortNames: ['al'], namespaced: true },
    ],
  },
  '/api/v1': { groupVersion: 'v1', resources: [{ name: 'pods', singularName: 'pod', kind: 'Pod', shortNames: ['po'], namespaced: true }] },
  '/version': { gitVersion: 'v0.1.0-openclaw' },
};

interface Serving {
  readonly body: unknown;
  readonly fixture: ApiFixture;
}

function serve({ method, headers }: IncomingMessage, url: URL, { body, fixture }: Serving): unknown {
  if (Object.hasOwn(discovery, url.pathname)) return discovery[url.pathname];
  const match = /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname);
  if (!match) throw new Refused(404, 'NotFound', { message: `the server could not find ${url.pathname}` });
  const [, namespace, resource = '', name, subresource] = match.map((part) => (part === undefined ? part : decodeURIComponent(part)));
  const table = headers.accept?.includes('as=Table') === true;
  if (method === 'POST')
    return store(resource, { ...(body as Json), metadata: { namespace, ...((body as Json)['metadata'] as Json) } }, { url, fixture });
  if (name === undefined) return list(resource, namespace, { url, fixture, table });
  const key = `${resource}/${namespace}/${name}`;
  const there = fixture.objects.get(key) ?? notFound(resource, name);
  if (method === 'DELETE') {
    fixture.objects.delete(key);
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name, uid: there.metadata.uid } };
  }
  if (method !== 'PATCH') return table ? tableOf([there]) : there;
  const isJsonPatch = headers['content-type'] === 'application/json-patch+json';
  const changed = isJsonPatch ? jsonPatched(there, body as Json[]) : (merged(there, body) as ApiObject);
  const isSame = JSON.stringify(changed) === JSON.stringify(there);
  return isSame || subresource === 'status' ? there : store(resource, changed as unknown as Json, { url, fixture });
}

function store(resource: string, object: Json, { url, fixture }: { url: URL; fixture: ApiFixture }): ApiObject {
  const causes = fixture.check(object);
  if (causes.length > 0)
    throw new Refused(422, 'Invalid', { message: causes.map(({ field, message }) => `${field}: ${message}`).join(', '), causes });
  const { metadata } = object as unknown as ApiObject;
  const stored = stamp(
    { ...(object as unknown as ApiObject), metadata: { ...metadata, generation: (metadata.generation ?? 0) + 1 } },
    fixture,
  );
  if (url.searchParams.get('dryRun') !== 'All') fixture.objects.set(`${resource}/${metadata.namespace}/${metadata.name}`, stored);
  return stored;
}

function list(
  resource: string,
  namespace: string | undefined,
  { url, fixture, table }: { url: URL; fixture: ApiFixture; table: boolean },
): unknown {
  const fields = Object.fromEntries(
    (url.searchParams.get('fieldSelector') ?? '').split(',').map((pair) => pair.split('=') as [string, string]),
  );
  const items = [...fixture.objects]
    .filter(([key, { metadata }]) => key.startsWith(`${resource}/`) && (namespace === undefined || metadata.namespace === namespace))
    .map(([, object]) => object)
    .filter((object) => Object.entries(fields).every(([path, wanted]) => path === '' || at(object, path) === wanted));
  return table ? tableOf(items) : { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: String(version) }, items };
}

function at(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as Json | undefined)?.[name], object);
}

function tableOf(items: readonly ApiObject[]): unknown {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: String(version) },
    columnDefinitions: [
      { name: 'Name', type: 'string', priority: 0 },
      { name: 'Phase', type: 'string', priority: 0 },
      { name: 'Driver', type: 'string', priority: 1 },
    ],
    rows: items.map(({ metadata, status }) => ({
      cells: [metadata.name, (status as Json | undefined)?.['phase'] ?? null, (status as Json | undefined)?.['driver'] ?? null],
      object: { kind: 'PartialObjectMetadata', metadata },
    })),
  };
}

function notFound(resource: string, name: string): never {
  throw new Refused(404, 'NotFound', { message: `${resource}.openclaw.io "${name}" not found` });
}

/** RFC 7396. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Json = { ...(typeof target === 'object' && !Array.isArray(target) ? (target as Json) : {}) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

function jsonPatched(target: ApiObject, operations: readonly Json[]): ApiObject {
  const result = structuredClone(target) as unknown as Json;
  for (const { op, path, value } of operations) {
    const steps = String(path).split('/').slice(1);
    const last = steps.pop() ?? '';
    const place = steps.reduce<Json>((inner, step) => inner[step] as Json, result);
    if (op === 'test' && JSON.stringify(place[last]) !== JSON.stringify(value))
      throw new Refused(422, 'Invalid', { message: `test of ${String(path)} failed` });
    if (op === 'replace' || op === 'add') place[last] = value;
  }
  return result as unknown as ApiObject;
}
