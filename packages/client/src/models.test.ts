import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClaw } from './openclaw.ts';
import { json, refuse, startTestServer } from './test-server.fixture.ts';

test('the list of models, after a try that failed', async () => {
  const list = { object: 'list', data: [{ id: 'acme/large', object: 'model', created: 1, owned_by: 'acme' }] };
  await using server = await startTestServer(refuse(500), json(list));
  await using client = new OpenClaw({ baseURL: `${server.url}/openai/v1/`, retry: { random: () => 0 } });
  assert.deepEqual(await client.models.list(), list);
  assert.deepEqual(
    server.requests.map(({ method, url, headers }) => [method, url, headers['authorization']]),
    [
      ['GET', '/openai/v1/models', undefined],
      ['GET', '/openai/v1/models', undefined],
    ],
  );
});
