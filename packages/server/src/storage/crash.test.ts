import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../core/clock.ts';
import { halves } from './crash-writer.fixture.ts';
import { connect } from './sqlite/connection.ts';
import { copyStore, type StoreFile } from './sqlite/store-copy.ts';
import { storePaths } from './sqlite/paths.ts';
import { openStore } from './sqlite/store.ts';

/** More make a longer run by hand: `CRASHES=500 node --test …/crash.test.ts`. */
const crashes = Number(process.env['CRASHES'] ?? 24);
const writerFile = fileURLToPath(new URL('./crash-writer.fixture.ts', import.meta.url));

interface Writer {
  readonly child: ChildProcess;
  /** Ids that were acknowledged so far. */
  readonly acknowledged: string[];
  readonly opened: Promise<unknown>;
  /** Resolves once so many were acknowledged. */
  reached(count: number): Promise<void>;
  kill(): Promise<void>;
}

function startWriter(directory: string, prefix: string, tuning: object = {}): Writer {
  const child = spawn(process.execPath, [writerFile, directory, prefix, JSON.stringify(tuning)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged: string[] = [];
  const { promise: opened, resolve } = Promise.withResolvers<unknown>();
  const lines = createInterface({ input: child.stdout });
  const ended = once(lines, 'close');
  lines.on('line', (line) => (line === 'open' ? resolve(line) : acknowledged.push(line)));
  return {
    child,
    acknowledged,
    opened: Promise.race([opened, once(child, 'exit').then(([code]) => assert.notEqual(code, 1))]),
    async reached(count) {
      while (acknowledged.length < count && child.exitCode === null && child.signalCode === null) await once(lines, 'line');
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Opens what is in a state directory, checks that no batch is there by halves, and returns its ids. */
function readAll(directory: string): { ids: Set<string>; outcome: string; reason: string } {
  const paths = storePaths(join(directory, 'state'));
  const store = openStore(paths, { migrations: [halves], clock: systemClock });
  store.close();
  const connection = connect(paths.live, { readOnly: true });
  try {
    const numbers = connection.first({
      sql: `SELECT (SELECT COUNT(*) FROM lefts) AS lefts, (SELECT COUNT(*) FROM rights) AS rights,
      (SELECT COUNT(*) FROM lefts NATURAL JOIN rights) AS both, (SELECT COUNT(*) FROM lefts JOIN changes ON key = id) AS noted`,
    });
    assert.equal(new Set(Object.values(numbers ?? {})).size, 1, `a batch by halves: ${JSON.stringify(numbers)}`);
    const ids = new Set<string>();
    for (let after = ''; ;) {
      const rows = connection.all({ sql: 'SELECT id FROM lefts WHERE id > $1 ORDER BY id LIMIT 10000', params: [after] });
      for (const row of rows) ids.add(String(row['id']));
      if (rows.length === 0) break;
      after = String(rows.at(-1)?.['id']);
    }
    return { ids, outcome: store.recovery.outcome, reason: store.recovery.reason };
  } finally {
    connection.close();
  }
}

const missing = (acknowledged: readonly string[], { ids }: { ids: ReadonlySet<string> }): string[] =>
  acknowledged.filter((id) => !ids.has(id));

/** Several, because each spends most of its time starting. */
const chains = 3;

test(`after ${crashes} kills at random moments nothing acknowledged is missing and nothing is there by halves`, async () => {
  const kills = Array.from({ length: chains }, async (_, chain) => {
    const directory = mkdtempSync(join(tmpdir(), 'openclaw-kill-'));
    const acknowledged: string[] = [];
    try {
      for (let round = 0; round < crashes / chains; round += 1) {
        const writer = startWriter(directory, `${chain}.${round}`, { journal: { segmentLimitBytes: 100_000 } });
        // Every fourth dies while it starts, recovers or migrates; the others while they write.
        if (round % 4 !== 3) await writer.reached(10);
        await delay(Math.random() * (round % 4 === 3 ? 200 : 60));
        await writer.kill();
        acknowledged.push(...writer.acknowledged);
      }
      const found = readAll(directory);
      assert.deepEqual(missing(acknowledged, found), []);
      return acknowledged.length;
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
  for (const count of await Promise.all(kills)) assert.ok(count > 50, `only ${count} writes were under way: the test shows nothing`);
});

/** By its name alone: the writer may remove a segment between two looks at it. */
const firstSegment = (live: string): number => Number.parseInt(readdirSync(storePaths(join(live, 'state')).journal).sort()[0] ?? '0', 10);

test('20 plain tars of the live directory, taken under load, can all be restored: nothing acknowledged before them is missing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-tar-'));
  const live = join(directory, 'live');
  mkdirSync(live);
  // So that segments end and snapshots replace each other while tar reads; a copy may take 400 ms here where it may take an hour there.
  const tuning = {
    journal: { segmentLimitBytes: 200_000 },
    snapshots: { everyMs: 400, leastJournalBytes: 100_000, mostJournalBytes: 1e9 },
  };
  const writer = startWriter(live, 'w', tuning);
  try {
    await writer.opened;
    const archives: { restored: string; before: string[] }[] = [];
    for (let round = 0; round < 20; round += 1) {
      await writer.reached(writer.acknowledged.length + 20 + Math.random() * 40);
      const before = [...writer.acknowledged];
      const archive = join(directory, `${round}.tar`);
      // Exit code 1: a file changed or went while it was read. That is the point.
      await promisify(execFile)('tar', ['-cf', archive, '-C', live, '.']).catch((thrown: { code: number }) => assert.equal(thrown.code, 1));
      const restored = join(directory, `restored ${round}`);
      mkdirSync(restored);
      await promisify(execFile)('tar', ['-xf', archive, '-C', restored]);
      archives.push({ restored, before });
    }
    // On a machine that has much else to do, segments end late.
    while (!(firstSegment(live) > 1)) await writer.reached(writer.acknowledged.length + 1);
    await writer.kill();
    for (const { restored, before } of archives) {
      const found = readAll(restored);
      assert.equal(found.outcome, 'rebuilt');
      assert.deepEqual(missing(before, found), []);
    }
    assert.ok((archives.at(-1)?.before.length ?? 0) > 300, 'too few writes to show anything');
    assert.deepEqual(missing(writer.acknowledged, readAll(live)), []);
  } finally {
    await writer.kill();
    rmSync(directory, { recursive: true });
  }
});

async function writeCopy({ bytes, read }: StoreFile, target: string): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of read()) chunks.push(chunk);
  const content = Buffer.concat(chunks);
  assert.equal(content.length, bytes);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
}

test('a copy of the store, taken under load and read slowly, has everything that was acknowledged before it began', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-copy-'));
  const live = join(directory, 'live');
  mkdirSync(live);
  // Snapshots replace each other, and segments go, many times while one copy is read.
  const tuning = {
    journal: { segmentLimitBytes: 50_000 },
    snapshots: { everyMs: 50, leastJournalBytes: 50_000, mostJournalBytes: 1e9 },
  };
  const writer = startWriter(live, 'w', tuning);
  const paths = storePaths(join(live, 'state'));
  try {
    await writer.opened;
    // Each snapshot waits for as much journal as the last one had bytes: further rounds would take longer and longer.
    for (let round = 0; round < 2; round += 1) {
      await writer.reached(writer.acknowledged.length + 50);
      const before = [...writer.acknowledged];
      const restored = join(directory, `restored ${round}`);
      const copy = await copyStore(paths);
      const began = firstSegment(live);
      // What the copy has opened is gone from the directory by the time it is read.
      while (firstSegment(live) === began) await writer.reached(writer.acknowledged.length + 1);
      for (const file of copy.files) await writeCopy(file, join(restored, 'state', file.name));
      await copy.close();
      const found = readAll(restored);
      assert.equal(found.outcome, 'rebuilt');
      assert.deepEqual(missing(before, found), []);
    }
  } finally {
    await writer.kill();
    rmSync(directory, { recursive: true });
  }
});
