import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { type Job, type LoopResult, runJob, type StreamsResult, type Target } from './load.ts';
import { deltaText, openaiAnswer, openaiStream } from './script.ts';

const deltas = 4;

async function serve(context: TestContext, answer: (response: ServerResponse, seed: number) => void): Promise<Target> {
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => answer(response, Number(/seed=(\d+)/.exec(body)?.[1])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  return { name: 'test', port: (server.address() as AddressInfo).port, path: '/', headers: {}, model: 'mock-model' };
}

function hold(target: Target): Promise<StreamsResult> {
  return runJob({ kind: 'hold-streams', target, streams: 3, deltas, paceMs: 20, rampMs: 0 } satisfies Job) as Promise<StreamsResult>;
}

function sendTexts(response: ServerResponse, texts: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(openaiStream.before + texts.map(openaiStream.delta).join('') + openaiStream.after);
}

const textsOf = (seed: number): string[] => Array.from({ length: deltas }, (_, index) => deltaText(seed, index));

test('streams that arrive whole are held', async (context) => {
  const target = await serve(context, (response, seed) => sendTexts(response, textsOf(seed)));
  const { held, broken, stalled } = await hold(target);
  assert.deepEqual({ held, broken, stalled }, { held: 3, broken: 0, stalled: 0 });
});

test('a stream with a lost frame is broken', async (context) => {
  const target = await serve(context, (response, seed) => sendTexts(response, seed === 1 ? textsOf(seed).toSpliced(2, 1) : textsOf(seed)));
  const { held, broken } = await hold(target);
  assert.deepEqual({ held, broken }, { held: 2, broken: 1 });
});

test("a stream that carries another stream's text is broken", async (context) => {
  const target = await serve(context, (response, seed) => sendTexts(response, textsOf(seed === 2 ? 0 : seed)));
  const { held, broken, firstFailure } = await hold(target);
  assert.deepEqual({ held, broken, firstFailure }, { held: 2, broken: 1, firstFailure: "frame 0 carried 's0d0 '" });
});

test('a stream that is cut is broken', async (context) => {
  const target = await serve(context, (response, seed) => {
    if (seed > 0) return sendTexts(response, textsOf(seed));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(openaiStream.before, () => response.destroy());
  });
  assert.equal((await hold(target)).broken, 1);
});

test('an answer that is not the mock’s, or not 200, counts as failed and not as fast', async (context) => {
  let count = 0;
  const target = await serve(context, (response) => {
    count += 1;
    if (count === 1) response.writeHead(503).end('busy');
    else response.end(count === 2 ? '{}' : openaiAnswer);
  });
  const job: Job = { kind: 'closed-loop', target, connections: 1, requests: 5 };
  const { answered, failed, firstFailure } = (await runJob(job)) as LoopResult;
  assert.deepEqual({ answered, failed, firstFailure }, { answered: 3, failed: 2, firstFailure: 'status 503: busy' });
});
