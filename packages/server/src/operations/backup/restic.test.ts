import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { createWorkbench, note, notedIn, type Workbench } from './backup.fixture.ts';
import { createRestic, type Restic } from './restic.ts';
import { restoreBackup, verifyBackup } from './restore.ts';

const clock = systemClock;
const isRequired = (process.env['OPENCLAW_TEST_REQUIRE'] ?? '').split(',').includes('restic');
const skip = spawnSync('restic', ['version']).error && !isRequired ? 'restic is not installed (apt-get install restic)' : false;

function resticOf(bench: Workbench, { password = 'password of the repository', path = process.env['PATH'] } = {}): Restic {
  const passwordFile = bench.path(`password ${password.length}`);
  writeFileSync(passwordFile, `${password}\n`);
  const variables: Readonly<Record<string, string | undefined>> = { PATH: path, HOME: bench.directory };
  return createRestic({
    repository: join(bench.directory, 'repository'),
    passwordFile,
    context: { clock, lookUp: (name) => variables[name] },
  });
}

test('with restic a backup is made, listed, verified, restored and pruned; only what is new takes room', { skip }, async () => {
  using bench = await createWorkbench();
  writeFileSync(join(bench.state, 'workspaces', 'large'), randomBytes(12_000_000));
  const restic = resticOf(bench);
  const first = await restic.create({ stateDirectory: bench.state, clock, version: '1' });
  await note(bench.state, ['third']);
  const second = await restic.create({ stateDirectory: bench.state, clock, version: '1' });
  assert.ok(second.bytes < first.contentBytes / 2, `${second.bytes} of ${first.contentBytes}`);
  assert.deepEqual(
    (await restic.list()).map(({ name, state }) => [name, state]),
    [second, first].map(({ name, stateId }) => [name, stateId?.slice(0, 8)]),
  );
  await verifyBackup(await restic.find(first.name), { clock });
  for (const [wanted, noted] of [
    [first.name, ['first', 'second']],
    ['latest', ['first', 'second', 'third']],
  ] as const) {
    const target = bench.path(`restored ${wanted}`);
    await restoreBackup(await restic.find(wanted), { stateDirectory: target, force: false, clock });
    assert.deepEqual(await notedIn(target), noted);
  }
  const rules = { last: 1, daily: 0, weekly: 0 };
  const tried = await restic.prune({ rules, dryRun: true, stateId: first.stateId ?? '' });
  assert.deepEqual(
    tried.removed.map(({ name }) => name),
    [first.name],
  );
  assert.deepEqual(
    tried.kept.map(({ backup, reasons }) => [backup.name, reasons]),
    [[second.name, ['last']]],
  );
  assert.equal((await restic.list()).length, 2);
  await restic.prune({ rules, dryRun: false, stateId: 'of another state' });
  assert.equal((await restic.list()).length, 2);
  await restic.prune({ rules: { last: 0, daily: 0, weekly: 0 }, dryRun: false });
  assert.deepEqual(
    (await restic.list()).map(({ name }) => name),
    [second.name],
    'the newest stays whatever the rules are',
  );
});

test('what breaks off on its way to restic is no backup, and what restic refuses is said in its words', { skip }, async () => {
  using bench = await createWorkbench();
  const restic = resticOf(bench);
  await restic.create({ stateDirectory: bench.state, clock, version: '1' });
  const controller = new AbortController();
  const options = { stateDirectory: bench.state, clock, version: '1', signal: controller.signal };
  await assert.rejects(restic.create({ ...options, onProgress: () => controller.abort(new Error('stopped')) }), /stopped/);
  assert.equal((await restic.list()).length, 1);
  await assert.rejects(restic.find('0000'), { code: 'backup_not_found' });
  await assert.rejects(resticOf(bench, { password: 'wrong' }).list(), { code: 'backup_place', message: /wrong password/ });
});

test('where restic is not installed it says so, and what to do', async () => {
  using bench = await createWorkbench();
  const restic = resticOf(bench, { path: bench.directory });
  await assert.rejects(restic.list(), { code: 'backup_failed', message: /restic is not installed/, hint: /apt-get install restic/ });
});
