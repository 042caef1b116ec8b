/** Cases 70 and 71: what a client sees while it waits, and what it is told when tries have failed. */
import assert from 'node:assert/strict';
import { OpenClawError } from '../../src/core/errors.ts';
import { testCase } from './case-test.ts';
import { providers, type Cell } from './cells.ts';
import { errorOf, viewOf } from './client-view.ts';
import { exchange, refusalOf, replyOf, type Reply, type Side } from './exchange.ts';
import { conversationAsked } from './provider-view.ts';
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

function failure(cell: Cell, status: number, headers: Record<string, string>): Reply {
  return refusalOf(refusedRequest(cell), status, headers);
}

const broken = new OpenClawError('upstream_truncated', { details: { provider: 'acme', reason: 'the connection was reset' } });

testCase(71, 'each failure has its own Retry-After, and no text comes twice, from the same provider or from another', async (cell) => {
  const forms: [Record<string, string>, string, string][] = [
    [{ 'retry-after': '7' }, '7', '7000'],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' }, '5', '5000'],
    [{ 'retry-after-ms': '1500', 'retry-after': '60' }, '2', '1500'],
  ];
  // AWS says by the name of its exception what a failure is, and the one in the refusal would be a bad request.
  const fail = (status: number, headers: Record<string, string>): Reply => {
    const reply = failure(cell, status, headers);
    return cell.out === 'bedrock-converse-stream' ? { ...reply, chunks: [Buffer.from(JSON.stringify({ message: 'no' }))] } : reply;
  };
  for (const [headers, seconds, milliseconds] of forms) {
    for (const status of [429, 503]) {
      // Longer than any pause of the gateway's own: it is not waited for, and not shortened.
      const alone = await exchange({ cell, replies: [fail(status, headers)] });
      const second = await exchange({ cell, replies: [fail(500, {}), fail(status, headers)] });
      for (const result of [alone, second]) {
        assert.ok(result.status >= 429, result.text);
        assert.deepEqual([result.headers['retry-after'], result.headers['retry-after-ms']], [seconds, milliseconds]);
        assert.equal(result.headers['x-should-retry'], 'false', 'the SDK does not try again what was tried');
        assert.ok(errorOf(cell, result).message);
      }
      assert.deepEqual([alone.asked.length, second.asked.length], [1, 2]);
    }
  }
  const bare = await exchange({ cell, replies: [fail(500, {})] });
  assert.equal(bare.asked.length, 3);
  assert.equal(bare.headers['retry-after'], undefined, 'none is invented');
  await failsOver(cell, fail);
  if (cell.streaming === 'stream') await breaksOff(cell, fail);
});

/** To a provider of each of two other dialects, which is asked the same once and answers. */
async function failsOver(cell: Cell, fail: (status: number, headers: Record<string, string>) => Reply): Promise<void> {
  for (const dialect of ['anthropic-messages', 'openai-completions', 'google-generative-ai'] as const) {
    const there = { ...cell, out: dialect };
    const other: Side = { name: 'beta', dialect, replies: [replyOf(there, textAnswer(there, ['Hello from elsewhere']))] };
    const result = await exchange({ cell, replies: [fail(429, { 'retry-after': '60' })], others: [other] });
    assert.equal(viewOf(cell, result).text, 'Hello from elsewhere');
    assert.deepEqual(
      result.asked.map(({ provider }) => provider),
      ['acme', 'beta'],
    );
    assert.deepEqual(conversationAsked(dialect, result.asked[1]?.body), [{ user: 'What is the weather?' }], 'and no prefill');
    assert.equal(result.headers['x-openclaw-target'], 'beta/large');
  }
}

async function breaksOff(cell: Cell, fail: (status: number, headers: Record<string, string>) => Reply): Promise<void> {
  const good = replyOf(cell, textAnswer(cell, ['Hello again']));
  const begun: Reply = { ...replyOf(cell, unfinishedText(cell, 'Hello')), breaksWith: broken };
  const late = await exchange({ cell, replies: [begun, good] });
  assert.equal(late.asked.length, 1, 'what was seen is not begun anew');
  assert.equal(
    late.text.split('Hello').length,
    unfinishedText(cell, 'Hello').toString().split('Hello').length,
    'it was said as often as it came',
  );
  assert.ok(errorOf(cell, late));
  const early = await exchange({ cell, replies: [fail(500, {}), good] });
  assert.equal(viewOf(cell, early).text, 'Hello again');
  for (const { body } of early.asked) assert.deepEqual(body, early.asked[0]?.body, 'each attempt asks the same, and sends no prefill');
  // Where the route lets answers go on, only a target that takes the beginning of an answer is given one, whatever it speaks.
  const side = (name: string, dialect: Cell['out'], quirks: object): Side => {
    const there = { ...cell, out: dialect };
    return { name, dialect, quirks, replies: [replyOf(there, textAnswer(there, [', wor', 'ld']))] };
  };
  for (const dialect of providers) {
    const others = [side('beta', dialect, {}), side('gamma', dialect, { prefill: true })];
    const goingOn = await exchange({ cell, replies: [begun], others, goesOn: true });
    assert.deepEqual(
      goingOn.asked.map(({ provider }) => provider),
      ['acme', 'gamma'],
    );
    assert.equal(viewOf(cell, goingOn).text, 'Hello, world');
    const said = [{ user: 'What is the weather?' }, { assistant: 'Hello' }];
    assert.deepEqual(conversationAsked(dialect, goingOn.asked[1]?.body), said);
  }
  const nobody = await exchange({ cell, replies: [begun], others: [side('beta', cell.out, {})], goesOn: true });
  assert.equal(nobody.asked.length, 1);
  assert.equal(nobody.report.outcome.kind, 'failed');
}
