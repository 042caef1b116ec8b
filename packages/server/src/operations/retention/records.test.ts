/** What of the database goes for its age, on a real store: each owner's own statements. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { openState } from '../../storage/index.ts';
import { createAudit } from '../audit/index.ts';
import { createDirectoryPlace } from '../backup/directory-place.ts';
import { backupName } from '../backup/place.ts';
import { encode } from '../backup/coding.ts';
import { backupRule } from './backups.ts';

const clock = createFakeClock();
const log = createLog({ destinations: [], clock, level: 'silent' });
const dayMs = 86_400_000;
const { signal } = new AbortController();

async function* content(): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from('content'));
}

test('old entries of the audit log go in batches, and the newest stays however old it is', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-retention-test-'));
  const state = await openState(directory);
  try {
    const audit = createAudit({ database: state.database, clock, log });
    for (let count = 0; count < 5; count += 1) {
      await audit.record({ actor: 'me', action: 'key.created', subject: `key_${count}`, detail: {} });
      clock.advance(dayMs);
    }
    assert.equal((await audit.stale(clock.now() - 2.5 * dayMs)).items, 3);
    assert.equal(await audit.prune(clock.now() - 2.5 * dayMs, 2), 2);
    assert.equal(await audit.prune(clock.now() - 2.5 * dayMs, 2), 1);
    assert.equal(await audit.prune(clock.now(), 100), 1);
    assert.equal(await audit.prune(clock.now(), 100), 0);
    await audit.record({ actor: 'me', action: 'key.created', subject: 'later', detail: {} });
    const kept = (await audit.list({ limit: 10 })).map(({ position, subject }) => [position, subject]);
    assert.deepEqual(kept, [
      [6, 'later'],
      [5, 'key_4'],
    ]);
  } finally {
    await state.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

test('backups of this state that are too old go, but for the newest good one; those of others and other files stay', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-retention-test-'));
  try {
    const place = createDirectoryPlace(directory, () => clock.now());
    const [own, other] = ['0a1b2c3d-0000-4000-8000-000000000000', 'ffffffff-0000-4000-8000-000000000000'];
    const nameOf = (stateId: string, days: number): string =>
      backupName({ stateId, createdAtMs: clock.now() - days * dayMs, encrypted: false });
    for (const [stateId, days] of [
      [own, 200],
      [own, 150],
      [own, 100],
      [other, 300],
    ] as const)
      await place.put(nameOf(stateId, days), encode(content()), { contentBytes: 7 });
    writeFileSync(join(directory, 'notes.txt'), 'of somebody');
    const rule = backupRule({ place: () => place, stateId: own, keepMs: () => 90 * dayMs });
    const beforeMs = clock.now() - 90 * dayMs;
    assert.equal((await rule.stale(beforeMs)).items, 2);
    assert.equal((await place.list()).length, 4, 'looking changes nothing');
    assert.equal((await rule.giveUp!(beforeMs, { limit: 1, signal })).items, 2);
    assert.deepEqual((await place.files()).map(({ name }) => name).sort(), [nameOf(own, 100), nameOf(other, 300), 'notes.txt'].sort());
    assert.equal((await rule.giveUp!(beforeMs, { limit: 1, signal })).items, 0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
