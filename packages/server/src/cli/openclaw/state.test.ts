import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openState } from '../../storage/index.ts';
import { main } from './main.ts';

/** Runs the command as a shell would and returns what it said. */
async function run(directory: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await main(['state', 'restore-before-migration', ...args], {
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
