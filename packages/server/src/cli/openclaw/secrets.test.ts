import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Command } from 'commander';
import { createFakeClock } from '../../core/fake-clock.ts';
import type { SettingSecret } from '../../config/index.ts';
import { registerSecretsCommands } from './secrets.ts';

const secret = 'tr0ub4dor-and-3-horses';

function setup(t: TestContext, text: string) {
  const state = mkdtempSync(join(tmpdir(), 'openclaw-secrets-'));
  t.after(() => rmSync(state, { recursive: true, force: true }));
  writeFileSync(join(state, 'openclaw.json'), text, { mode: 0o600 });
  writeFileSync(join(state, 'key'), secret, { mode: 0o600 });
  return async (line: string, known: readonly SettingSecret[] = []) => {
    const run = { stdout: '', stderr: '', code: 0 };
    const io = {
      env: { OPENCLAW_STATE_DIR: state, HOME: state },
      stdout: { write: (written: string) => ((run.stdout += written), true) },
      stderr: { write: (written: string) => ((run.stderr += written), true) },
    };
    const program = new Command('openclaw').exitOverride();
    registerSecretsCommands(program, { io, clock: createFakeClock(), known: () => known, setExitCode: (code) => void (run.code = code) });
    await program.parseAsync(['secrets', ...line.split(' ')], { from: 'user' });
    assert.doesNotMatch(run.stdout + run.stderr, new RegExp(secret));
    return { ...run, stdout: run.stdout.replaceAll(`${state}/`, '') };
  };
}

const references = `{
  gateway: { auth: { token: { $secret: { file: 'key' } } } },
  models: { providers: { openai: { apiKey: { $secret: { vault: { path: 'a', key: 'b' } } } } } },
}`;

test('list names references and what the gateway knows of them, and asks no source', async (t) => {
  const run = setup(t, references);
  const known: SettingSecret = {
    ...{ setting: 'gateway.auth.token', kind: 'file', where: 'x', state: 'ok' },
    ...{ readAt: '2025-12-31T23:58:00.000Z', rotatedAt: '2025-12-29T00:00:00.000Z' },
  };
  const { stdout, code } = await run('list', [known]);
  assert.deepEqual(
    stdout.split('\n').map((line) => line.split(/ {2,}/)),
    [
      ['SETTING', 'KIND', 'WHERE', 'STATE', 'READ', 'ROTATED', 'AGE'],
      ['gateway.auth.token', 'file', 'the file key', 'ok', '2m', '3d', '-'],
      ['models.providers.openai.apiKey', 'vault', 'vault secret/a#b', 'unknown', '-', '-', '-'],
      [''],
    ],
  );
  assert.equal(code, 0);
});

test('check reads each, says why one cannot be read, and ends with 1 then', async (t) => {
  const { stdout, code } = await setup(t, references)('check');
  assert.match(
    stdout,
    /^ok {4}gateway\.auth\.token +the file key\nbad {3}models\.providers\.openai\.apiKey +vault secret\/a#b\n +has no secret: .*VAULT_ADDR/,
  );
  assert.equal(code, 1);
  const well = await setup(t, "{ gateway: { auth: { token: { $secret: { file: 'key' } } } } }")('check -o json');
  assert.deepEqual(
    [well.code, JSON.parse(well.stdout)],
    [0, { secrets: [{ setting: 'gateway.auth.token', kind: 'file', where: 'the file key', isReadable: true }] }],
  );
});

test('audit ends with 1 where there is a finding, with its place and remedy, unless its kind is accepted', async (t) => {
  const run = setup(t, `{\n  gateway: { auth: { token: '${secret}' } },\n}`);
  const { stdout, code } = await run('audit');
  assert.match(stdout, /openclaw\.json:2 {2}plain_secret\n {4}gateway\.auth\.token is written as text\.\n {4}mend {2}Put it into a file/);
  assert.equal(code, 1);
  const accepted = await run('audit --except plain_secret -o json');
  assert.equal(accepted.code, 0);
  assert.deepEqual((JSON.parse(accepted.stdout) as { findings: unknown[] }).findings, []);
});
