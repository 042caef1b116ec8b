/** Which gateway is asked, as whom, and what is said where that does not work. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startApi } from './api.fixture.ts';

test('contexts are made, chosen, changed and forgotten, in a file of their owner alone', async (t) => {
  const api = await startApi(t);
  const env = { XDG_CONFIG_HOME: join(api.directory, 'config') };
  const file = join(api.directory, 'config', 'openclaw', 'clw.json');
  const config = (words: string, stdin = ''): ReturnType<typeof api.run> => api.run(`config ${words}`, { env, bare: true, stdin });
  assert.equal(
    (await config('set-context production --server https://claw.example.org --token - -n production', 'geheim\n')).stdout,
    'Context "production" created.\n',
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await config('set-context local --server http://127.0.0.1:1');
  assert.equal((await config('current-context')).stdout, 'production\n');
  assert.equal((await config('use-context local')).stdout, 'Switched to context "local".\n');
  assert.equal(
    (await config('get-contexts')).stdout,
    'CURRENT  NAME        SERVER                    NAMESPACE\n         production  https://claw.example.org  production\n*        local       http://127.0.0.1:1\n',
  );
  assert.equal((await config('set-context --current -n staging')).stdout, 'Context "local" modified.\n');
  const shown = (await config('view')).stdout;
  assert.ok(shown.includes('"REDACTED"') && !shown.includes('geheim'));
  assert.ok((await config('view --show-secrets')).stdout.includes('geheim'));
  await config('delete-context local');
  assert.equal((await config('current-context')).code, 2);
  const wrong = await config('use-context produktion');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /There is no context produktion\.\n {2}Did you mean production\?/);
  assert.equal((await config('set-context x --server ftp://x')).code, 2);
});

test('the namespace of the context is the one that is looked into, and flags win over it', async (t) => {
  const api = await startApi(t);
  await api.run('config set-context --current -n production');
  await api.run('get workloads');
  await api.run('get workloads -n staging');
  assert.deepEqual(api.requests, [
    'GET /apis/openclaw.io/v1/namespaces/production/workloads',
    'GET /apis/openclaw.io/v1/namespaces/staging/workloads',
  ]);
});

test('a token lies in a file where somebody wants that, and is read at each command', async (t) => {
  const api = await startApi(t);
  const file = api.file('token', 'secret-token\n');
  await api.run(`config set-context --current --token-file ${file}`);
  assert.equal((await api.run('get workloads')).code, 0);
  writeFileSync(file, 'wrong');
  assert.equal((await api.run('get workloads')).code, 1);
  assert.ok(!readFileSync(join(api.directory, 'clw.json'), 'utf8').includes('secret-token'));
});

test('a wrong token is said with where it came from and how to set another', async (t) => {
  const api = await startApi(t);
  const flag = await api.run('get workloads --token wrong');
  assert.equal(flag.code, 1);
  assert.match(
    flag.stderr,
    /does not accept the token of --token: The credential is not one that this gateway knows\.\n.*set-context test/,
  );
  assert.ok(!flag.stderr.includes('wrong'));
  await api.run('config set-context --current --token other');
  assert.match((await api.run('get workloads')).stderr, /does not accept the token of the context test/);
});

test('the token of a context is sent to no other address', async (t) => {
  const api = await startApi(t);
  const seen: (string | undefined)[] = [];
  const other = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end('{"kind":"Status","status":"Failure","reason":"Forbidden","message":"workloads is forbidden"}');
  });
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { stderr } = await api.run(`get workloads --server http://127.0.0.1:${(other.address() as AddressInfo).port}`);
  assert.deepEqual(seen, [undefined]);
  assert.match(stderr, /does not allow that with a call without a token: workloads is forbidden\.\n.*openclaw keys create/);
});

test('a gateway that does not run, an address where none is, and a server that is no gateway are told apart', async (t) => {
  const api = await startApi(t);
  const none = await api.run('get workloads', { bare: true });
  assert.equal(none.code, 1);
  assert.match(none.stderr, /no gateway runs on .*state\.\n.*openclaw gateway run/);
  assert.match(
    (await api.run('get workloads --server http://127.0.0.1:1')).stderr,
    /The gateway at http:\/\/127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/,
  );
  const other = createServer((_request, response) => void response.writeHead(404).end('<html>not here</html>'));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const strange = await api.run(`get workloads --server http://127.0.0.1:${(other.address() as AddressInfo).port}`);
  assert.match(strange.stderr, /has no workload API: .*404\.\n.*clw config view/);
});

test('a file of contexts that cannot be read as one is named, without what is in it', async (t) => {
  const api = await startApi(t);
  for (const text of ['{"contexts": {"x": {"token": "geheim"', '[]', '{"contexts": {"x": 1}}', '{"contexts": {"x": {"server": 1}}}']) {
    writeFileSync(join(api.directory, 'clw.json'), text);
    const { code, stderr } = await api.run('get workloads');
    assert.equal(code, 2);
    assert.match(stderr, /clw\.json cannot be used: /);
    assert.ok(!stderr.includes('geheim'));
  }
  assert.ok(existsSync(join(api.directory, 'clw.json')));
});

test('what the server finds wrong is told with its path', async (t) => {
  const api = await startApi(t);
  api.add('workloads', { metadata: { name: 'shop' }, spec: {} });
  api.check = () => [{ reason: 'FieldValueInvalid', field: 'spec.replicas', message: 'must be at most 100' }];
  const { code, stderr } = await api.run('restart shop');
  assert.equal(code, 1);
  assert.match(stderr, /^clw: spec\.replicas: must be at most 100\.\n {2}Nothing was changed\. `clw explain workload\.spec`/);
});
