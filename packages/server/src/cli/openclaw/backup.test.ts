import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { openState } from '../../storage/index.ts';
import { main } from './main.ts';

interface Bench extends Disposable {
  readonly directory: string;
  readonly state: string;
  run(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
}

async function createBench(settings = '{ gateway: { port: 0 } }'): Promise<Bench> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-backup-command-'));
  const state = join(directory, 'state');
  mkdirSync(state);
  writeFileSync(join(state, 'openclaw.json'), settings);
  const opened = await openState(state);
  await opened.database.write({ statements: [], changes: [{ topic: 'noted', key: 'one' }] });
  await opened.close();
  return {
    directory,
    state,
    async run(...args) {
      const said = { out: '', err: '' };
      const code = await main(['backup', ...args], {
        env: { OPENCLAW_STATE_DIR: state, HOME: directory, PATH: process.env['PATH'] },
        stdout: { write: (text) => (said.out += text) },
        stderr: { write: (text) => (said.err += text) },
      });
      return { code, ...said };
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

test('create says where the backup is; list, verify and restore find it by latest, by its name and by its path', async () => {
  using bench = await createBench();
  const { code, out, err } = await bench.run('create');
  assert.equal(code, 0, err);
  const path = out.split('\n')[0] ?? '';
  const [name = ''] = readdirSync(join(bench.state, 'backups'));
  assert.equal(path, join(bench.state, 'backups', name));
  const listed = await bench.run('list', '-o', 'json');
  assert.deepEqual(
    (JSON.parse(listed.out) as { backups: { name: string }[] }).backups.map((backup) => backup.name),
    [name],
  );
  for (const wanted of ['latest', name, path]) assert.match((await bench.run('verify', wanted)).out, /is whole\n.*\n {2}state/, wanted);
  const target = join(bench.directory, 'target');
  assert.match((await bench.run('restore', 'latest', '--from', join(bench.state, 'backups'), '--state-dir', target)).out, /is restored in/);
  assert.equal(readFileSync(join(target, 'openclaw.json'), 'utf8'), '{ gateway: { port: 0 } }');
});

test('what is not there, not empty or not to be read ends with 1 and says what to do', async () => {
  using bench = await createBench();
  assert.match((await bench.run('list')).err, /There is no backup in/);
  for (const wanted of ['latest', 'openclaw-new-20200101T000000000Z.tar.zst', '/nowhere/at-all']) {
    const { code, err } = await bench.run('verify', wanted);
    assert.equal(code, 1, err);
    assert.match(err, /There is no backup .*\n.*backup list/, wanted);
  }
  await bench.run('create');
  const { code, err } = await bench.run('restore', 'latest');
  assert.equal(code, 1);
  assert.match(err, /is not empty: it has openclaw.json, state.*\n.*--force/);
  assert.match((await bench.run('restore', 'latest', '--force')).err, /What was there before lies in .*replaced-/);
});

test('a state whose configuration is broken is saved and restored all the same', async () => {
  using bench = await createBench('{ gateway: ');
  const { code, err } = await bench.run('create');
  assert.equal(code, 0, err);
  assert.match(err, /settings of backups in .*openclaw\.json do not count/);
  assert.equal((await bench.run('restore', 'latest', '--force')).code, 0);
});

test('with a recipient of the configuration a backup is encrypted, and is read with the identity alone', async () => {
  const identity = await generateX25519Identity();
  using bench = await createBench(`{ backup: { recipients: ['${await identityToRecipient(identity)}'] } }`);
  assert.match((await bench.run('create')).out, /\.tar\.zst\.age\n.*encrypted/);
  assert.match((await bench.run('verify', 'latest')).err, /cannot be decrypted.*\n.*--identity/);
  writeFileSync(join(bench.directory, 'key.txt'), `# created: today\n${identity}\n`);
  assert.equal((await bench.run('verify', 'latest', '--identity', join(bench.directory, 'key.txt'))).code, 0);
});

test('prune keeps by day and week, shows what it would do, and never takes the last good one', async () => {
  using bench = await createBench();
  await bench.run('create');
  const place = join(bench.state, 'backups');
  const [made = ''] = readdirSync(place);
  const bytes = readFileSync(join(place, made));
  rmSync(join(place, made));
  const nameOf = (day: string): string => `openclaw-new-202611${day}T030000000Z.tar.zst`;
  const days = ['01', '02', '03', '08', '09', '10'];
  for (const day of days) writeFileSync(join(place, nameOf(day)), day === '10' || day === '09' ? bytes.subarray(0, -1) : bytes);
  writeFileSync(join(place, 'notes.txt'), 'of somebody');
  const dry = await bench.run('prune', '--keep-daily', '2', '--dry-run', '-o', 'json');
  const report = JSON.parse(dry.out) as Record<'kept' | 'removed' | 'damaged', { name: string; reasons?: string[] }[]>;
  assert.deepEqual(
    report.kept.map(({ name, reasons }) => [name, reasons]),
    [
      [nameOf('10'), ['newest', 'daily']],
      [nameOf('09'), ['daily']],
      [nameOf('08'), ['last good one']],
    ],
  );
  assert.deepEqual(
    report.damaged.map(({ name }) => name),
    [nameOf('10'), nameOf('09')],
  );
  assert.equal(readdirSync(place).length, 7, 'nothing was deleted');
  const { out, err } = await bench.run('prune', '--keep-daily', '2');
  assert.match(out, /0803|20261108T.*stays: last good one/);
  assert.match(err, /20261110.* is damaged/);
  assert.deepEqual(readdirSync(place).sort(), [nameOf('08'), nameOf('09'), nameOf('10'), 'notes.txt'].sort());
  for (const name of readdirSync(place)) if (name.endsWith('.zst')) writeFileSync(join(place, name), bytes);
  await bench.run('prune', '--keep-weekly', '4');
  assert.deepEqual(readdirSync(place).sort(), ['notes.txt', nameOf('08'), nameOf('10')].sort());
});

test('what a process left that was killed is no backup, and is taken away when it is old', async () => {
  using bench = await createBench();
  const place = join(bench.directory, 'place');
  mkdirSync(place);
  const hidden = join(place, '.openclaw-new-20261101T030000000Z.tar.zst.partial');
  writeFileSync(hidden, 'half');
  assert.match((await bench.run('list', '--from', place)).err, /no backup/);
  await bench.run('create', '--to', place);
  assert.ok(existsSync(hidden), 'it may be another one that is under way');
  utimesSync(hidden, 0, 0);
  await bench.run('create', '--to', place);
  assert.ok(!existsSync(hidden));
});

test('a drill starts a gateway on the copy, asks it and leaves nothing behind; with a broken configuration it says so', async () => {
  using bench = await createBench();
  await bench.run('create');
  const { code, out, err } = await bench.run('drill', '-o', 'json');
  assert.equal(code, 0, out + err);
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: { name: string; ok: boolean }[] };
  assert.ok(ok);
  assert.deepEqual(
    checks.map(({ name }) => name),
    ['archive', 'database', 'configuration', 'gateway', 'token', 'devices', 'sessions', 'runs'],
  );
  writeFileSync(join(bench.state, 'openclaw.json'), '{ gateway: { prot: 1 } }');
  await bench.run('create');
  const second = await bench.run('drill');
  assert.equal(second.code, 1, second.out);
  assert.match(second.out, /FAIL {2}configuration/);
});

test('schedule says when the next one is, and without one how to have it', async () => {
  using bench = await createBench();
  assert.match((await bench.run('schedule')).out, /config set backup.schedule.every 24h/);
  writeFileSync(join(bench.state, 'openclaw.json'), "{ backup: { schedule: { cron: '30 3 * * *' } } }");
  assert.match((await bench.run('schedule')).out, /30 3 \* \* \* \(UTC\)[^]*none yet[^]*due now/);
  const failure = { atMs: 0, reason: 'the place is gone', hint: 'Look for it.', inARow: 2 };
  writeFileSync(join(bench.state, 'state', 'backup-schedule.json'), JSON.stringify({ failure }));
  const { code, out } = await bench.run('schedule');
  assert.equal(code, 1);
  assert.match(out, /2 in a row: the place is gone\n.*Look for it/);
});
