import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { Command } from 'commander';

import { OpenClawError } from '../../core/errors.ts';
import { registerConfigCommands } from './config.ts';

interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly error: OpenClawError | undefined;
}

function setup(
  t: TestContext,
  text?: string,
): { file: string; run: (args: readonly string[], env?: Record<string, string>) => Promise<Outcome> } {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-cli-config-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'openclaw.json');
  if (text !== undefined) writeFileSync(file, text);
  return {
    file,
    async run(args, env = {}) {
      const written = { out: '', err: '' };
      const program = new Command().exitOverride();
      registerConfigCommands(program, {
        stdout: { write: (chunk: string) => (written.out += chunk) },
        stderr: { write: (chunk: string) => (written.err += chunk) },
        env: { OPENCLAW_STATE_DIR: directory, ...env },
      });
      const error = await program.parseAsync(['config', ...args], { from: 'user' }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined && !(error instanceof OpenClawError)) throw error;
      return { ...written, error };
    },
  };
}

const withSecrets = "{\n  gateway: { auth: { token: 'file-token' } },\n  models: { providers: { a: { apiKeys: [{ key: 'one' }] } } },\n}\n";

test('get prints settings with their sources, secrets redacted', async (t) => {
  const { file, run } = setup(t, withSecrets);
  const { out } = await run(['get', 'gateway.auth']);
  const rows = out.split('\n').map((row) => row.split(/ {2,}/));
  assert.deepEqual(rows.slice(0, 2), [
    ['gateway.auth.mode', 'token', 'default'],
    ['gateway.auth.token', '[redacted]', `${file}:2:29`],
  ]);
});

test('no secret is printed by get, however it is asked for', async (t) => {
  const { run } = setup(t, withSecrets);
  for (const path of [[], ['gateway.auth.token'], ['models.providers.a.apiKeys[0].key'], ['models']]) {
    for (const output of ['text', 'json']) {
      const { out, err } = await run(['get', ...path, '-o', output]);
      assert.doesNotMatch(out + err, /file-token|"one"|\bone\b/);
      assert.match(out, /\[redacted\]/);
    }
  }
});

test('--show-secrets prints them; the value alone goes to stdout', async (t) => {
  const { file, run } = setup(t, withSecrets);
  assert.deepEqual(await run(['get', 'gateway.auth.token', '--show-secrets']), {
    out: 'file-token\n',
    err: `from ${file}:2:29\n`,
    error: undefined,
  });
  const { out, err } = await run(['get', 'gateway.auth.token', '--show-secrets'], { OPENCLAW_GATEWAY_TOKEN: 'own' });
  assert.deepEqual([out, err], ['own\n', 'from environment variable OPENCLAW_GATEWAY_TOKEN\n']);
});

test('get prints JSON for programs', async (t) => {
  const { file, run } = setup(t, '{ gateway: { limits: { connections: 5 } } }');
  const { out } = await run(['get', 'gateway.limits.connections', '-o', 'json']);
  assert.deepEqual(JSON.parse(out), {
    path: 'gateway.limits.connections',
    value: 5,
    sources: { 'gateway.limits.connections': `${file}:1:37` },
  });
});

test('get names the nearest setting when there is none of that name', async (t) => {
  const { run } = setup(t, "{ models: { routes: { 'gpt-4.1': { targets: ['a/b'] } } } }");
  const near = {
    'gateway.prot': 'gateway.port',
    'gatway.auth': 'gateway.auth',
    port: 'gateway.port',
    'models.routes.gpt-4.1': 'models.routes["gpt-4.1"]',
  };
  for (const [wrong, right] of Object.entries(near)) {
    const { error, out } = await run(['get', wrong]);
    assert.deepEqual(
      [error?.code, error?.message, error?.hint, out],
      ['config_key_unknown', `There is no setting ${wrong}.`, `Did you mean ${right}?`, ''],
    );
  }
  assert.equal((await run(['get', 'something.else.entirely'])).error?.hint, '`openclaw config get` lists all settings.');
});

test('get tells a setting that is not set from one that does not exist', async (t) => {
  const { error } = await setup(t).run(['get', 'gateway.customBindHost']);
  assert.deepEqual([error?.code, error?.message], ['config_key_unset', 'The setting gateway.customBindHost is not set.']);
});

test('set writes the file, says so, and says what wins over it', async (t) => {
  const { file, run } = setup(t, '{\n  // mine\n}\n');
  const { out, err } = await run(['set', 'gateway.port', '8080'], { PORT: '81' });
  assert.equal(out, `gateway.port is set in ${file}.\n`);
  assert.equal(err, 'Note: environment variable PORT wins over the file.\nA gateway that runs takes it up by itself.\n');
  assert.equal(readFileSync(file, 'utf8'), '{\n  gateway: {\n    port: 8080,\n  },\n  // mine\n}\n');
});

test('set refuses what would be bad, says that nothing was changed, and changes nothing', async (t) => {
  const { file, run } = setup(t, '{}');
  const { out, err, error } = await run(['set', '--', 'gateway.port', '-1']);
  assert.deepEqual([out, err, error?.code], ['', 'Nothing was changed.\n', 'config_invalid']);
  assert.equal(readFileSync(file, 'utf8'), '{}');
});

test('unset takes a setting out of the file', async (t) => {
  const { file, run } = setup(t, '{ gateway: { port: 1 } }');
  assert.equal((await run(['unset', 'gateway.port'])).out, `gateway.port is no longer in ${file}.\n`);
  assert.equal(readFileSync(file, 'utf8'), '{ gateway: { } }');
  assert.equal((await run(['unset', 'gateway.port'])).error?.code, 'usage_error');
});

test('validate says that all is well, or names every mistake', async (t) => {
  const good = setup(t, '{}');
  assert.equal((await good.run(['validate'])).out, `${good.file} is valid, and no gateway has used it yet.\n`);
  const absent = setup(t);
  assert.equal((await absent.run(['validate'])).out, `${absent.file} does not exist; the defaults hold, and the environment is valid.\n`);
  const bad = setup(t, '{ gateway: { port: -1, prt: 1 } }');
  const { error, out } = await bad.run(['validate']);
  assert.equal(out, '');
  assert.deepEqual(
    [error, ...(error?.others ?? [])].map((one) => one?.details['column']),
    [20, 24],
  );
});

test('schema prints JSON Schema, and file where the file is', async (t) => {
  const { file, run } = setup(t);
  const schema: unknown = JSON.parse((await run(['schema'])).out);
  assert.ok(typeof schema === 'object' && schema !== null && 'title' in schema);
  assert.equal(schema.title, 'openclaw.json');
  assert.equal((await run(['file'])).out, `${file}\n`);
  assert.equal((await run(['file', '--config', '/elsewhere/my.json'])).out, '/elsewhere/my.json\n');
});
