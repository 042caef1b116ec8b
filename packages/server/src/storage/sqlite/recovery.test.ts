import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError, type ErrorCode } from '../../core/errors.ts';
import { listSegments } from './journal.ts';
import { companionsOf, storePaths } from './paths.ts';
import { encodeRecord } from './segment.ts';
import { takeSnapshot } from './snapshot.ts';
import { contentsOf, createTestStore, pairLine, pairs, wholePairs, type TestStore } from './store.fixture.ts';
import { openStore } from './store.ts';

const oneTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const smallSegments = { journal: { segmentLimitBytes: 500 } };

function withTestStore(use: (store: TestStore) => void): () => void {
  return () => {
    const store = createTestStore();
    try {
      use(store);
    } finally {
      store.remove();
    }
  };
}

/** Writes 1 to `count`, each in a commit of its own, and leaves the store as a killed process does. */
function writeAndDie({ open }: TestStore, count: number, options: Parameters<TestStore['open']>[0] = {}): void {
  const store = open(options);
  const first = wholePairs(store).length + 1;
  for (let id = first; id < first + count; id += 1) assert.deepEqual(store.commit([pairLine(id)]), [undefined]);
}

function refusedWith(code: ErrorCode, words: RegExp, action: () => unknown): void {
  assert.throws(action, (thrown) => {
    assert.ok(thrown instanceof OpenClawError);
    assert.equal(thrown.code, code, thrown.message);
    assert.match(`${thrown.message} ${thrown.hint}`, words);
    return true;
  });
}

const lastSegment = ({ paths }: TestStore): string => listSegments(paths.journal).at(-1)?.path ?? '';
const removeLive = ({ paths }: TestStore): void => {
  for (const file of [paths.live, ...companionsOf(paths.live)]) rmSync(file, { force: true });
};

test(
  'a store that was closed in order goes on where it was, whatever the boot',
  withTestStore((testStore) => {
    const first = testStore.open();
    assert.equal(first.recovery.outcome, 'created');
    first.commit([pairLine(1), pairLine(2)]);
    first.close();
    const second = testStore.open({ boot: 'boot 2' });
    assert.equal(second.recovery.outcome, 'continued');
    assert.deepEqual(wholePairs(second), [1, 2]);
    second.close();
  }),
);

test(
  'after a kill on the same boot only what the database file lacks is replayed',
  withTestStore((testStore) => {
    writeAndDie(testStore, 3);
    // Killed between the journal and the commit of the database: the record is durable, and nobody was told.
    const position = 1 + 3;
    appendFileSync(lastSegment(testStore), encodeRecord(position + 1, pairLine(4)));
    const store = testStore.open();
    assert.deepEqual([store.recovery.outcome, store.recovery.replayedRecords], ['replayed', 1]);
    assert.deepEqual(wholePairs(store), [1, 2, 3, 4]);
    store.close();
  }),
);

test(
  'after a power cut the database file is not believed, however whole it looks',
  withTestStore((testStore) => {
    writeAndDie(testStore, 5);
    const store = testStore.open({ boot: 'boot 2' });
    assert.equal(store.recovery.outcome, 'rebuilt');
    assert.match(store.recovery.reason, /the machine stopped/);
    assert.deepEqual(wholePairs(store), oneTo(5));
    store.close();
  }),
);

test(
  'a copy is rebuilt, and the original goes on beside it',
  withTestStore((testStore) => {
    writeAndDie(testStore, 3);
    const copy = join(testStore.paths.directory, 'copy');
    cpSync(testStore.paths.journal, join(copy, 'journal'), { recursive: true });
    for (const name of ['openclaw.sqlite', 'live.json']) copyFileSync(join(testStore.paths.directory, name), join(copy, name));
    const restored = openStore(storePaths(copy), { migrations: [pairs], clock: systemClock, bootId: 'boot 1' });
    assert.match(restored.recovery.reason, /is a copy/);
    assert.deepEqual(wholePairs(restored), [1, 2, 3]);
    restored.close();
  }),
);

test(
  'a copy that is written back into the very files is not believed either',
  withTestStore((testStore) => {
    const { directory } = testStore.paths;
    writeAndDie(testStore, 3);
    const copy = contentsOf(directory);
    writeAndDie(testStore, 3);
    // As `cp -r` does: same inodes, same boot, and a `live.json` that says so.
    for (const [name, content] of copy) writeFileSync(join(directory, name), Buffer.from(content, 'base64'));
    const store = testStore.open();
    assert.equal(store.recovery.outcome, 'rebuilt');
    assert.match(store.recovery.reason, /written over by a copy/);
    assert.deepEqual(wholePairs(store), [1, 2, 3]);
    store.close();
  }),
);

