import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { closePlace, findOpenPlaces } from './index.ts';

function stateFor(t: TestContext): string {
  const state = mkdtempSync(join(tmpdir(), 'openclaw-modes-'));
  t.after(() => rmSync(state, { recursive: true, force: true }));
  for (const name of ['credentials', 'state']) mkdirSync(join(state, name), { mode: 0o700 });
  writeFileSync(join(state, 'credentials', 'gateway-token'), 'x', { mode: 0o600 });
  return state;
}

test('a state that nobody else may enter is well', (t) => {
  assert.deepEqual(findOpenPlaces(stateFor(t)), []);
});

test('what others may read is found and closed, and what the owner may do stays', (t) => {
  const state = stateFor(t);
  const token = join(state, 'credentials', 'gateway-token');
  chmodSync(token, 0o444);
  chmodSync(join(state, 'state'), 0o755);
  const found = findOpenPlaces(state);
  assert.deepEqual(
    found.map(({ path, mode }) => [path.slice(state.length), mode]),
    [
      ['/credentials/gateway-token', 0o444],
      ['/state', 0o755],
    ],
  );
  found.forEach(closePlace);
  assert.deepEqual([statSync(token).mode & 0o777, statSync(join(state, 'state')).mode & 0o777], [0o400, 0o700]);
  assert.deepEqual(findOpenPlaces(state), []);
});

test('neither links nor what agents and workloads write are touched', (t) => {
  const state = stateFor(t);
  const elsewhere = mkdtempSync(join(tmpdir(), 'openclaw-modes-'));
  t.after(() => rmSync(elsewhere, { recursive: true, force: true }));
  writeFileSync(join(elsewhere, 'file'), 'x');
  chmodSync(join(elsewhere, 'file'), 0o644);
  symlinkSync(elsewhere, join(state, 'state', 'link'));
  mkdirSync(join(state, 'workspace'));
  chmodSync(join(state, 'workspace'), 0o755);
  assert.deepEqual(findOpenPlaces(state), []);
});
