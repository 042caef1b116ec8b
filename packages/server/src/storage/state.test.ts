import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { openState, readStateOwner } from './index.ts';

test('a state directory opens empty, keeps what is written, and is free again when closed', async () => {
  const directory = join(mkdtempSync(join(tmpdir(), 'openclaw-open-')), 'home');
  const first = await openState(directory);
  assert.equal(first.recovery.outcome, 'created');
  await first.lock.setAddress('http://127.0.0.1:1');
  assert.equal((await readStateOwner(directory))?.address, 'http://127.0.0.1:1');
  await first.database.write({
    statements: [
      {
        sql: "INSERT INTO virtual_keys (id, name, hash, prefix, scopes, created_at) VALUES ('key_1', 'ci', 'h', 'p', '[]', $1)",
        params: [5],
      },
      { sql: "INSERT INTO usage_requests (id, at, stream, outcome, attempts) VALUES ('req_1', $1, 0, 'completed', 1)", params: [5] },
    ],
  });
  assert.ok((await first.freeBytes()) > 0);
  await assert.rejects(openState(directory), (thrown) => thrown instanceof OpenClawError && thrown.code === 'state_locked');
  await Promise.all([first.close(), first.close()]);

  const second = await openState(directory);
  assert.equal(second.recovery.outcome, 'continued');
  const [row] = await second.database.read({ sql: 'SELECT name, cost_nano_usd FROM virtual_keys, usage_requests' });
  assert.deepEqual({ ...row }, { name: 'ci', cost_nano_usd: null });
  await second.close();
  rmSync(join(directory, '..'), { recursive: true });
});

test('no file of the state can be read by anybody else', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-modes-'));
  const state = await openState(directory);
  await state.database.write({ statements: [], changes: [{ topic: 'topic', key: 'key' }] });
  const open = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    (name) => (statSync(join(directory, name)).mode & 0o077) !== 0,
  );
  assert.deepEqual(open, []);
  await state.close();
  rmSync(directory, { recursive: true });
});

test('a start that fails lets go of the directory', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-failed-'));
  await (await openState(directory)).close();
  rmSync(join(directory, 'state', 'journal'), { recursive: true });
  await assert.rejects(openState(directory), (thrown) => thrown instanceof OpenClawError && thrown.code === 'storage_damaged');
  assert.equal(await readStateOwner(directory), undefined);
  rmSync(directory, { recursive: true });
});
