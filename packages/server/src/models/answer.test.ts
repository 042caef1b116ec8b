import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { createFakeClock } from '../core/fake-clock.ts';
import { Answer } from './answer.ts';
import type { ModelCall, ModelSink } from './call.ts';
import type { ClientDialectName } from './dialects/dialect.ts';
import { createLifecycleRegistry } from './lifecycle.ts';

function setup(dialect: ClientDialectName = 'openai-completions') {
  const written: string[] = [];
  const sink: ModelSink = {
    head: (status, headers) => void written.push(`${status} ${headers['content-type'] ?? ''}`),
    write: (chunk) => written.push(String(chunk)) > 0,
    drained: () => Promise.resolve(),
    end: (chunk = '') => void written.push(`${chunk.toString()}<end>`),
  };
  const clock = createFakeClock();
  const lifecycle = createLifecycleRegistry(clock).begin('req_1');
  const call: ModelCall = {
    operation: 'chat',
    requestId: 'req_1',
    dialect,
    body: Buffer.from('{}'),
    headers: {},
    caller: { id: 'gateway', models: undefined },
    whenGone: () => {},
    timeoutMs: undefined,
  };
  return { answer: new Answer({ call, sink, lifecycle, clock }), clock, lifecycle, written };
}

const failure = new OpenClawError('upstream_rate_limited', { details: { provider: 'acme', reason: 'slow down' }, retryAfterMs: 1500 });

test('nothing is sent before the first output; a failure until then is an HTTP error with Retry-After', () => {
  const { answer, written } = setup();
  answer.keepAlive();
  assert.deepEqual(written, []);
  answer.fail(failure, 2);
  assert.equal(written[0], '429 application/json');
  assert.match(written[1] ?? '', /"code":"rate_limit_exceeded"/);
  assert.deepEqual(
    [answer.headers['retry-after'], answer.headers['retry-after-ms'], answer.headers['x-should-retry']],
    ['2', '1500', 'false'],
  );
});

test('Retry-After is a whole second at least, whatever a provider said: 0 would be no wait at all', () => {
  const { answer } = setup();
  answer.fail(new OpenClawError('upstream_rate_limited', { details: { provider: 'acme', reason: 'slow' }, retryAfterMs: 0 }), 1);
  assert.deepEqual([answer.headers['retry-after'], answer.headers['retry-after-ms']], ['1', '0']);
});

test('an error that is not about an attempt leaves retrying to the client', () => {
  const { answer } = setup();
  answer.fail(new OpenClawError('draining', { retryAfterMs: 1000 }), 0);
  assert.equal(answer.headers['x-should-retry'], undefined);
});

test('what will fail again is said to be no use trying, though nobody was asked: SDKs repeat every 429', () => {
  const { answer } = setup();
  answer.fail(new OpenClawError('budget_exceeded', { retryAfterMs: 3_600_000 }), 0);
  assert.equal(answer.headers['x-should-retry'], 'false');
});

test('a stream that waits gets a comment every 15 s, and none while bytes flow', async () => {
  const { answer, clock, written } = setup();
  answer.keepAlive();
  clock.advance(14_999);
  assert.deepEqual(written, []);
  clock.advance(1);
  assert.deepEqual(written, ['200 text/event-stream; charset=utf-8', ': waiting for the model\n\n']);
  clock.advance(1);
  await answer.write('data: 1\n\n');
  clock.advance(14_999);
  assert.equal(written.length, 3);
  clock.advance(1);
  assert.equal(written[3], ': waiting for the model\n\n', 'never silent for longer, whenever the last word came');
});

test('a failure after a comment but before output may still be tried elsewhere, and ends in an error event if not', () => {
  for (const dialect of ['openai-completions', 'anthropic-messages'] as const) {
    const { answer, clock, written } = setup(dialect);
    answer.keepAlive();
    clock.advance(15_000);
    assert.equal(answer.committed, false);
    answer.fail(failure, 1);
    assert.match(written.at(-1) ?? '', dialect === 'anthropic-messages' ? /^event: error\ndata: .*<end>$/s : /^data: \{"error":.*<end>$/s);
  }
});

test('exactly one end is written, whoever ends it first', async () => {
  const { answer, written } = setup();
  await answer.write('data: 1\n\n');
  answer.endStream();
  answer.endStream();
  answer.fail(failure, 1);
  answer.endWhole('{}');
  await answer.write('data: 2\n\n');
  assert.deepEqual(written, ['200 text/event-stream; charset=utf-8', 'data: 1\n\n', '<end>']);
});

test('the last events of a stream and its end are one: a client that reads slowly gets no error after them', async () => {
  const { answer, written } = setup();
  await answer.write('data: 1\n\n');
  answer.endStream('data: [DONE]\n\n');
  answer.fail(failure, 1);
  assert.deepEqual(written.slice(1), ['data: 1\n\n', 'data: [DONE]\n\n<end>']);
});

test('the end of the request ends the comments', () => {
  const { answer, clock, lifecycle } = setup();
  answer.keepAlive();
  lifecycle.finish({ kind: 'completed' });
  assert.equal(clock.pendingTimers, 0);
});
