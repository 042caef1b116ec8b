/** What must be true of a run after any number of kills. */
import assert from 'node:assert/strict';
import { foldRun } from '../../src/runs/journal/fold.ts';
import type { ModelResult } from '../../src/runs/engine/progress.ts';
import type { ToolResult } from '../../src/runs/tools/contract.ts';
import type { Carried, Outside } from './crash-loop.ts';

const steps = 21;

/** What a script asks for, besides notes. */
export interface Asked {
  readonly posts: number;
  readonly puts: number;
  /** For other agents, the last first. */
  readonly tasks: readonly string[];
}

const ofCrashTest: Asked = { posts: 2, puts: 2, tasks: ['task 9', 'task 4'] };

export function checkCarried(carried: Carried, { counts }: Pick<Outside, 'counts'>, { posts, puts, tasks }: Asked = ofCrashTest): void {
  const { view, children, seen, left, unknown, notes } = carried;
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
  assert.deepEqual([sent.length, put.length], [posts, puts]);
  // Each task is done by one run, and what it used is counted once.
  assert.deepEqual(
    children.map(({ input, status }) => `${input}: ${status}`),
    tasks.map((task) => `${task}: finished`),
  );
  if (tasks.length > 0) assert.equal(view.use.inputTokens, 11 + 2 * tasks.length);
  for (const [name, times] of sent)
    assert.ok(times === 1 || unknown.has(name.slice('POST '.length)), `${name} was made ${times} times, and nobody was asked`);
  assert.equal(new Set(notes).size, notes.length, 'what can be reconciled is never made twice');
  // Every fourth call is a note; what looked and found that it was not made says so, and it is the model's to make it again.
  const noted = results.filter(({ step, result }) => step % 8 === 0 && !(result as ToolResult).isError);
  assert.equal(notes.length, noted.length, 'what is said to be done is done, and nothing else');
}
