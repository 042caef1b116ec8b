/** Case 69: a stream is held, written and closed once, however long it is. Counts and bytes, no times: hours are another test. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OpenClawError } from '../../src/core/errors.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cells.ts';
import { createExchanger, replyOf, type ClientManner } from './exchange.ts';
import { errorWithin, textAnswer, unfinishedText, wires } from './stories.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const pieceLength = 2048;
const piece = 'x'.repeat(pieceLength);

/** An answer of this many pieces, made as it is read. */
function* longAnswer(cell: Cell, pieces: number, atEnd: () => void): Generator<Buffer> {
  const { beginning, parts, ending } = wires[cell.out].stream({ parts: [{ text: [piece] }], ending: 'stop' });
  const [part] = parts;
  const delta = part?.said.at(-1);
  assert.ok(part && delta);
  yield Buffer.concat([...beginning, ...part.said]);
  for (let said = 1; said < pieces; said += 1) yield Buffer.from(delta);
  atEnd();
  yield Buffer.concat([...part.closed, ...ending]);
}

interface Measured {
  readonly heldBytes: number;
  readonly writtenBytes: number;
  /** Of what is written at once, before the end. */
  readonly largestBytes: number;
  readonly closed: number;
}

async function measure(cell: Cell, pieces: number): Promise<Measured> {
  let [heldBytes, writtenBytes, largestBytes, closed] = [0, 0, 0, 0];
  let isOver = false;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const chunks = longAnswer(cell, pieces, () => {
    collectGarbage();
    heldBytes = process.memoryUsage().heapUsed - before;
    isOver = true;
  });
  const client: ClientManner = {
    forgets: true,
    onPiece: (_, { length }) => {
      writtenBytes += length;
      if (!isOver) largestBytes = Math.max(largestBytes, length);
    },
  };
  const exchanger = createExchanger({ cell, replies: [{ ...replyOf(cell, ''), chunks, onClosed: () => (closed += 1) }] });
  const { report } = await exchanger.send(cell, {}, client);
  assert.equal(report.outcome.kind, 'completed');
  assert.equal(exchanger.requests.inFlight, 0);
  return { heldBytes, writtenBytes, largestBytes, closed };
}

const megabyte = 1024 * 1024;

testCase(69, 'what is held does not grow with a stream, what is written grows as its text, and it is closed once', async (cell) => {
  const [short, long] = [await measure(cell, 500), await measure(cell, 4000)];
  const text = 4000 * pieceLength;
  // An answer of Responses repeats itself in its last event, so its text is held until then; and no more than that.
  const repeats = cell.in === 'openai-responses' || cell.out === 'openai-responses';
  const heldLimit = repeats ? 4 * text : 2 * megabyte;
  assert.ok(long.heldBytes < heldLimit, `${(long.heldBytes / megabyte).toFixed(1)} MiB are held after ${(text / megabyte).toFixed(1)}`);
  const ratio = long.writtenBytes / short.writtenBytes;
  assert.ok(ratio > 6 && ratio < 9, `eight times the text is ${ratio.toFixed(1)} times the bytes`);
  assert.ok(long.largestBytes <= short.largestBytes + 64, 'a later event is no larger than an earlier one');
  assert.ok(long.largestBytes < 4 * pieceLength);
  assert.deepEqual([short.closed, long.closed], [1, 1]);
  await closesOnce(cell);
});

/** However it ends: well, with an error, broken off, or left by its client. */
async function closesOnce(cell: Cell): Promise<void> {
  const broken = new OpenClawError('upstream_truncated', { details: { provider: 'acme', reason: 'the connection was reset' } });
  const begun = unfinishedText(cell, 'Hello');
  const endings = [
    { chunks: [textAnswer(cell, ['Hello'])] },
    { chunks: [begun, errorWithin(cell), begun] },
    { chunks: [begun], breaksWith: broken },
    { chunks: [begun, begun, begun], leaves: true },
    { chunks: [Buffer.concat([textAnswer(cell, ['Hello']), begun]), begun] },
  ];
  for (const { leaves, ...reply } of endings) {
    let closed = 0;
    const exchanger = createExchanger({ cell, replies: [{ ...replyOf(cell, ''), ...reply, onClosed: () => (closed += 1) }] });
    await exchanger.send(cell, {}, leaves ? { onPiece: (leave) => leave() } : {});
    assert.equal(closed, 1);
    assert.equal(exchanger.requests.inFlight, 0);
  }
}
