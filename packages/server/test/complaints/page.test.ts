/** docs/complaints.md names tests that there are, and every test of this folder. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../repository/working-copy.ts';

const page = readFileSync(join(root, 'docs/complaints.md'), 'utf8');

/** The cells of every row below the head of a table. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\|(?: [a-z ]*\|)* shown by \|$/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );

const titlesOf = (cell: string): string[] => Array.from(cell.matchAll(/`([^`]+)`/g), ([, title = '']) => title);
const named = new Set(rows.flatMap((cells) => titlesOf(cells.at(-1) ?? '')));

function sourcesBelow(pattern: string): string[] {
  return globSync(pattern, { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'));
}

/** As a string of the source, whichever quotes it has there. */
const standsIn = (source: string, title: string): boolean => ["'", '"'].some((quote) => source.includes(quote + title + quote));

test('each title that docs/complaints.md names is that of a test', () => {
  assert.ok(named.size > 60, String(named.size));
  const sources = sourcesBelow('packages/*/{src,test}/**/*.test.ts');
  for (const title of named)
    assert.ok(
      sources.some((source) => standsIn(source, title)),
      title,
    );
});

test('each line of docs/complaints.md has a test, or says that it is not part of this release, or only measured', () => {
  for (const cells of rows)
    assert.ok(titlesOf(cells.at(-1) ?? '').length > 0 || /not part of this release|measured/.test(cells.at(-2) ?? ''), cells.join(' | '));
});

test('the numbers of docs/complaints.md have no gap, and each test of this folder stands there', () => {
  const numbers = rows.flatMap(([first = '']) => (/^\d+$/.test(first) ? [Number(first)] : []));
  assert.deepEqual(numbers, [
    ...Array.from({ length: 27 }, (_, index) => index + 1),
    ...Array.from({ length: 20 }, (_, index) => index + 1),
  ]);
  const own = sourcesBelow('packages/server/test/complaints/!(page).test.ts').join('\n');
  const titles = Array.from(own.matchAll(/^test\(\s*'([^']+)'/gm), ([, title = '']) => title);
  assert.ok(titles.length >= 10, String(titles.length));
  for (const title of titles) assert.ok(named.has(title), title);
});
