import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { Command } from 'commander';

import { createConfigurationKeeper, type ConfigurationKeeper } from '../../config/index.ts';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/env.ts';
import { OpenClawError } from '../../core/errors.ts';
import { registerConfigCommands } from './config.ts';

interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly error: OpenClawError | undefined;
}

interface Place {
  readonly file: string;
  write(text: string): void;
  read(): string;
  run(...args: readonly string[]): Promise<Outcome>;
  /** A gateway's own keeper on the same files. */
  gateway(): Promise<ConfigurationKeeper>;
}

function setup(t: TestContext, text: string): Place {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-cli-history-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'openclaw.json');
  const env = { OPENCLAW_STATE_DIR: directory };
  const place: Place = {
    file,
    write: (content) => writeFileSync(file, content),
    read: () => readFileSync(file, 'utf8'),
    async run(...args) {
      const written = { out: '', err: '' };
      const program = new Command().exitOverride();
      registerConfigCommands(program, {
        stdout: { write: (chunk: string) => (written.out += chunk) },
        stderr: { write: (chunk: string) => (written.err += chunk) },
        env,
      });
      const error = await program.parseAsync(['config', ...args], { from: 'user' }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined && !(error instanceof OpenClawError)) throw error;
      return { ...written, error };
    },
    async gateway() {
      const keeper = await createConfigurationKeeper({ environment: readEnvironment({ env }), clock: systemClock });
      t.after(() => keeper.close());
      return keeper;
    },
  };
  place.write(text);
  return place;
}

const withToken = (port: number, token: string): string =>
  `{\n  gateway: {\n    port: ${port},\n    auth: { token: '${token}' },\n  },\n}\n`;

test('history lists who changed what and when, the newest first', async (t) => {
  const { run, gateway } = setup(t, withToken(1, 'secret-one'));
  assert.match((await run('history')).out, /has no versions yet/);
  await gateway();
  await run('set', 'gateway.port', '2');
  await run('set', 'logging.level', 'debug');
  const { out } = await run('history');
  const rows = out.split('\n').map((row) => row.trim().split(/ {2,}/));
  assert.deepEqual(
    rows.slice(0, 4).map(([version, , who, paths]) => [version, who, paths]),
    [
      ['VERSION', 'WHO', 'CHANGED'],
      ['3', 'cli', 'logging.level'],
      ['2', 'cli', 'gateway.port'],
      ['1', 'start', '-'],
    ],
  );
  assert.match(rows[1]?.[1] ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
  const { out: json, err } = await run('history', '-n', '1', '-o', 'json');
  const answer = JSON.parse(json) as { total: number; versions: { version: number; by: string }[] };
  assert.deepEqual([answer.total, answer.versions.map(({ version }) => version), err], [3, [3], '']);
  assert.doesNotMatch(out + json, /secret-one/);
});

test('a running gateway takes up what the command wrote, under its name and number', async (t) => {
  const { run, gateway } = setup(t, withToken(1, 'secret-one'));
  const keeper = await gateway();
  await run('set', 'gateway.port', '2');
  await keeper.look();
  assert.deepEqual([keeper.current?.settings.gateway.port, keeper.status.version], [2, 2]);
  assert.deepEqual(
    keeper.versions().map(({ by }) => by),
    ['start', 'cli'],
  );
});

test('rollback writes an earlier version with the secret that stands there now, and says what it means', async (t) => {
  const { run, gateway, read, write } = setup(t, withToken(1, 'secret-one'));
  const keeper = await gateway();
  write(withToken(2, 'secret-two'));
  await keeper.look();
  const { out, err } = await run('rollback', '1');
  assert.match(out, /openclaw\.json is again as in version 1, as version 3\.\n$/);
  assert.equal(err, 'A gateway that runs takes it up by itself.\n');
  assert.equal(read(), withToken(1, 'secret-two'));
  await keeper.look();
  assert.deepEqual([keeper.current?.settings.gateway.port, keeper.versions().at(-1)?.by], [1, 'rollback to 1 by cli']);
  for (const [version, code] of [
    ['9', 'config_version_not_found'],
    ['first', 'usage_error'],
  ]) {
    assert.equal((await run('rollback', version ?? '')).error?.code, code);
  }
});

test('rollback mends a file that nobody can read, without a gateway too', async (t) => {
  const { run, gateway, read, write } = setup(t, withToken(1, 'secret-one'));
  await (await gateway()).close();
  write(`${withToken(2, 'secret-two').slice(0, 40)}`);
  const broken = await run('validate');
  assert.equal(broken.error?.code, 'config_invalid');
  assert.match(broken.err, /Version 1 was the last good one.*`openclaw config rollback 1`/);
  assert.equal((await run('rollback', '1')).error, undefined);
  assert.equal(read(), withToken(1, 'secret-one'));
  assert.match((await run('validate')).out, /is valid, and is version 1\.\n$/);
});

test('a setting that needs a restart is said to need one', async (t) => {
  const { run } = setup(t, '{}');
  assert.equal((await run('set', 'logging.format', 'json')).err, 'logging.format holds after its next restart.\n');
});

test('diff shows what an edit changes, against the newest version, between two, and without secrets', async (t) => {
  const { run, gateway, write, file } = setup(t, withToken(1, 'secret-one'));
  await gateway();
  write(withToken(2, 'secret-two').replace('port: 2,', 'port: 2, // token: sk-abcdefghijklmnop'));
  const { out } = await run('diff');
  assert.equal(
    out,
    [
      `--- ${file} (version 1)`,
      `+++ ${file}`,
      '@@ -1,6 +1,6 @@',
      ' {',
      '   gateway: {',
      '-    port: 1,',
      '+    port: 2, // token: [redacted]',
      "     auth: { token: '‹secret gateway.auth.token›' },",
      '   },',
      ' }',
      '',
    ].join('\n'),
  );
  await run('set', 'gateway.port', '3');
  const between = await run('diff', '1', '2');
  assert.match(between.out, /^\+ {4}port: 3/m);
  assert.match(between.out, /^\+\+\+ .* \(version 2\)$/m);
  const none = await run('diff', '2');
  assert.deepEqual([none.out, none.err], ['', 'There is no difference, unless in secrets.\n']);
});

test('diff of a file that nobody can read shows no value that was not known before', async (t) => {
  const { run, gateway, write } = setup(t, withToken(1, 'secret-one'));
  await gateway();
  write(`{\n  gateway: {\n    port: 1,\n    auth: { token: not-quoted-secret },\n    "password": "secret-two\n  },\n}\n`);
  const { out, err } = await run('diff');
  assert.doesNotMatch(out + err, /secret-two|not-quoted|secret-one/);
  assert.match(out, /^\+ {4}auth: ‹not shown›$/m);
  assert.match(err, /not valid JSON5/);
});

test('diff without versions says that there are none', async (t) => {
  assert.equal((await setup(t, '{}').run('diff')).error?.code, 'config_version_not_found');
});
