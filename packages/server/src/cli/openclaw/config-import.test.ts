import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

function setup(t: TestContext): { directory: string; file: string; run: (...args: readonly string[]) => Promise<Outcome> } {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-cli-import-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return {
    directory,
    file: join(directory, 'openclaw.json'),
    async run(...args) {
      const written = { out: '', err: '' };
      const program = new Command().exitOverride();
      registerConfigCommands(program, {
        stdout: { write: (chunk: string) => (written.out += chunk) },
        stderr: { write: (chunk: string) => (written.err += chunk) },
        env: { OPENCLAW_STATE_DIR: directory },
        vendors: ['openai'],
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

const theirs = `{
  // of openclaw@2026.9
  gateway: { mode: 'local', port: 18790, auth: { mode: 'token', token: 'plain-token-of-theirs' } },
  channels: { telegram: { botToken: 'plain-telegram-token' } },
}
`;

test('import shows line by line what it would do, without secrets, and writes nothing', async (t) => {
  const { file, run } = setup(t);
  writeFileSync(file, theirs);
  const { out, err, error } = await run('import', file);
  assert.equal(error, undefined);
  const rows = out.split('\n').map((row) => row.trim().split(/ {2,}/));
  assert.deepEqual(rows.slice(0, 6), [
    ['LINE', 'WHAT', 'SETTING', 'HOW'],
    ['3', 'left out', 'gateway.mode', 'not needed: a gateway is local'],
    ['3', 'carried', 'gateway.port'],
    ['3', 'carried', 'gateway.auth.mode'],
    ['3', 'carried', 'gateway.auth.token'],
    [
      '4',
      'left out',
      'channels.telegram',
      'of channels there are webhooks so far, written in channels.webhook; other kinds come with a later release',
    ],
  ]);
  assert.match(out, /token: '‹secret gateway\.auth\.token›'/);
  assert.equal(err, `Nothing was written. With --write it is ${file}.\n`);
  const json = await run('import', file, '-o', 'json');
  assert.equal((JSON.parse(json.out) as { notes: unknown[] }).notes.length, 5);
  assert.doesNotMatch(out + err + json.out, /plain-/);
  assert.equal(readFileSync(file, 'utf8'), theirs);
});

test('import --write writes it with its secrets, keeps what stood there, and a version of it', async (t) => {
  const { directory, file, run } = setup(t);
  writeFileSync(file, theirs);
  const { err } = await run('import', file, '--write');
  assert.match(err, /openclaw\.json is written; what stood there is .*openclaw\.json\.before-import\.\n/);
  assert.match(readFileSync(file, 'utf8'), /token: 'plain-token-of-theirs'/);
  assert.equal(readFileSync(`${file}.before-import`, 'utf8'), theirs);
  assert.match((await run('validate')).out, /is valid, and is version 1/);
  assert.match((await run('history')).out, /import by cli/);
  await run('import', `${file}.before-import`, '--write');
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.includes('import')),
    ['openclaw.json.before-import', 'openclaw.json.before-import-2'],
  );
});

test('what is still wrong with the result is said, and then nothing is written', async (t) => {
  const { directory, file, run } = setup(t);
  const old = join(directory, 'old.json');
  writeFileSync(old, "{ gateway: { auth: { token: '${NOT_SET_HERE}' } } }");
  const shown = await run('import', old);
  assert.match(shown.err, /To mend: .*needs the variable NOT_SET_HERE/);
  const { error, err } = await run('import', old, '--write');
  assert.equal(error?.code, 'config_invalid');
  assert.match(err, /Nothing was changed\./);
  assert.deepEqual(readdirSync(directory), ['old.json']);
  assert.throws(() => readFileSync(file));
});
