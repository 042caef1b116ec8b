import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTail, emptyLog, errorOf, filterLines, flattenFields, linesLimit, readLine, summaryOf, type LogTail } from './log-lines.ts';

const tail = (lines: readonly string[], cursor = 1): LogTail => ({ file: '/log', cursor, size: 1, lines, truncated: false, reset: false });
const line = (level: string, message: string, more: object = {}): string =>
  JSON.stringify({ time: '2026-11-21T12:00:01.250Z', level, message, component: 'models', ...more });

test('lines are kept in the order in which they came, and no more of them than there is room for', () => {
  const first = addTail(emptyLog, tail([line('info', 'a'), line('info', 'b')], 7));
  assert.equal(first.cursor, 7);
  const view = addTail(
    first,
    tail(
      Array.from({ length: linesLimit }, (_, index) => line('info', `c${index}`)),
      8,
    ),
  );
  assert.equal(view.lines.length, linesLimit);
  assert.deepEqual([view.lines[0]?.message, view.lines.at(-1)?.id, view.count], ['c0', linesLimit + 2, linesLimit + 2]);
  const same = addTail(view, tail([], 8));
  assert.equal(same.lines, view.lines);
});

test('what is no line of ours is shown as it is', () => {
  for (const raw of ['', 'node: warning', '[1]', 'null', '{"level":7}']) {
    const { message, level } = readLine(raw, 1);
    assert.deepEqual([message, level], [raw, undefined]);
  }
});

test('the filter keeps lines of at least the level that have every word, whatever its case', () => {
  const { lines } = addTail(
    emptyLog,
    tail([line('debug', 'a'), line('warn', 'Slow target', { provider: 'acme' }), line('error', 'b'), 'plain']),
  );
  const found = (level: 'debug' | 'warn', words: string): string[] => filterLines(lines, { level, words }).map(({ message }) => message);
  assert.deepEqual(found('warn', ''), ['Slow target', 'b', 'plain']);
  assert.deepEqual(found('debug', 'ACME slow'), ['Slow target']);
  assert.deepEqual(found('debug', 'nowhere'), []);
});

test('fields are one under the other, and an error is told in a line', () => {
  const read = readLine(
    line('error', 'failed', { status: 502, error: { code: 'upstream_refused', message: 'no', cause: { code: 'E' } }, list: [1] }),
    1,
  );
  assert.equal(errorOf(read), 'upstream_refused: no');
  assert.deepEqual(flattenFields(read.fields), [
    ['status', '502'],
    ['error.code', 'upstream_refused'],
    ['error.message', 'no'],
    ['error.cause.code', 'E'],
    ['list', '[1]'],
  ]);
  assert.equal(errorOf(readLine(line('info', 'well'), 1)), undefined);
  assert.equal(summaryOf(read), 'status 502, list [1]');
  assert.equal(summaryOf(readLine(line('info', 'long', { text: 'x'.repeat(500) }), 1)).length, 160);
});
