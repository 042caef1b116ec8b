import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyStream } from './body-stream.ts';

function setup() {
  const calls: string[] = [];
  const body = new BodyStream({ pause: () => calls.push('pause'), resume: () => calls.push('resume'), cancel: () => calls.push('cancel') });
  return { body, calls };
}

async function readAll(body: BodyStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('chunks come out in the order in which they went in, whether the reader waits or not', async () => {
  const { body } = setup();
  body.push(Buffer.from('a'));
  const read = readAll(body);
  body.push(Buffer.from('b'));
  await new Promise((resolve) => setImmediate(resolve));
  body.push(Buffer.from('c'));
  body.end();
  assert.equal(await read, 'abc');
});

test('the producer is paused at 64 KiB that nobody reads, and resumed once all of it is read', async () => {
  const { body, calls } = setup();
  body.push(Buffer.alloc(40_000));
  assert.deepEqual(calls, []);
  body.push(Buffer.alloc(40_000));
  assert.deepEqual(calls, ['pause']);
  await body.next();
  assert.deepEqual(calls, ['pause']);
  await body.next();
  assert.deepEqual(calls, ['pause', 'resume']);
});

test('what arrived before a failure is read before the failure', async () => {
  const { body } = setup();
  body.push(Buffer.from('half'));
  body.fail(new Error('broke'));
  assert.equal((await body.next()).value?.toString(), 'half');
  await assert.rejects(body.next(), /broke/);
  assert.equal((await body.next()).done, true);
});

test('a reader that leaves cancels the producer once, and a reader that waits is let go', async () => {
  const { body, calls } = setup();
  const waiting = body.next();
  await body.return();
  await body.return();
  assert.equal((await waiting).done, true);
  assert.deepEqual(calls, ['cancel']);
  body.push(Buffer.from('late'));
  assert.equal((await body.next()).done, true);
});

test('a reader that leaves after the end cancels nothing', async () => {
  const { body, calls } = setup();
  body.end();
  await body.return();
  assert.deepEqual(calls, []);
});
