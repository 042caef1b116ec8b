import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { readEnvironment } from './env.ts';

function createSecrets(t: TestContext, files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-env-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

test('a variable is found in the environment, then in the file that NAME_FILE names, then among the secrets', (t) => {
  const secretsDirectory = createSecrets(t, { KEY: 'of the runtime\n', other: 'of the file\n' });
  const other = join(secretsDirectory, 'other');
  const lookup = (env: Record<string, string>) => readEnvironment({ env, secretsDirectory }).lookup('KEY');

  assert.deepEqual(lookup({ KEY: 'own', KEY_FILE: other }), { value: 'own', source: 'environment variable KEY' });
  assert.deepEqual(lookup({ KEY_FILE: other }), { value: 'of the file', source: `environment variable KEY_FILE (${other})`, file: other });
  assert.deepEqual(lookup({}), { value: 'of the runtime', source: join(secretsDirectory, 'KEY'), file: join(secretsDirectory, 'KEY') });
});

test('an empty variable counts as absent', (t) => {
  const environment = readEnvironment({ env: { KEY: '', KEY_FILE: '' }, secretsDirectory: createSecrets(t) });
  assert.equal(environment.lookup('KEY'), undefined);
});

test('exactly one newline at the end of a file is dropped', (t) => {
  const secretsDirectory = createSecrets(t, { ONE: 'a\r\n', TWO: 'a\n\n', SPACE: ' a ' });
  const environment = readEnvironment({ env: {}, secretsDirectory });
  assert.deepEqual(
    ['ONE', 'TWO', 'SPACE'].map((name) => environment.lookup(name)?.value),
    ['a', 'a\n', ' a '],
  );
});

test('a file that NAME_FILE names and that cannot be read, or is empty, is an error and not an absent variable', (t) => {
  const secretsDirectory = createSecrets(t, { empty: '\n' });
  const env = { A_FILE: join(secretsDirectory, 'nowhere'), B_FILE: join(secretsDirectory, 'empty') };
  const environment = readEnvironment({ env, secretsDirectory });
  assert.throws(() => environment.lookup('A'), {
    code: 'config_invalid',
    message: /^environment variable A_FILE: its file cannot be read: ENOENT/,
  });
  assert.throws(() => environment.lookup('B'), { code: 'config_invalid', message: /^environment variable B_FILE: .*empty is empty\.$/ });
});

test('a folder among the secrets is no secret, and no name leads out of their folder', (t) => {
  const secretsDirectory = createSecrets(t, { outside: 'x' });
  mkdirSync(join(secretsDirectory, 'inner'));
  const environment = readEnvironment({ env: {}, secretsDirectory: join(secretsDirectory, 'inner') });
  assert.equal(environment.lookup('../outside'), undefined);
  assert.equal(readEnvironment({ env: {}, secretsDirectory }).lookup('inner'), undefined);
});

test('a .env file stands behind the environment and before the secrets', (t) => {
  const secretsDirectory = createSecrets(t, { A: 'secret', B: 'secret', C: 'secret' });
  const environment = readEnvironment({ env: { A: 'own' }, secretsDirectory }).withFile('/x/.env', { A: 'file', B: 'file' });
  assert.deepEqual(
    ['A', 'B', 'C'].map((name) => environment.lookup(name)?.value),
    ['own', 'file', 'secret'],
  );
  assert.equal(environment.lookup('B')?.source, 'B in /x/.env');
});

test('the environment is copied once, and names of Object.prototype are not variables', (t) => {
  const env: Record<string, string> = { KEY: 'before' };
  const environment = readEnvironment({ env, secretsDirectory: createSecrets(t) });
  env['KEY'] = 'after';
  assert.equal(environment.lookup('KEY')?.value, 'before');
  assert.equal(environment.lookup('constructor'), undefined);
});
