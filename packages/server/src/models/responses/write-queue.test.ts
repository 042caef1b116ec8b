import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import type { Database, WriteBatch } from '../../storage/index.ts';
import { createWriteQueue, type Write } from './write-queue.ts';

function setup() {
  const batches: WriteBatch[] = [];
  const state = { full: false };
  const database: Partial<Database> = {
    async write(batch) {
      await Promise.resolve();
      if (state.full) throw new OpenClawError('storage_full', { details: { reason: 'no space left' } });
      batches.push(batch);
    },
  };
  const clock = createFakeClock();
  const lines: Record<string, unknown>[] = [];
  const log = createLog({
    clock,
    destinations: [{ write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>), format: 'json' }],
  });
  const written: number[] = [];
  const queue = createWriteQueue({ database: database as Database, clock, log, onWritten: (responses) => void written.push(responses) });
  return { batches, state, clock, lines, written, queue };
}

const one = (bytes = 10): Write => ({ statements: [{ sql: 'INSERT' }], responses: 1, bytes });

test('what comes while a batch is written goes into the next, and all of it is awaited', async () => {
  const { queue, batches, written } = setup();
  for (let number = 0; number < 40; number++) queue.add(one());
  await queue.settled();
  assert.deepEqual(
    batches.map(({ statements }) => statements.length),
    [1, 32, 7],
  );
  assert.deepEqual(written, [1, 32, 7]);
});

test('what the database refuses is given up, and said once a minute with how many it were', async () => {
  const { queue, state, clock, lines, batches } = setup();
  state.full = true;
  for (let number = 0; number < 3; number++) {
    queue.add(one());
    await queue.settled();
  }
  assert.deepEqual(
    lines.map(({ responses }) => responses),
    [1],
  );
  clock.advance(60_000);
  queue.add(one());
  await queue.settled();
  assert.deepEqual(
    lines.map(({ responses }) => responses),
    [1, 3],
  );
  state.full = false;
  queue.add(one());
  await queue.settled();
  assert.equal(batches.length, 1);
});

test('what waits is bounded in bytes, and one that is too large is not taken', async () => {
  const { queue, lines, batches } = setup();
  const mebibyte = 1024 * 1024;
  queue.add(one(33 * mebibyte));
  assert.equal(lines.length, 1);
  for (let number = 0; number < 5; number++) queue.add(one(20 * mebibyte));
  await queue.settled();
  const taken = batches.reduce((sum, { statements }) => sum + statements.length, 0);
  assert.equal(taken, 3);
  queue.add(one(20 * mebibyte));
  await queue.settled();
  assert.equal(
    batches.reduce((sum, { statements }) => sum + statements.length, 0),
    4,
    'there is room again',
  );
});
