import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { acquireStateLock } from '../../../storage/state-lock.ts';
import type { Fix } from './contract.ts';
import { applyFixes, type Fixed } from './index.ts';
import { modesFix } from './modes.ts';

function setup(t: TestContext) {
  const state = mkdtempSync(join(tmpdir(), 'openclaw-fix-'));
  t.after(() => rmSync(state, { recursive: true, force: true }));
  for (const name of ['credentials', 'logs', 'state']) mkdirSync(join(state, name), { mode: 0o700 });
  const file = join(state, 'openclaw.json');
  writeFileSync(file, '{}', { mode: 0o600 });
  const fix = (isDryRun = false): Promise<readonly Fixed[]> =>
    applyFixes({ stateDirectory: state, files: [file, join(state, '.env')], nowMs: Date.now() }, { isDryRun });
  const words = async (isDryRun = false) =>
    (await fix(isDryRun)).map(({ fix: name, path, before, after, state: made }) => [
      name,
      path.slice(state.length + 1),
      before,
      after,
      made,
    ]);
  return { state, file, fix, words };
}

test('a state that is as it should be is left alone', async (t) => {
  const { words } = setup(t);
  assert.deepEqual(await words(), []);
});

test('modes are closed and missing directories made; a second time there is nothing left to do', async (t) => {
  const { state, file, words } = setup(t);
  chmodSync(file, 0o644);
  chmodSync(state, 0o755);
  rmSync(join(state, 'logs'), { recursive: true });
  assert.deepEqual(await words(), [
    ['directories', 'logs', 'missing', 'a directory, 0700', 'done'],
    ['modes', '', '0755', '0700', 'done'],
    ['modes', 'openclaw.json', '0644', '0600', 'done'],
  ]);
  assert.deepEqual(
    [statSync(state).mode & 0o777, statSync(file).mode & 0o777, statSync(join(state, 'logs')).mode & 0o777],
    [0o700, 0o600, 0o700],
  );
  assert.deepEqual(await words(), []);
});

test('a dry run says the same and changes nothing', async (t) => {
  const { state, file, words } = setup(t);
  chmodSync(file, 0o666);
  rmSync(join(state, 'state'), { recursive: true });
  const planned = await words(true);
  assert.deepEqual(
    planned.map(([, , , , made]) => made),
    ['planned', 'planned'],
  );
  assert.equal(statSync(file).mode & 0o777, 0o666);
  assert.ok(!existsSync(join(state, 'state')));
});

test('what a dead owner wrote of itself is removed; that of one who lives is not', async (t) => {
  const { state, words } = setup(t);
  const lock = await acquireStateLock(state);
  assert.deepEqual(await words(), []);
  lock.release();
  writeFileSync(join(state, 'owner.json'), JSON.stringify({ pid: 4711, host: 'gone', startedAtMs: 1 }), { mode: 0o600 });
  assert.deepEqual(await words(), [['stale-lock', 'owner.json', 'process 4711, which holds no lock any more', 'removed', 'done']]);
  assert.ok(!existsSync(join(state, 'owner.json')));
});

test('half-written files are removed once their writer must be dead, and nothing else is', async (t) => {
  const { state, words } = setup(t);
  const old = new Date(Date.now() - 3_600_000);
  for (const name of ['openclaw.json.77.new', 'openclaw.json.78.new', 'notes.77.new', 'credentials/gateway-token.77.0a1b2c3d']) {
    writeFileSync(join(state, name), 'x', { mode: 0o600 });
    if (!name.includes('78')) utimesSync(join(state, name), old, old);
  }
  assert.deepEqual(
    (await words()).map(([, path]) => path),
    ['openclaw.json.77.new', 'credentials/gateway-token.77.0a1b2c3d'],
  );
  assert.deepEqual(
    readdirSync(state).filter((name) => name.endsWith('.new')),
    ['notes.77.new', 'openclaw.json.78.new'],
  );
});

test('what cannot be changed is said with the reason, and the others are changed all the same', async (t) => {
  const { state, file } = setup(t);
  chmodSync(file, 0o644);
  const place = { stateDirectory: state, files: [file], nowMs: Date.now() };
  const change = { path: '/x', before: 'a', after: 'b', apply: () => assert.fail('it is read-only') };
  const failing: Fix = { name: 'failing', title: 'one that cannot be made', plan: async () => [change] };
  const [first, second] = await applyFixes(place, { isDryRun: false, fixes: [failing, modesFix] });
  assert.deepEqual([first?.state, first?.reason, second?.state], ['failed', 'it is read-only', 'done']);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});
