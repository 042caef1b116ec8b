/** What must be true of a run after any number of kills. */
import assert from 'node:assert/strict';
import { foldRun } from '../../src/runs/journal/fold.ts';
import type { ModelResult } from '../../src/runs/engine/progress.ts';
import type { Carried, Outside } from './crash-loop.ts';

const steps = 21;

export function checkCarried({ view, children, seen, left, unknown, notes }: Carried, { counts }: Pick<Outside, 'counts'>): void {
  assert.equal(view.status, 'finished');
  // Whoever follows sees every event, each once, in order.
  assert.deepEqual(
    seen.map(({ seq }) => seq),
    seen.map((_, index) => index + 1),
  );
  assert.deepEqual(foldRun(seen), view);
  // Compaction takes all of the streamed text or none of it, and nothing else.
  const withoutText = seen.filter(({ kind }) => kind !== 'step.delta');
  assert.deepEqual(left, left.some(({ kind }) => kind === 'step.delta') ? seen : withoutText);
  const results = seen.filter((event) => event.kind === 'step.finished');
  assert.deepEqual(
    results.map(({ step }) => step),
    Array.from({ length: steps }, (_, index) => index + 1),
    'no step is lost',
  );
  for (const { step, attempt, result } of results.filter((event) => event.step % 2 === 1)) {
    const shown = seen
      .map((event) => (event.kind === 'step.delta' && event.step === step && event.attempt === attempt ? event.text : ''))
      .join('');
    assert.equal(shown, (result as ModelResult).text, 'no answer is half kept');
  }
  const mine = (method: string): [string, number][] => [...counts].filter(([name]) => name.startsWith(`${method} ${view.id}/`));
  const [sent, put] = [mine('POST'), mine('PUT')];
  assert.deepEqual([sent.length, put.length], [2, 2]);
  // Each task is done by one run, and what it used is counted once.
  assert.deepEqual(
    children.map(({ input, status }) => `${input}: ${status}`),
    ['task 9: finished', 'task 4: finished'],
  );
  assert.equal(view.use.inputTokens, 11 + 2 * 2);
  for (const [name, times] of sent)
    assert.ok(times === 1 || unknown.has(name.slice('POST '.length)), `${name} was made ${times} times, and nobody was asked`);
  assert.equal(new Set(notes).size, notes.length, 'what can be reconciled is never made twice');
  assert.equal(notes.length, 2);
}
