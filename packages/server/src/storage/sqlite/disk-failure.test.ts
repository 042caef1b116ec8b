import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { storePaths } from './paths.ts';
import { journalFiles, type JournalFiles } from './segment-file.ts';
import { createTestStore, pairLine, pairs, wholePairs } from './store.fixture.ts';
import { openStore } from './store.ts';

/** A disk with so many bytes left, that then says `code`; and a sync that can be made to fail. */
function createDisk(): JournalFiles & { room: number; syncError: string | undefined } {
  const failure = (code: string): Error => Object.assign(new Error(`${code}: as a disk says it`), { code });
  return {
    room: Infinity,
    syncError: undefined,
    write(descriptor, bytes, position) {
      if (this.room === 0) throw failure('ENOSPC');
      const part = bytes.subarray(0, Math.min(bytes.length, this.room));
      this.room -= part.length;
      return journalFiles.write(descriptor, part, position);
    },
    sync(descriptor) {
      if (this.syncError !== undefined) throw failure(this.syncError);
      journalFiles.sync(descriptor);
    },
    truncate: (descriptor, bytes) => journalFiles.truncate(descriptor, bytes),
  };
}

test('on a full disk a group is refused whole, nothing of it is left, and with room it goes on', () => {
  const testStore = createTestStore();
  const disk = createDisk();
  const store = testStore.open({ journal: { files: disk } });
  assert.deepEqual(store.commit([pairLine(1)]), [undefined]);
  for (const room of [0, 1, 20, 150]) {
    disk.room = room;
    const refused = store.commit([pairLine(2), pairLine(3)]);
    assert.deepEqual(
      refused.map((failure) => failure?.code),
      ['storage_full', 'storage_full'],
    );
    assert.match(refused[0]?.message ?? '', /ENOSPC/);
    assert.deepEqual(wholePairs(store), [1]);
  }
  disk.room = Infinity;
  assert.deepEqual(store.commit([pairLine(2)]), [undefined]);
  const again = testStore.open({ boot: 'boot 2' });
  assert.deepEqual([wholePairs(again), again.recovery.discardedBytes], [[1, 2], 0]);
  testStore.remove();
});

test('a disk that is full when a segment must begin is no different', () => {
  const testStore = createTestStore();
  const disk = createDisk();
  const store = testStore.open({ journal: { files: disk, segmentLimitBytes: 1 } });
  disk.room = 0;
  const [failure] = store.commit([pairLine(1)]);
  assert.deepEqual([failure?.code, failure?.retryAfterMs], ['storage_full', 60_000]);
  disk.room = Infinity;
  assert.deepEqual(store.commit([pairLine(2)]), [undefined]);
  const again = testStore.open({ boot: 'boot 2' });
  assert.deepEqual(wholePairs(again), [2]);
  testStore.remove();
});

test('after a sync that failed nothing is acknowledged any more, until a new start has looked', () => {
  const testStore = createTestStore();
  const disk = createDisk();
  const store = testStore.open({ journal: { files: disk } });
  store.commit([pairLine(1)]);
  disk.syncError = 'EIO';
  assert.equal(store.commit([pairLine(2)])[0]?.code, 'storage_failed');
  disk.syncError = undefined;
  assert.match(store.commit([pairLine(3)])[0]?.message ?? '', /a new start will make out/);
  assert.match(store.probe() ?? '', /a new start will make out/);
  store.close();
  const again = testStore.open();
  // The second was never acknowledged; that it is there is allowed, that the first or a half is missing would not be.
  assert.equal(wholePairs(again)[0], 1);
  assert.deepEqual(again.commit([pairLine(4)]), [undefined]);
  testStore.remove();
});

test('a volume that is really full refuses, keeps what was acknowledged, and goes on with room', (context) => {
  const mount = mkdtempSync(join(tmpdir(), 'openclaw-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount], { stdio: 'ignore' });
  } catch {
    rmSync(mount, { recursive: true });
    context.skip('needs the right to mount a tmpfs');
    return;
  }
  try {
    const store = openStore(storePaths(mount), { migrations: [pairs], clock: systemClock, bootId: 'boot 1' });
    const ballast = join(mount, 'ballast');
    writeFileSync(ballast, Buffer.alloc(300_000));
    const written: number[] = [];
    const write = (id: number): boolean => {
      const [failure] = store.commit([pairLine(id, 'x'.repeat(20_000))]);
      if (failure === undefined) written.push(id);
      else assert.equal(failure.code, 'storage_full', failure.message);
      return failure === undefined;
    };
    let id = 1;
    while (write(id)) id += 1;
    assert.ok(written.length > 5);
    assert.deepEqual(wholePairs(store), written);
    assert.equal(write(id), false);
    truncateSync(ballast);
    assert.equal(write(id), true);
    assert.deepEqual(wholePairs(store), written);
    rmSync(ballast);
    store.close();
    const again = openStore(storePaths(mount), { migrations: [pairs], clock: systemClock, bootId: 'boot 1' });
    assert.deepEqual(wholePairs(again), written);
    again.close();
  } finally {
    execFileSync('umount', ['-l', mount]);
    rmSync(mount, { recursive: true });
  }
});

test('a store whose files were removed or replaced says so and takes nothing, also when the path is there again', () => {
  const testStore = createTestStore();
  const store = testStore.open();
  assert.deepEqual(store.commit([pairLine(1)]), [undefined]);
  assert.equal(store.probe(), undefined);
  renameSync(testStore.paths.directory, `${testStore.paths.directory}-gone`);
  assert.match(store.probe() ?? '', /removed or replaced/);
  cpSync(`${testStore.paths.directory}-gone`, testStore.paths.directory, { recursive: true });
  assert.match(store.probe() ?? '', /removed or replaced/);
  assert.match(store.commit([pairLine(2)])[0]?.message ?? '', /removed or replaced/);
  rmSync(`${testStore.paths.directory}-gone`, { recursive: true });
});