test(
  'a copy of a closed store, written back beside the log of a killed one, is not mixed with it',
  withTestStore((testStore) => {
    const { directory } = testStore.paths;
    const first = testStore.open();
    first.commit([pairLine(1)]);
    first.close();
    const copy = contentsOf(directory);
    writeAndDie(testStore, 3);
    for (const [name, content] of copy) writeFileSync(join(directory, name), Buffer.from(content, 'base64'));
    const store = testStore.open();
    assert.equal(store.recovery.outcome, 'rebuilt');
    assert.deepEqual(wholePairs(store), [1]);
    store.close();
  }),
);

test(
  'an unfinished write at the end of the journal is cut off, and writing goes on',
  withTestStore((testStore) => {
    writeAndDie(testStore, 2);
    appendFileSync(lastSegment(testStore), encodeRecord(4, pairLine(3)).subarray(0, -1));
    const store = testStore.open();
    assert.ok(store.recovery.discardedBytes > 100);
    assert.deepEqual(wholePairs(store), [1, 2]);
    assert.deepEqual(store.commit([pairLine(3)]), [undefined]);
    store.close();
    const again = testStore.open({ boot: 'boot 2' });
    assert.deepEqual(wholePairs(again), [1, 2, 3]);
    again.close();
  }),
);

test('wherever power is cut, what was durable is there, in order and whole', () => {
  const cut = fc.record({
    count: fc.integer({ min: 1, max: 12 }),
    groupOf: fc.integer({ min: 1, max: 3 }),
    /** How much of the journal the disk kept, from nothing to all of it. */
    kept: fc.double({ min: 0, max: 1, noNaN: true }),
    live: fc.constantFrom('gone', 'garbage', 'torn', 'whole'),
    snapshotAfter: fc.option(fc.integer({ min: 0, max: 12 })),
  });
  fc.assert(
    fc.property(cut, ({ count, groupOf, kept, live, snapshotAfter }) => {
      const testStore = createTestStore();
      try {
        const { paths } = testStore;
        const store = testStore.open(smallSegments);
        const durable: { id: number; segment: string; bytes: number }[] = [];
        let inSnapshot = 0;
        for (let id = 1; id <= count; id += groupOf) {
          store.commit(oneTo(groupOf).map((offset) => pairLine(id + offset - 1)));
          const last = listSegments(paths.journal).at(-1);
          durable.push({ id: id + groupOf - 1, segment: last?.path ?? '', bytes: last?.bytes ?? 0 });
          if (snapshotAfter !== null && inSnapshot === 0 && id >= snapshotAfter) {
            takeSnapshot(paths.live, paths.snapshot);
            inSnapshot = id + groupOf - 1;
          }
        }
        // Everything but the last segment had been synced long ago; of the last one the cut may take any part.
        const last = listSegments(paths.journal).at(-1);
        const left = Math.floor((last?.bytes ?? 0) * kept);
        truncateSync(last?.path ?? '', left);
        const expected = Math.max(
          inSnapshot,
          ...durable.map(({ id, segment, bytes }) => (segment !== last?.path || bytes <= left ? id : 0)),
        );
        if (live === 'gone') removeLive(testStore);
        if (live === 'garbage') writeFileSync(paths.live, 'x'.repeat(5000));
        if (live === 'torn') truncateSync(paths.live, 2048);
        const again = testStore.open({ boot: 'boot 2' });
        // If the very first record (the schema) was cut off, the store begins anew, and rightly has nothing.
        assert.deepEqual(wholePairs(again), oneTo(expected));
        again.commit([pairLine(1000)]);
        again.close();
        const third = testStore.open({ boot: 'boot 3' });
        assert.deepEqual(wholePairs(third), [...oneTo(expected), 1000]);
        third.close();
      } finally {
        testStore.remove();
      }
    }),
    { numRuns: 40 },
  );
});

test(
  'a broken record in the middle is damage, and nothing is changed',
  withTestStore((testStore) => {
    writeAndDie(testStore, 8);
    const path = lastSegment(testStore);
    const bytes = readFileSync(path);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const before = contentsOf(testStore.paths.journal);
    for (const boot of ['boot 1', 'boot 2']) {
      refusedWith('storage_damaged', /record \d+ in .* is broken and others follow it.*nothing in it was changed/, () =>
        testStore.open({ boot }),
      );
    }
    assert.deepEqual(contentsOf(testStore.paths.journal), before);
  }),
);

