/** The page about the HTTP API names what the program answers, and nothing else. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { startTestGateway } from '../harness/gateway.ts';

test('docs/http-api.md lists exactly the endpoints and methods that there are, and who may call them', async () => {
  const page = await readFile(new URL('../../../../docs/http-api.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\/[^`]*)` \| ([A-Z, ]+) \| ([^|]*) \|/gm)].map(([, path = '', methods = '', credential = '']) => ({
    path,
    methods: methods.split(',').map((method) => method.trim()),
    credential,
  }));
  await using gateway = await startTestGateway();
  const documented = rows.map(({ path, methods }) => `${path} ${methods.toSorted().join()}`).toSorted();
  const existing = Object.entries(gateway.running.endpoints)
    .map(([path, methods]) => `${path} ${methods.toSorted().join()}`)
    .toSorted();
  assert.deepEqual(documented, existing);
  for (const { path, methods, credential } of rows) {
    const { status } = await fetch(gateway.url + path.replace('*', 'x'), { method: methods[0] ?? 'GET' });
    assert.equal(
      status === 401,
      credential.trim() === '`models`' || credential.trim() === '`admin`',
      `${path} answered ${status} to somebody without a credential`,
    );
  }
});
