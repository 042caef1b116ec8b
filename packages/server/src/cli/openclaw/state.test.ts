import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openState } from '../../storage/index.ts';
import { main } from './main.ts';

/** Runs the command as a shell would and returns what it said. */
function run(directory: string, ...args: string[]): Promise<Ran> {
  return runCommand(directory, ['state', 'restore-before-migration', ...args]);
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function runCommand(directory: string, words: readonly string[]): Promise<Ran> {
  const said = { out: '', err: '' };
  const code = await main(words, {
    env: { OPENCLAW_STATE_DIR: directory, HOME: directory },
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
  });
  return { code, ...said };
}

test('going back is refused without a snapshot, with words that are no number, and while somebody holds the state', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-restore-'));
  const state = await openState(directory);
  assert.match((await run(directory, '2')).err, /is held by process/);
  await state.close();
  const { code, err } = await run(directory, '2');
  assert.equal(code, 1);
  assert.match(err, /There is no snapshot from before migration 2/);
  assert.equal((await run(directory, 'two')).code, 2);
  assert.ok(existsSync(join(directory, 'state', 'journal')));
  rmSync(directory, { recursive: true });
});

test('going back brings what was there before the migration, and says where the rest lies', async () => {
  // Higher than any that there is.
  const later = 999;
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-restore-'));
  const first = await openState(directory);
  await first.database.write({ statements: [], changes: [{ topic: 'before', key: 'key' }] });
  await first.close();
  // As a program with one more migration takes it before applying that.
  const live = new DatabaseSync(join(directory, 'state', 'openclaw.sqlite'));
  const snapshot = join(directory, 'state', `before-migration-${later}.sqlite`);
  live.exec(`VACUUM INTO '${snapshot}'`);
  live.close();
  const { code, out, err } = await run(directory, String(later));
  assert.equal(code, 0, err);
  assert.match(out, new RegExp(`is back at schema \\d+, as before migration ${later}`));
  assert.match(err, /replaced-20.*delete it when you no longer want it/);
  const state = await openState(directory);
  assert.deepEqual(
    (await state.database.changes(0, 10)).map(({ topic }) => topic),
    ['before'],
  );
  await state.close();
  rmSync(directory, { recursive: true });
});

test('rollback: from N to N + 1 and back with what N wrote, once; where nothing newer was it changes nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-rollback-'));
  const rollback = (): Promise<Ran> => runCommand(directory, ['rollback']);
  const first = await openState(directory);
  await first.database.write({ statements: [], changes: [{ topic: 'before', key: 'key' }] });
  assert.match((await rollback()).err, /is held by process/);
  await first.close();
  assert.match((await rollback()).out, /can read the state .* as it is; nothing was changed/);

  // As a program with one more migration does: a snapshot from before it, then its schema.
  const live = join(directory, 'state', 'openclaw.sqlite');
  const newer = new DatabaseSync(live);
  const { value } = newer.prepare("SELECT value FROM storage_meta WHERE name = 'schema'").get() as { value: number };
  const next = Number(value) + 1;
  newer.exec(`VACUUM INTO '${join(directory, 'state', `before-migration-${next}.sqlite`)}'`);
  newer.exec(`UPDATE storage_meta SET value = ${next} WHERE name = 'schema'`);
  newer.close();
  await assert.rejects(openState(directory), /schema \d+, and this program knows only up to/);

  const { code, out, err } = await rollback();
  assert.equal(code, 0, err);
  assert.match(out, new RegExp(`is back at schema ${value}, as before the upgrade`));
  const state = await openState(directory);
  assert.deepEqual(
    (await state.database.changes(0, 10)).map(({ topic }) => topic),
    ['before'],
  );
  await state.close();
  assert.match((await rollback()).out, /nothing was changed/);
  rmSync(directory, { recursive: true });
});
