import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { createCommitQueue, type Commit, type CommitQueueLimits } from './commit-queue.ts';

/** A queue whose disk answers when the test says so. */
function setup(limits: CommitQueueLimits = {}) {
  const groups: {
    batches: readonly string[];
    finish: (outcomes?: (OpenClawError | undefined)[]) => void;
    fail: (thrown: unknown) => void;
  }[] = [];
  const commit: Commit<string> = (batches) => {
    const { promise, resolve, reject } = Promise.withResolvers<(OpenClawError | undefined)[]>();
    groups.push({ batches, finish: (outcomes = []) => resolve(outcomes), fail: reject });
    return promise;
  };
  return { queue: createCommitQueue(commit, limits), groups };
}

/** Lets everything run that does not wait for the disk. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const codeOf = (thrown: unknown): string | undefined => (thrown instanceof OpenClawError ? thrown.code : undefined);

test('what is added in one turn, and what waits for a commit, shares a group', async () => {
  const { queue, groups } = setup();
  const first = ['a', 'b'].map((batch) => queue.add(batch, 1));
  await settle();
  const second = ['c', 'd', 'e'].map((batch) => queue.add(batch, 1));
  await settle();
  assert.deepEqual(
    groups.map(({ batches }) => batches),
    [['a', 'b']],
  );
  assert.equal(queue.waiting, 5);
  groups[0]?.finish();
  await Promise.all(first);
  await settle();
  assert.deepEqual(groups[1]?.batches, ['c', 'd', 'e']);
  groups[1]?.finish();
  await Promise.all(second);
  assert.equal(queue.waiting, 0);
});

test('writers of a large group are told in their order and in turns, and what the first write next is under way meanwhile', async () => {
  const { queue, groups } = setup();
  const told: number[] = [];
  const next: Promise<void>[] = [];
  const all = Array.from({ length: 100 }, async (_, index) => {
    await queue.add(`batch ${index}`, 1);
    told.push(index);
    next.push(queue.add(`next ${index}`, 1));
  });
  await settle();
  groups[0]?.finish();
  for (let turn = 0; groups.length < 2; turn += 1) {
    assert.ok(turn < 5);
    await Promise.resolve().then(settle);
  }
  assert.ok((groups[1]?.batches.length ?? 0) < 100, 'the second group does not wait for all');
  for (let index = 1; told.length < 100 || queue.waiting > 0; index += 1) {
    assert.ok(index < 20);
    groups[index]?.finish();
    await settle();
  }
  await Promise.all([...all, ...next]);
  assert.deepEqual(
    told,
    Array.from({ length: 100 }, (_, index) => index),
  );
  assert.deepEqual(
    groups.slice(1).flatMap(({ batches }) => batches),
    Array.from({ length: 100 }, (_, index) => `next ${index}`),
  );
});

test('closing waits until everybody is told', async () => {
  const { queue, groups } = setup();
  let told = 0;
  for (let index = 0; index < 100; index += 1) void queue.add(String(index), 1).then(() => (told += 1));
  await settle();
  const closed = queue.close();
  groups[0]?.finish();
  await closed;
  assert.equal(told, 100);
});

test('a group is bounded in number and in bytes, and holds at least one', async () => {
  const { queue, groups } = setup({ groupBatches: 3, groupBytes: 10 });
  const sizes = [1, 1, 1, 1, 20, 6, 6];
  const all = sizes.map((bytes, index) => queue.add(String(index), bytes));
  for (let index = 0; index < 5; index += 1) {
    await settle();
    groups[index]?.finish();
  }
  await Promise.all(all);
  assert.deepEqual(
    groups.map(({ batches }) => batches.join('')),
    ['012', '3', '4', '5', '6'],
  );
});

test('too much waiting is refused at once, in batches and in bytes, and there is room again afterwards', async () => {
  const { queue, groups } = setup({ waitingBatches: 3, waitingBytes: 100 });
  const waiting = [queue.add('a', 10), queue.add('b', 80)];
  const tooManyBytes = assert.rejects(
    queue.add('c', 20),
    (thrown) => codeOf(thrown) === 'storage_busy' && /2 calls wait/.test(String(thrown)),
  );
  waiting.push(queue.add('d', 10));
  const tooMany = assert.rejects(queue.add('e', 0), (thrown) => codeOf(thrown) === 'storage_busy');
  await Promise.all([tooManyBytes, tooMany]);
  await settle();
  groups[0]?.finish();
  await Promise.all(waiting);
  const larger = queue.add('larger than everything that may wait', 1000);
  await settle();
  groups[1]?.finish();
  await larger;
});

test('a commit that fails as a whole fails its group and not the next', async () => {
  const { queue, groups } = setup();
  const first = queue.add('a', 1);
  await settle();
  const second = queue.add('b', 1);
  groups[0]?.fail(new OpenClawError('storage_failed', { details: { reason: 'the thread ended' } }));
  await assert.rejects(first, /the thread ended/);
  await settle();
  groups[1]?.finish([new OpenClawError('storage_conflict', { details: { guard: 'it' } })]);
  await assert.rejects(second, (thrown) => codeOf(thrown) === 'storage_conflict');
});

test('close waits for what was added and refuses what comes later', async () => {
  const { queue, groups } = setup();
  const added = queue.add('a', 1);
  const closed = queue.close();
  await assert.rejects(queue.add('b', 1), /closed/);
  await settle();
  groups[0]?.finish();
  await Promise.all([added, closed]);
});
