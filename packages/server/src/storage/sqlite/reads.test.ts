import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { openSqlite } from './database.ts';
import { storePaths } from './paths.ts';
import { createReads, type ReaderStart } from './reads.ts';
import { startStorageThread, type StorageThread } from './thread-call.ts';

interface FakeThread extends StorageThread {
  ended: boolean;
  /** Answers nothing while it hangs. */
  hangs: boolean;
  readonly asked: string[];
  /** What else it has been asked and has not answered. */
  pending: number;
}

function createThread(): FakeThread {
  const asked: string[] = [];
  const thread = {
    ...{ asked, pending: 0, ended: false, hangs: false },
    call(name: string) {
      asked.push(name);
      if (thread.ended) return Promise.reject(new OpenClawError('storage_failed', { details: { reason: 'its thread has ended' } }));
      return thread.hangs ? new Promise(() => {}) : Promise.resolve(name === 'read' ? [{ x: 1 }] : undefined);
    },
    end: async () => void (thread.ended = true),
  };
  return thread as unknown as FakeThread;
}

function createScene({ dead = false, reader = 'at once' }: { dead?: boolean; reader?: ReaderStart } = {}) {
  const clock = createFakeClock();
  const writer = createThread();
  const readers: FakeThread[] = [];
  const startThread = (): FakeThread => {
    const reader = createThread();
    reader.ended = dead;
    readers.push(reader);
    return reader;
  };
  return { clock, writer, readers, reads: createReads(writer, { path: 'x', clock, reader, startThread }) };
}

const question = { sql: 'SELECT x FROM y' };

test('a gateway that asks little now and then has no reader, and looking at it starts none', async () => {
  const { clock, writer, readers, reads } = createScene({ reader: 'when needed' });
  for (let minute = 0; minute < 5; minute += 1) {
    await reads.read(question);
    clock.advance(60_000);
  }
  assert.equal(await reads.check(), undefined);
  assert.deepEqual([writer.asked, readers.length], [Array(5).fill('read'), 0]);
});

test('a read that would wait behind writes goes to a reader, and all later ones do; not so while the gateway starts', async () => {
  const { clock, writer, readers, reads } = createScene({ reader: 'when needed' });
  writer.pending = 3;
  await reads.read(question);
  assert.deepEqual([writer.asked, readers.length], [['read'], 0]);
  clock.advance(5000);
  await reads.read(question);
  writer.pending = 0;
  await reads.read(question);
  assert.deepEqual([writer.asked, readers.map(({ asked }) => asked)], [['read'], [['openReader', 'read', 'read']]]);
});

test('a question that kept the writer for long is the last that it answers', async () => {
  const { clock, writer, readers, reads } = createScene({ reader: 'when needed' });
  clock.advance(5000);
  const answer = reads.read(question);
  clock.advance(11);
  await answer;
  await reads.read(question);
  assert.deepEqual([writer.asked, readers[0]?.asked], [['read'], ['openReader', 'read']]);
});

test('a reader that has ended is replaced by the next read, and by the next look', async () => {
  const { readers, reads } = createScene();
  await reads.read(question);
  await readers[0]?.end();
  assert.deepEqual(await reads.read(question), [{ x: 1 }]);
  await readers[1]?.end();
  assert.equal(await reads.check(), undefined);
  assert.deepEqual(
    readers.map(({ asked }) => asked),
    [
      ['openReader', 'read'],
      ['openReader', 'read'],
      ['openReader', 'read'],
    ],
  );
});

test('where no reader lives the check says so', async () => {
  const { reads } = createScene({ dead: true });
  await assert.rejects(reads.read(question), { code: 'storage_failed' });
  assert.match((await reads.check()) ?? '', /not answered: .*thread has ended/);
});

test('a long question is waited for, and a thread that has answered nothing for half a minute hangs', async () => {
  const { clock, readers, reads } = createScene();
  await reads.read(question);
  readers[0]!.hangs = true;
  void reads.read(question);
  clock.advance(29_000);
  void reads.read(question);
  assert.equal(await reads.check(), undefined);
  clock.advance(2000);
  assert.equal(await reads.check(), 'no question was answered for 31 s');
  assert.equal(readers[0]?.asked.filter((name) => name === 'read').length, 3, 'it is not asked more while it hangs');
});

test('a writer that has died shows in the health of the database', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-reads-'));
  const thread = startStorageThread();
  const database = await openSqlite({ paths: storePaths(directory), clock: systemClock, thread });
  try {
    assert.equal((await database.check()).writable, true);
    await thread.end();
    const { writable, reason } = await database.check();
    assert.equal(writable, false);
    assert.match(reason ?? '', /closed|ended/);
  } finally {
    await database.close().catch(() => undefined);
    rmSync(directory, { recursive: true });
  }
});
