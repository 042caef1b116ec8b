import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aroundChanges, diffLines } from './line-diff.ts';

const marks = { same: ' ', added: '+', removed: '-' } as const;
const short = (before: string, after: string): string[] => diffLines(before, after).map(({ kind, text }) => `${marks[kind]}${text}`);

test('lines that stay, go and come are told apart', () => {
  assert.deepEqual(short('a\nb\nc', 'a\nx\nc\nd'), [' a', '-b', '+x', ' c', '+d']);
  assert.deepEqual(short('', 'a'), ['-', '+a']);
  const [, removed, added] = diffLines('a\nb', 'a\nx');
  assert.deepEqual([removed?.oldNumber, removed?.newNumber, added?.oldNumber, added?.newNumber], [2, undefined, undefined, 2]);
});

test('what stays and goes is the old text, what stays and comes the new one', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before, after);
      const without = (kind: 'added' | 'removed'): string =>
        lines
          .filter((line) => line.kind !== kind)
          .map((line) => line.text)
          .join('\n');
      assert.equal(without('added'), before);
      assert.equal(without('removed'), after);
    }),
  );
});

test('texts that are too long for that are replaced whole', () => {
  const lines = (mark: string): string => Array.from({ length: 3000 }, (_, index) => `${mark}${index}`).join('\n');
  assert.equal(diffLines(`same\n${lines('a')}`, `same\n${lines('b')}`).filter(({ kind }) => kind === 'same').length, 1);
});

test('far from a change lines are left out', () => {
  const before = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const shown = aroundChanges(diffLines(before.join('\n'), before.with(10, 'new').join('\n')), 1);
  assert.deepEqual(
    shown.map((line) => (line === 'gap' ? '…' : line.text)),
    ['…', 'line 9', 'line 10', 'new', 'line 11', '…'],
  );
  assert.deepEqual(aroundChanges(diffLines('a', 'a')), ['gap']);
});
