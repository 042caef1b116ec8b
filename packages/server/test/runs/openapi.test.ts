/** The OpenAPI description is of the API that there is, in words that programs can read. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { createOpenApiEndpoint, describeApi, operations } from '../../src/gateway/openapi.ts';
import { servedPaths } from '../../src/gateway/index.ts';
import { startRunServer, tokens } from '../harness/run-server.ts';

type Node = Readonly<Record<string, unknown>>;

const api = describeApi() as { paths: Record<string, Record<string, Node>>; components: { schemas: Record<string, Node> } };

test('it has every path and method that docs/http-api.md has, and no other', () => {
  const page = readFileSync(new URL('../../../../docs/http-api.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `(\/[^`]*)` \| ([A-Z, ]+) \|/gm)].map(
    ([, path = '', methods = '']) => `${path} ${methods.split(', ').toSorted().join()}`,
  );
  const byPattern = Map.groupBy(Object.values(operations), ({ path }) => patternOf(path));
  const described = Array.from(
    byPattern,
    ([pattern, those]) => `${pattern} ${[...new Set(those.map(({ method }) => method))].toSorted().join()}`,
  );
  assert.deepEqual(described.toSorted(), documented.map((row) => row.trim()).toSorted());
});

/** The path itself, else the longest one with a star that it lies below. */
function patternOf(path: string): string {
  if (servedPaths.includes(path)) return path;
  const below = servedPaths.filter((pattern) => pattern.endsWith('/*') && path.startsWith(pattern.slice(0, -1)));
  return below.toSorted((one, other) => other.length - one.length)[0] ?? path;
}

test('every reference leads somewhere, every operation has a name of its own, every piece of a path is a parameter, every schema is one', () => {
  const text = JSON.stringify(api);
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) assert.ok(api.components.schemas[name], name);
  const names = Object.values(api.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  assert.equal(new Set(names).size, names.length);
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, { parameters = [], responses, requestBody }] of Object.entries(methods)) {
      const inPath = (parameters as { in: string; name: string }[]).filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      assert.deepEqual(
        inPath,
        Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name),
        path,
      );
      assert.ok(
        Object.keys(responses as object).some((status) => status.startsWith('2')),
        `${method} ${path}`,
      );
      assert.ok(method !== 'get' || requestBody === undefined);
    }
  }
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema({ $id: 'api', ...api });
  for (const name of Object.keys(api.components.schemas)) assert.ok(ajv.compile({ $ref: `api#/components/schemas/${name}` }), name);
  for (const { body } of Object.values(operations)) if (body) ajv.compile(body);
});

test('what the endpoints answer is what it says of them', async () => {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema({ $id: 'api', ...api });
  const holds = (name: string, value: unknown): void => {
    const validate = ajv.compile({ $ref: `api#/components/schemas/${name}` });
    assert.ok(validate(value), `${name}: ${JSON.stringify(validate.errors)} of ${JSON.stringify(value)}`);
  };
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-openapi-'));
  try {
    await using server = await startRunServer({ directory });
    const ask = async (method: string, path: string, body?: object): Promise<Node> => {
      const headers = { authorization: `Bearer ${tokens.admin}` };
      const answer = await fetch(`${server.url}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
      return (await answer.json()) as Node;
    };
    const holdsRun = async (input: string): Promise<void> => {
      const run = await ask('POST', '/v1/runs', { input });
      holds('Run', run);
      for await (const event of server.engine.events(String(run['id']), 0, AbortSignal.timeout(10_000))) {
        holds('RunEvent', event);
        if (event.kind === 'run.parked') break;
      }
      holds('Run', await ask('GET', `/v1/runs/${String(run['id'])}`));
    };
    for (const input of ['say Hello.', 'fail', 'call pay {}']) await holdsRun(input);
    const opened = await ask('POST', '/v1/runs/open', { key: 'k', input: 1 });
    holds('OpenedProgram', opened);
    const path = `/v1/runs/${(opened['run'] as { id: string }).id}/steps`;
    holds('BegunStep', await ask('POST', path, { claim: opened['claim'], step: 1, name: 'one' }));
    holds('StepReceipt', await ask('POST', `${path}/1/finish`, { claim: opened['claim'], attempt: 1, result: 1 }));
    holds('Error', await ask('GET', '/v1/runs/none'));
    holds('Error', await ask('POST', '/v1/runs', { input: 1 }));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('it is served without a credential from this machine to a loopback bind alone', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-openapi-'));
  try {
    for (const [loopbackOnly, expected] of [
      [true, 200],
      [false, 401],
    ] as const) {
      await using server = await startRunServer({
        directory,
        endpoints: { '/openapi.json': { GET: createOpenApiEndpoint(() => loopbackOnly) } },
      });
      const answer = await fetch(`${server.url}/openapi.json`);
      assert.equal(answer.status, expected);
      if (expected === 200) assert.deepEqual(await answer.json(), JSON.parse(JSON.stringify(api)));
      const allowed = await fetch(`${server.url}/openapi.json`, { headers: { authorization: `Bearer ${tokens.admin}` } });
      assert.equal(allowed.status, 200);
      await allowed.body?.cancel();
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
