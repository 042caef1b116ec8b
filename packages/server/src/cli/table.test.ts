import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTable } from './table.ts';

const columns = [{ heading: 'NAME' }, { heading: 'REQUESTS', align: 'right' }, { heading: 'MODELS' }] as const;

test('columns are aligned and no line ends in blanks', () => {
  assert.equal(
    formatTable(columns, [
      ['ci', '7', 'all'],
      ['production', '12345', 'fast, local/small'],
    ]),
    'NAME        REQUESTS  MODELS\nci                 7  all\nproduction     12345  fast, local/small\n',
  );
});

test('a table for a terminal is never wider than it, and what was cut is marked', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string(), fc.string(), fc.string({ maxLength: 200 })), { maxLength: 5 }),
      fc.integer({ min: 22, max: 120 }),
      (rows, width) => {
        const lines = formatTable(columns, rows, { width }).split('\n');
        assert.equal(lines.length, rows.length + 2);
        for (const line of lines) assert.ok(Array.from(line).length <= width, line);
      },
    ),
  );
  assert.match(formatTable(columns, [['a', '1', 'x'.repeat(100)]], { width: 40 }), /x…\n$/);
});

test('names cannot move the cursor or begin a line', () => {
  assert.equal(formatTable([{ heading: 'A' }], [['x\u001B[2J\ny']]), 'A\nx?[2J?y\n');
});

test('what is there to be copied is never cut, and of a time the end stays', () => {
  const columns = [{ heading: 'TIME', cut: 'start' }, { heading: 'REQUEST', cut: 'never' }, { heading: 'OUTCOME' }] as const;
  const rows = [['2026-11-21 16:23:44', 'req_01KAJ8W3Q2M5T7X9Z1B3D5F7H9', 'upstream_rate_limited']];
  const [, line] = formatTable(columns, rows, { width: 52 }).split('\n');
  assert.equal(line, '…16:23:44  req_01KAJ8W3Q2M5T7X9Z1B3D5F7H9  upstream…');
});
