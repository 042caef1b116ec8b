import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { foldRun } from './fold.ts';
import { newRun } from './store.fixture.ts';
import { Views, type Known } from './views.ts';

function viewOf(id: string, input: string, output: unknown = null): Known {
  const { created } = newRun(id);
  return { view: { ...foldRun([{ runId: id, seq: 1, atMs: 0, ...created, input }]), output }, lastAtMs: 0 };
}

test('what was remembered longest ago gives way to large ones, however few there are', () => {
  const views = new Views({ views: 100, characters: 1000 });
  for (const id of ['a', 'b', 'c']) views.remember(viewOf(id, 'x'.repeat(300)));
  views.remember(viewOf('a', 'x'.repeat(300), { text: 'y'.repeat(200) }));
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => views.get(id)?.view.id),
    ['a', undefined, 'c'],
  );
  views.remember(viewOf('large', 'x'.repeat(5000)));
  assert.deepEqual(
    ['a', 'c', 'large'].map((id) => views.get(id)?.view.id),
    [undefined, undefined, 'large'],
  );
});

test('property: never more than the limits but the last, which is always there, and the latest of those that fit', () => {
  const limits = { views: 4, characters: 100 };
  const action = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), length: fc.nat({ max: 120 }), forgets: fc.boolean() });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const views = new Views(limits);
      let expected: Known[] = [];
      for (const { id, length, forgets } of actions) {
        expected = expected.filter(({ view }) => view.id !== id);
        if (forgets) views.forget(id);
        else {
          const known = viewOf(id, 'x'.repeat(length));
          views.remember(known);
          expected.push(known);
          const sum = (): number => expected.reduce((total, { view: { input } }) => total + input.length, 0);
          while (expected.length > 1 && (expected.length > limits.views || sum() > limits.characters)) expected.shift();
        }
        for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
          assert.equal(
            views.get(name),
            expected.find(({ view }) => view.id === name),
          );
      }
    }),
  );
});
