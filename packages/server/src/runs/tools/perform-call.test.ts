import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import type { Tool, ToolResult } from './contract.ts';
import { outputLimitCharacters } from './contract.ts';
import { abortGraceMs, effectOf, performCall } from './perform-call.ts';
import { toolCall } from './tool.fixture.ts';

function toolThat(run: Tool['run'], more: Partial<Tool> = {}): Tool {
  return { name: 'some', description: 'does', parameters: { type: 'object' }, effect: 'once', run, ...more };
}

const call = (signal = new AbortController().signal, clock = createFakeClock()) => ({
  ...toolCall({ workspace: '/', args: {}, signal }),
  argumentsText: '{}',
  clock,
});

test('what a tool throws becomes words, and of a call that must not be repeated the outcome is unknown', async () => {
  const broken = toolThat(() => Promise.reject(new Error('it broke.')));
  assert.deepEqual(await performCall(broken, call()), { isError: true, text: 'some failed: it broke', isOutcomeUnknown: true });
  assert.deepEqual(await performCall({ ...broken, effect: 'read' }, call()), { isError: true, text: 'some failed: it broke' });
  const told = toolThat(() => Promise.reject(new OpenClawError('run_not_failed', { details: { runId: 'r', status: 'queued' } })));
  assert.match((await performCall(told, call())).text, /The run r has not failed \(queued\)\. Only a run that failed/);
});

test('a tool that does not heed its signal is waited for no longer than the grace', async () => {
  const clock = createFakeClock();
  const stop = new AbortController();
  let isAnswered = false;
  const running = performCall(
    toolThat(() => new Promise<ToolResult>(() => {})),
    call(stop.signal, clock),
  ).finally(() => (isAnswered = true));
  clock.advance(abortGraceMs * 10);
  await new Promise(setImmediate);
  assert.equal(isAnswered, false, 'nobody has stopped it yet');
  stop.abort();
  clock.advance(abortGraceMs - 1);
  await new Promise(setImmediate);
  assert.equal(isAnswered, false);
  clock.advance(1);
  const result = await running;
  assert.match(result.text, /was stopped, and did not end within 10 s/);
  assert.equal(result.isOutcomeUnknown, true);
});

test('a call that has ended leaves no timer and no listener behind', async () => {
  const clock = createFakeClock();
  const stop = new AbortController();
  await performCall(
    toolThat(async () => ({ isError: false, text: 'done' })),
    call(stop.signal, clock),
  );
  stop.abort();
  await new Promise(setImmediate);
  assert.equal(clock.pendingTimers, 0);
});

test('what a tool says too much is cut, and its other words about the outcome are kept', async () => {
  const loud = toolThat(async () => ({ isError: true, text: 'x'.repeat(outputLimitCharacters * 2), isOutcomeUnknown: true }));
  const { text, isOutcomeUnknown } = await performCall(loud, call());
  assert.ok(text.length <= outputLimitCharacters);
  assert.equal(isOutcomeUnknown, true);
});

test('where the effect depends on the arguments, it is asked for them', () => {
  const tool = toolThat(async () => ({ isError: false, text: '' }), { effectOf: ({ method }) => (method === 'GET' ? 'read' : 'once') });
  assert.deepEqual([effectOf(tool, { method: 'GET' }), effectOf(tool, {})], ['read', 'once']);
});
