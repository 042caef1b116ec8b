import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RunEvent } from '@openclaw/protocol';
import { OpenClaw } from '../openclaw.ts';
import { json, refuse, reset, startTestServer, type Answer, type TestServer } from '../test-server.fixture.ts';

const client = (server: TestServer, more: object = {}): OpenClaw =>
  new OpenClaw({ baseURL: server.url, retry: { random: () => 0, baseDelayMs: 1 }, ...more });

const frame = (seq: number, kind = 'step.delta'): string =>
  `id: ${seq}\nevent: ${kind}\ndata: ${JSON.stringify({ runId: 'run_1', seq, atMs: 1, kind })}\n\n`;
const end = 'event: end\ndata: {"status":"finished"}\n\n';

/** As much of the stream, and then the connection is cut or the body ends. */
function events(text: string, how: 'ends' | 'breaks' = 'ends'): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (how === 'ends') response.end(text);
    else response.write(text, () => response.destroy());
  };
}

async function collect(iterable: AsyncIterable<RunEvent>): Promise<number[]> {
  const seqs: number[] = [];
  for await (const event of iterable) seqs.push(event.seq);
  return seqs;
}

test('events are given once and in order over lost connections, restarts and answers that repeat themselves', async () => {
  await using server = await startTestServer(
    events(frame(1) + frame(2), 'breaks'),
    refuse(503, {}, { message: 'starting', openclaw: { code: 'starting', retryable: true } }),
    reset,
    events(frame(2) + frame(3)),
    events(': alive\n\n' + frame(5) + 'id: 6\nevent: step.delta\ndata: {"half', 'breaks'),
    events(frame(6) + frame(7, 'run.finished') + end),
  );
  await using openclaw = client(server);
  const reattached: number[] = [];
  const seqs = await collect(openclaw.runs.events('run_1', { onReattach: ({ after }) => void reattached.push(after) }));
  assert.deepEqual(seqs, [1, 2, 3, 5, 6, 7]);
  assert.deepEqual(
    server.requests.map(({ headers }) => headers['last-event-id']),
    ['0', '2', '2', '2', '3', '5'],
  );
  assert.deepEqual(reattached, [2, 2, 2, 3, 5]);
});

test('wherever connections break, whatever is sent twice, a reader has each event once, in order, and all of them', async () => {
  const all = [1, 2, 3, 5, 8, 9, 12];
  const text = (after: number): string =>
    all
      .filter((seq) => seq > after)
      .map((seq) => frame(seq))
      .join('') + end;
  const attempt = fc.record({ cutAt: fc.integer({ min: 0, max: 700 }), back: fc.integer({ min: 0, max: 3 }), breaks: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { maxLength: 6 }), async (attempts) => {
      const answers = [...attempts, undefined].map((cut): Answer => (response, request) => {
        const after = Number(request.headers['last-event-id']) - (cut?.back ?? 0);
        const sent = text(after);
        events(cut ? sent.slice(0, Math.min(cut.cutAt, sent.length - end.length)) : sent, cut?.breaks ? 'breaks' : 'ends')(
          response,
          request,
        );
      });
      await using server = await startTestServer(...answers);
      await using openclaw = client(server);
      assert.deepEqual(await collect(openclaw.runs.events('run_1')), all);
    }),
    { numRuns: 60 },
  );
});

test('a stream that was asked for from a number goes on after it, and one without a run is an error at once', async () => {
  await using server = await startTestServer(
    events(frame(8) + end),
    refuse(404, { 'x-should-retry': 'false' }, { message: 'no', openclaw: { code: 'run_not_found', retryable: false } }),
  );
  await using openclaw = client(server);
  assert.deepEqual(await collect(openclaw.runs.events('run_1', { after: 7 })), [8]);
  assert.equal(server.requests[0]?.headers['last-event-id'], '7');
  await assert.rejects(collect(openclaw.runs.events('run_2')), { code: 'run_not_found' });
  assert.equal(server.requests.length, 2);
});

test('a gateway that stays away is given up when patience ends', async () => {
  await using server = await startTestServer(reset);
  await using openclaw = client(server, { patienceMs: 1 });
  await assert.rejects(collect(openclaw.runs.events('run_1')), { code: 'connection_failed', retryable: false });
});

test('whoever leaves the loop, aborts or closes the client ends the connection', async () => {
  const held: Answer = (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(frame(1));
  await using server = await startTestServer(held);
  await using openclaw = client(server);
  let cut = server.cutOff();
  for await (const event of openclaw.runs.events('run_1')) if (event.seq === 1) break;
  await cut;
  cut = server.cutOff();
  const controller = new AbortController();
  const reading = (async () => {
    for await (const _event of openclaw.runs.events('run_1', { signal: controller.signal })) controller.abort(new Error('enough'));
  })();
  await assert.rejects(reading, /enough/);
  await cut;
  cut = server.cutOff();
  const left = (async () => {
    for await (const _event of openclaw.runs.events('run_1')) void openclaw.close();
  })();
  await assert.rejects(left, { code: 'client_disposed' });
  await cut;
});

test('creating is tried again under one key; what may have been done although no answer came is not', async () => {
  await using server = await startTestServer(reset, json({ id: 'run_1' }, 201), reset, json({ id: 'run_2' }));
  await using openclaw = client(server);
  assert.equal((await openclaw.runs.create({ input: 'x' })).id, 'run_1');
  const keys = server.requests.map(({ body }) => (JSON.parse(body) as { idempotencyKey: string }).idempotencyKey);
  assert.equal(keys[0], keys[1]);
  assert.match(keys[0] ?? '', /^[0-9a-f-]{36}$/);
  await assert.rejects(openclaw.runs.fork('run_1', 3), { code: 'connection_failed', retryable: false });
  assert.equal(server.requests.length, 3);
});

test('each call asks what it says', async () => {
  await using server = await startTestServer(json({ id: 'run_1', data: [] }));
  await using openclaw = client(server);
  const { runs, sessions } = openclaw;
  await runs.list({ status: 'parked', limit: 5 });
  await runs.get('run/1');
  await runs.cancel('r', 'enough');
  await runs.signal('r', { name: 'go', payload: 1 });
  await runs.approve('r');
  await runs.reject('r', { approvalId: 'a', note: 'no' });
  await runs.resolveOutcome('r', { step: 2, decision: { kind: 'done', result: 1 } });
  await runs.retry('r');
  await runs.fork('r', 4);
  await sessions.list({ limit: 2 });
  await sessions.get('agent:main:a b', 5);
  await sessions.compact('a');
  await sessions.delete('a');
  assert.deepEqual(
    server.requests.map(({ method, url, body }) => `${method} ${url} ${body}`.trim()),
    [
      'GET /v1/runs?status=parked&limit=5',
      'GET /v1/runs/run%2F1',
      'POST /v1/runs/r/cancel {"reason":"enough"}',
      'POST /v1/runs/r/signal {"name":"go","payload":1}',
      'POST /v1/runs/r/approve {}',
      'POST /v1/runs/r/reject {"approvalId":"a","note":"no"}',
      'POST /v1/runs/r/outcome {"step":2,"decision":"done","result":1}',
      'POST /v1/runs/r/retry {}',
      'POST /v1/runs/r/fork {"fromSeq":4}',
      'GET /v1/sessions?limit=2',
      'GET /v1/sessions/agent%3Amain%3Aa%20b?limit=5',
      'POST /v1/sessions/a/compact',
      'DELETE /v1/sessions/a',
    ],
  );
});