test(
  'a missing segment is damage',
  withTestStore((testStore) => {
    writeAndDie(testStore, 12, smallSegments);
    rmSync(listSegments(testStore.paths.journal)[1]?.path ?? '');
    refusedWith('storage_damaged', /records \d+ to \d+ are missing/, () => testStore.open({ boot: 'boot 2' }));
  }),
);

test(
  'a journal that lost its end while the database file has more is damage',
  withTestStore((testStore) => {
    writeAndDie(testStore, 3);
    truncateSync(lastSegment(testStore), readFileSync(lastSegment(testStore)).length - 20);
    refusedWith('storage_damaged', /its journal ends at record \d, and record 4 was written/, () => testStore.open());
  }),
);

test(
  'a database file without journal and snapshot is not taken for an empty directory',
  withTestStore((testStore) => {
    testStore.open().close();
    rmSync(testStore.paths.journal, { recursive: true });
    refusedWith('storage_damaged', /without its journal and snapshot/, () => testStore.open());
  }),
);

test(
  'a damaged database file is rebuilt, also on the boot that it was left on',
  withTestStore((testStore) => {
    const store = testStore.open();
    store.commit([pairLine(1, 'x'.repeat(20_000))]);
    store.close();
    const bytes = readFileSync(testStore.paths.live);
    bytes.fill(7, 4096, 20_000);
    // In place: the same file, as a bad disk leaves it.
    writeFileSync(testStore.paths.live, bytes);
    const again = testStore.open();
    assert.equal(again.recovery.outcome, 'rebuilt');
    assert.match(again.recovery.reason, /is damaged/);
    assert.deepEqual(wholePairs(again), [1]);
    again.close();
  }),
);

test(
  'from a snapshot on, only younger segments are needed',
  withTestStore((testStore) => {
    const { paths } = testStore;
    const store = testStore.open({ ...smallSegments, snapshots: { everyMs: 0, leastJournalBytes: 0, mostJournalBytes: 1 } });
    const write = (from: number, to: number): void => {
      for (let id = from; id <= to; id += 1) store.commit([pairLine(id)]);
    };
    write(1, 10);
    assert.equal(store.snapshots.due, true);
    store.snapshots.taken(takeSnapshot(paths.live, paths.snapshot));
    const all = listSegments(paths.journal).length;
    assert.equal(
      listSegments(paths.journal)[0]?.firstPosition,
      1,
      'what the first snapshot replaced was nothing, so all may still be needed',
    );
    write(11, 20);
    store.snapshots.taken(takeSnapshot(paths.live, paths.snapshot));
    assert.ok((listSegments(paths.journal)[0]?.firstPosition ?? 0) > 1);
    assert.ok(listSegments(paths.journal).length < all * 2);
    write(21, 25);
    const again = testStore.open({ boot: 'boot 2' });
    assert.match(again.recovery.reason, /from the snapshot and the journal/);
    assert.deepEqual(wholePairs(again), oneTo(25));
    again.close();
  }),
);

test(
  'without a snapshot that can be read, the journal must reach back to the beginning',
  withTestStore((testStore) => {
    const { paths } = testStore;
    writeAndDie(testStore, 10, smallSegments);
    takeSnapshot(paths.live, paths.snapshot);
    truncateSync(paths.snapshot, 5000);
    const store = testStore.open({ boot: 'boot 2' });
    assert.match(store.recovery.reason, /for the snapshot is damaged/);
    assert.deepEqual(wholePairs(store), oneTo(10));
    store.close();
    rmSync(listSegments(paths.journal)[0]?.path ?? '');
    refusedWith('storage_damaged', /snapshot.sqlite cannot be used/, () => {
      renameSync(paths.identity, `${paths.identity}.lost`);
      testStore.open({ boot: 'boot 3' });
    });
  }),
);

test(
  'a copy whose snapshot is younger than its journal is whole, and can be written on',
  withTestStore((testStore) => {
    const { paths } = testStore;
    writeAndDie(testStore, 4);
    const early = readFileSync(lastSegment(testStore));
    writeAndDie(testStore, 4);
    takeSnapshot(paths.live, paths.snapshot);
    // The journal was copied first, then the snapshot.
    writeFileSync(lastSegment(testStore), early);
    const store = testStore.open({ boot: 'boot 2' });
    assert.deepEqual(wholePairs(store), oneTo(8));
    store.commit([pairLine(9)]);
    store.close();
    for (const boot of ['boot 2', 'boot 3']) {
      const again = testStore.open({ boot });
      assert.deepEqual(wholePairs(again), oneTo(9));
      again.close();
    }
  }),
);
