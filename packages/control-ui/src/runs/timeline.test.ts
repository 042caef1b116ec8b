import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent, RunEventBody } from '@openclaw/protocol';
import { emptyTimeline, nextTimeline, stepsOf, type Timeline } from './timeline.ts';
import { firstWords, showArguments, showResult } from './values.ts';

const call = { callId: 'c1', name: 'write', argumentsText: '{"path":"a.txt"}' };
const begin = (attempt: number, stepKind: 'model' | 'tool' = 'tool'): RunEventBody => ({
  ...{ kind: 'step.started', step: 1, stepKind, name: 'write', attempt, effect: 'once', inputHash: 'x', idempotencyKey: 'r/1' },
  ...(stepKind === 'tool' ? { call } : {}),
});

/** Each a second after the one before. */
const eventsOf = (...bodies: readonly RunEventBody[]): readonly RunEvent[] =>
  bodies.map((body, index) => ({ runId: 'r', seq: index + 1, atMs: (index + 1) * 1000, ...body }));

const fold = (...bodies: readonly RunEventBody[]): Timeline => nextTimeline(emptyTimeline, eventsOf(...bodies));
const titles = ({ entries }: Timeline): readonly string[] => entries.map((entry) => (entry.type === 'mark' ? entry.title : entry.name));

test('a step that was cut counts from its last attempt on, and both are told', () => {
  const timeline = fold(
    begin(1, 'model'),
    { kind: 'step.delta', step: 1, attempt: 1, offset: 0, text: 'Hal' },
    { kind: 'run.resumed', epoch: 2, reason: 'recovered' },
    begin(2, 'model'),
    { kind: 'step.delta', step: 1, attempt: 2, offset: 0, text: 'Hello' },
    { kind: 'step.delta', step: 1, attempt: 2, offset: 5, text: ' there' },
  );
  const [step] = stepsOf(timeline);
  assert.deepEqual([step?.text, step?.state], ['Hello there', 'running']);
  assert.deepEqual(
    step?.attempts.map(({ attempt, endedAtMs }) => [attempt, endedAtMs]),
    [
      [1, null],
      [2, null],
    ],
  );
  assert.deepEqual(titles(timeline), ['write', 'Recovered']);
});

test('events that were there already change nothing, however they are cut into parts', () => {
  const events = eventsOf(begin(1, 'model'), { kind: 'step.delta', step: 1, attempt: 1, offset: 0, text: 'Hi' });
  const whole = nextTimeline(emptyTimeline, events);
  const inParts = nextTimeline(nextTimeline(emptyTimeline, events.slice(0, 1)), events);
  assert.deepEqual(inParts, whole);
  assert.deepEqual(nextTimeline(whole, events), whole);
});

test('a step that is done by another run names it', () => {
  const timeline = fold(
    begin(1),
    { kind: 'child.created', step: 1, childRunId: 'run_2', agentId: 'helper' },
    { kind: 'run.parked', waitsFor: { kind: 'child', runId: 'run_2' } },
    { kind: 'child.changed', childRunId: 'run_2', status: 'parked', waitsFor: { kind: 'approval', approvalId: 'a' } },
  );
  const [step] = stepsOf(timeline);
  assert.deepEqual([step?.childRunId, step?.state], ['run_2', 'running']);
  assert.deepEqual(titles(timeline), ['write', 'Waits', 'Asks below']);
});

test('a result that is too large for the journal is named by its file', () => {
  const file = { sha256: 'abc', bytes: 3 * 2 ** 20 };
  const [step] = stepsOf(fold(begin(1), { kind: 'step.finished', step: 1, attempt: 1, result: null, file, use: null }));
  assert.equal(step && showResult(step), '3 MiB in a file of the state directory, abc.json');
});

test('a call asks, is answered, done, and can be forked from where it ended', () => {
  const asked = fold({ kind: 'approval.requested', approvalId: 'a', step: 1, call, why: 'it asks' });
  assert.equal(stepsOf(asked)[0]?.state, 'asking');
  const [step] = stepsOf(
    fold(
      { kind: 'approval.requested', approvalId: 'a', step: 1, call, why: 'it asks' },
      { kind: 'approval.resolved', approvalId: 'a', approved: true, by: 'me', note: 'go on' },
      begin(1),
      { kind: 'step.finished', step: 1, attempt: 1, result: { isError: true, text: 'no room' }, use: null },
    ),
  );
  assert.deepEqual([step?.state, step?.endSeq, step && showResult(step)], ['failed', 4, 'no room']);
  assert.deepEqual(step?.approval?.verdict, { approved: true, by: 'me', note: 'go on' });
});

test('the end of a run stops what was open, and a run that is tried again has not ended', () => {
  const failed = fold(begin(1), { kind: 'outcome.unknown', step: 1, call, evidence: 'cut' }, { kind: 'run.cancelled', by: 'me' });
  assert.deepEqual([stepsOf(failed)[0]?.state, failed.hasEnded], ['stopped', true]);
  const again = nextTimeline(failed, [
    { runId: 'r', seq: 4, atMs: 4000, kind: 'run.resumed', epoch: 0, reason: 'retried' },
    { runId: 'r', seq: 5, atMs: 5000, kind: 'run.resumed', epoch: 2, reason: 'retried' },
  ]);
  assert.equal(again.hasEnded, false);
  assert.deepEqual(titles(again), ['write', 'Cancelled', 'Tried again']);
});

test('arguments are set out where they are JSON, and are what the model wrote where not', () => {
  assert.equal(showArguments('{"a":1}'), '{\n  "a": 1\n}');
  assert.equal(showArguments('{"a":'), '{"a":');
  assert.equal(firstWords(' one\n two ', 5), 'one…');
  assert.ok(firstWords('😀'.repeat(200)).isWellFormed());
  assert.equal(showResult({ result: { rows: 2 }, file: null, text: '' }), '{\n  "rows": 2\n}');
});
