import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { createFakeClock } from '../core/fake-clock.ts';
import { ReplyWriter } from './reply-writer.ts';

function openWriter() {
  const clock = createFakeClock();
  const written: { readonly number: number; readonly text: string; readonly atMs: number }[] = [];
  const failures: unknown[] = [];
  const gate = { isOpen: true, failing: false };
  const writer = new ReplyWriter({
    ...{ clock, commitEveryMs: 50, signal: new AbortController().signal, onWritten: () => {} },
    async write(piece) {
      while (!gate.isOpen) await setImmediate();
      if (gate.failing) throw new Error('gone');
      written.push({ ...piece, atMs: clock.monotonicMs() });
    },
    onFailure: (thrown) => void failures.push(thrown),
  });
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 10; round += 1) await setImmediate();
  };
  return { clock, written, failures, gate, writer, settle };
}

test('the first words are written at once, and later ones together, 50 ms after those before', async () => {
  const { clock, written, writer, settle } = openWriter();
  await writer.add('one ');
  await settle();
  for (const word of ['two ', 'three ']) await writer.add(word);
  await settle();
  clock.advance(49);
  await settle();
  assert.deepEqual(written, [{ number: 1, text: 'one ', atMs: 0 }]);
  clock.advance(1);
  await settle();
  assert.deepEqual(written[1], { number: 2, text: 'two three ', atMs: 50 });
  await writer.add('four');
  assert.deepEqual(await writer.stop(), { text: 'four', number: 3 });
  assert.equal(clock.pendingTimers, 0);
});

test('pieces of a long answer come less often, as each rewrites its row', async () => {
  const { clock, written, writer, settle } = openWriter();
  await writer.add('x'.repeat(40_000));
  await settle();
  await writer.add('y');
  clock.advance(199);
  await settle();
  assert.equal(written.length, 1);
  clock.advance(1);
  await settle();
  assert.deepEqual(written[1], { number: 2, text: 'y', atMs: 200 });
});

test('who writes faster than the database waits', async () => {
  const { clock, written, gate, writer, settle } = openWriter();
  gate.isOpen = false;
  await writer.add('x');
  let isWaiting = true;
  const adding = writer.add('y'.repeat(100_000)).then(() => (isWaiting = false));
  await settle();
  assert.equal(isWaiting, true);
  gate.isOpen = true;
  await settle();
  clock.advance(50);
  await adding;
  assert.equal(written.at(-1)?.text.length, 100_000);
});

test('after a write that failed nothing is written until the end, which has all that is missing', async () => {
  const { clock, written, failures, gate, writer, settle } = openWriter();
  gate.failing = true;
  await writer.add('one ');
  await settle();
  gate.failing = false;
  await writer.add('two');
  clock.advance(1000);
  await settle();
  assert.deepEqual([failures.length, written.length], [1, 0]);
  assert.deepEqual(await writer.stop(), { text: 'one two', number: 1 });
});
