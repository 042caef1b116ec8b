/** Cases 1 to 5: what a stream is made of, however its bytes are cut, written or packed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { createFakeClock } from '../../src/core/fake-clock.ts';
import { createHttpUpstream } from '../../src/models/http/http-upstream.ts';
import { testCase } from './case-test.ts';
import { viewOf } from './client-view.ts';
import { exchange, replyOf, type Reply } from './exchange.ts';
import { textAnswer } from './stories.ts';

/** Gemini ends its lines in another way. */
function lineFeedsOnly(answer: Buffer): string {
  return answer.toString().replaceAll('\r\n', '\n');
}

const pieces = ['Grüße, ', '日本 ', '👩‍🚀 ', 'naïve – ', '🇩🇪'];

testCase(1, 'a character cut across chunks stays whole', async (cell) => {
  const answer = textAnswer(cell, pieces);
  const whole = await exchange({ cell, replies: [replyOf(cell, answer)] });
  assert.equal(viewOf(cell, whole).text, pieces.join(''));
  for (const size of [1, 2, 3]) {
    const cut = await exchange({ cell, replies: [replyOf(cell, answer, size)] });
    assert.deepEqual(cut.bytes, whole.bytes, `cut into ${size}`);
    assert.ok(!cut.text.includes('\ufffd'));
  }
});

testCase(2, 'lines cut across chunks are joined again, at whatever place', async (cell) => {
  const answer = textAnswer(cell, pieces);
  const whole = await exchange({ cell, replies: [replyOf(cell, answer)] });
  for (let size = 5; size < 120; size += 7) {
    const cut = await exchange({ cell, replies: [replyOf(cell, answer, size)] });
    assert.deepEqual(cut.bytes, whole.bytes, `cut into ${size}`);
  }
});

testCase(3, 'CR LF, lone CR and data: without a space mean the same, cut or not', async (cell) => {
  const plain = lineFeedsOnly(textAnswer(cell, pieces));
  const expected = viewOf(cell, await exchange({ cell, replies: [replyOf(cell, plain)] }));
  const spellings = [
    plain.replaceAll('\n', '\r\n'),
    plain.replaceAll('\n', '\r'),
    plain.replaceAll('data: ', 'data:').replaceAll('event: ', 'event:'),
    `\ufeff${plain.replaceAll('data: ', 'data:').replaceAll('\n', '\r\n')}`,
  ];
  for (const spelling of spellings) {
    for (const size of [undefined, 1, 13]) {
      const result = await exchange({ cell, replies: [replyOf(cell, spelling, size)] });
      assert.deepEqual(viewOf(cell, result), expected);
      if (cell.in === cell.out) assert.equal(result.text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').includes('\n\n'), true);
    }
  }
});

testCase(4, 'comments and pings are passed over, not parsed', async (cell) => {
  const plain = lineFeedsOnly(textAnswer(cell, pieces));
  const comment = ': OPENROUTER PROCESSING\n\n';
  const ping = 'event: ping\ndata: {"type": "ping"}\n\n';
  const noisy = comment + plain.replaceAll('\n\n', `\n\n${comment}:\n\n${cell.out === 'anthropic-messages' ? ping : ''}`);
  const quiet = await exchange({ cell, replies: [replyOf(cell, plain)] });
  for (const size of [undefined, 1]) {
    const result = await exchange({ cell, replies: [replyOf(cell, noisy, size)] });
    assert.deepEqual(viewOf(cell, result), viewOf(cell, quiet));
    assert.equal(result.asked.length, 1);
    if (cell.in !== cell.out) assert.deepEqual(result.bytes, quiet.bytes);
  }
});

testCase(5, 'a compressed answer is decoded before it is parsed', async (cell) => {
  const answer = textAnswer(cell, pieces);
  const plain = await exchange({ cell, replies: [replyOf(cell, answer)] });
  const packers = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };
  for (const [encoding, pack] of Object.entries(packers)) {
    const reply = await fetchedThroughPool(replyOf(cell, answer), encoding, pack(answer));
    const result = await exchange({ cell, replies: [reply] });
    assert.deepEqual(result.bytes, plain.bytes, encoding);
  }
});

/** What the real pool makes of a compressed answer. */
async function fetchedThroughPool(reply: Reply, encoding: string, packed: Buffer): Promise<Reply> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { ...reply.headers, 'content-encoding': encoding });
    response.write(packed.subarray(0, 11));
    response.end(packed.subarray(11));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream = createHttpUpstream({ clock: createFakeClock() });
  try {
    const response = await upstream.send(
      {
        method: 'POST',
        origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        path: '/',
        headers: {},
        body: Buffer.from('{}'),
      },
      {
        signal: new AbortController().signal,
        requestId: 'req_1',
        provider: 'acme',
        timeouts: { connectMs: 0, firstByteMs: 0, idleMs: 0, totalMs: 0 },
      },
    );
    const chunks: Buffer[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    return { headers: response.headers, chunks };
  } finally {
    await upstream.close();
    server.close();
  }
}
