/** Cases 70 and 71: what a client sees while it waits, and what it is told when tries have failed. */
import assert from 'node:assert/strict';
import { OpenClawError } from '../../src/core/errors.ts';
import { testCase } from './case-test.ts';
import { errorOf, viewOf } from './client-view.ts';
import { exchange, replyOf, type Reply } from './exchange.ts';
import { refusedRequest, textAnswer, unfinishedText } from './stories.ts';

const heartbeat = ': waiting for the model\n\n';

testCase(70, 'a client that waits gets comments, between events and never within one', async (cell) => {
  const answer = textAnswer(cell, ['Hello', ', ', 'world']);
  const plain = await exchange({ cell, replies: [replyOf(cell, answer)] });
  // Half events arrive, and half a minute passes before each next piece.
  const slow: Reply = { ...replyOf(cell, answer, 50), beforeChunk: (clock) => clock.advance(30_000) };
  const result = await exchange({ cell, replies: [slow] });
  const pieces = result.text.split(heartbeat);
  assert.ok(pieces.length > 3);
  assert.equal(pieces[0], '', 'the first comes before any output');
  for (const piece of pieces) assert.ok(piece === '' || piece.endsWith('\n\n'), 'each stands after a whole event');
  assert.equal(pieces.join(''), plain.text, 'the answer is the same without them');
  assert.deepEqual(viewOf(cell, result), viewOf(cell, plain));
});

testCase(71, 'each failure has its own Retry-After, the client is told of the last, and no text comes twice', async (cell) => {
  const failure = (status: number, headers: Record<string, string>): Reply => ({
    status,
    headers: { 'content-type': 'application/json', ...headers },
    chunks: [Buffer.from(refusedRequest(cell))],
  });
  const forms: [Record<string, string>, string, string][] = [
    [{ 'retry-after': '7' }, '7', '7000'],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' }, '5', '5000'],
    [{ 'retry-after-ms': '1500', 'retry-after': '60' }, '2', '1500'],
  ];
  for (const [headers, seconds, milliseconds] of forms) {
    for (const status of [429, 503]) {
      // Longer than any pause of the gateway's own: it is not waited for, and not shortened.
      const alone = await exchange({ cell, replies: [failure(status, headers)] });
      const second = await exchange({ cell, replies: [failure(500, {}), failure(status, headers)] });
      for (const result of [alone, second]) {
        assert.ok(result.status >= 429, result.text);
        assert.deepEqual([result.headers['retry-after'], result.headers['retry-after-ms']], [seconds, milliseconds]);
        assert.equal(result.headers['x-should-retry'], 'false', 'the SDK does not try again what was tried');
        assert.ok(errorOf(cell, result).message);
      }
      assert.deepEqual([alone.asked.length, second.asked.length], [1, 2]);
    }
  }
  const bare = await exchange({ cell, replies: [failure(500, {})] });
  assert.equal(bare.asked.length, 3);
  assert.equal(bare.headers['retry-after'], undefined, 'none is invented');

  if (cell.streaming === 'whole') return;
  const broken = new OpenClawError('upstream_truncated', { details: { provider: 'acme', reason: 'the connection was reset' } });
  const good = replyOf(cell, textAnswer(cell, ['Hello again']));
  const late = await exchange({ cell, replies: [{ ...replyOf(cell, unfinishedText(cell, 'Hello')), breaksWith: broken }, good] });
  assert.equal(late.asked.length, 1, 'what was seen is not begun anew');
  assert.equal(viewOf(cell, late).text, 'Hello');
  assert.ok(errorOf(cell, late));
  const early = await exchange({ cell, replies: [failure(500, {}), good] });
  assert.equal(viewOf(cell, early).text, 'Hello again');
  for (const { body } of early.asked) assert.deepEqual(body, early.asked[0]?.body, 'each attempt asks the same, and sends no prefill');
});
