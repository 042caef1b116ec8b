/** The page about the HTTP API names what the program answers, and nothing else. */
import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { servedPaths } from '../../src/gateway/index.ts';
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
  const paths = Object.keys(gateway.running.endpoints);
  assert.deepEqual(servedPaths.toSorted(), paths.toSorted(), 'a gateway that starts has to know the paths that it will have');
  for (const { path, methods, credential } of rows) {
    const { status } = await fetch(gateway.url + path.replace('*', 'x'), { method: methods[0] ?? 'GET' });
    assert.equal(
      status === 401,
      /^`(models|runs|admin|operator\.read|signature)`(;|$)/.test(credential.trim()),
      `${path} answered ${status} to somebody without a credential`,
    );
  }
});

test('docs/http-api.md names every header of its own that the program reads or sends, and no other', async () => {
  const root = new URL('../../../../', import.meta.url);
  const page = await readFile(new URL('docs/http-api.md', root), 'utf8');
  const sources = new URL('packages/server/src/', root);
  const inProgram = new Set<string>();
  for await (const path of glob('{access,gateway,models}/**/*.ts', { cwd: sources })) {
    if (/\.(test|fixture)\.ts$/.test(path)) continue;
    for (const [, name = ''] of (await readFile(new URL(path, sources), 'utf8')).matchAll(/'(x-openclaw-[a-z-]+)'/g)) inProgram.add(name);
  }
  const onPage = new Set(Array.from(page.matchAll(/`(x-openclaw-[a-z-]+)`/g), ([, name = '']) => name));
  assert.deepEqual([...onPage].toSorted(), [...inProgram].toSorted());
});
