/** `docs/advisories.md` names each advisory that a test shows, with that test's title, and no other as shown. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const page = readFileSync(new URL('../../../../docs/advisories.md', import.meta.url), 'utf8');
const folder = fileURLToPath(new URL('./', import.meta.url));

/** The rows of the table below a heading, cell by cell. */
function rowsBelow(heading: string): string[][] {
  const [, text = ''] = page.split(`\n## ${heading}\n`);
  const lines = (text.split('\n## ', 1)[0] ?? '').split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(1).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** As they stand in the text of a link. */
const idsIn = (cell: string): string[] =>
  [...cell.matchAll(/\[(CVE-\d{4}-\d{4,}|GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}|[a-z]+#\d+)\]/g)].map(([, id = '']) => id);
const shown = rowsBelow('Shown by tests');
const otherwise = rowsBelow('Decided otherwise');
const absent = rowsBelow('No such part yet');

test('each advisory of the page is shown by the test of that name, and each test is on the page', () => {
  const sources = globSync('*.test.ts', { cwd: folder }).map((file) => [file, readFileSync(folder + file, 'utf8')] as const);
  const titles = sources.flatMap(([file, text]) =>
    [...text.matchAll(/test\(\s*advisory\(\s*'([^']+)',\s*(?:'((?:[^'\\]|\\.)*)'|"([^"]*)")/g)].map(
      ([, ids = '', single, double]) => `${ids}: ${single ?? double ?? ''} (${file})`,
    ),
  );
  assert.ok(titles.length > 40);
  assert.deepEqual(
    shown.map(([ids = '', , title = '', file = '']) => `${idsIn(ids).join(' ')}: ${title} (${file.replaceAll('`', '')})`).toSorted(),
    titles.toSorted(),
  );
});

test('no id stands twice, and each row says what it was', () => {
  const rows = [...shown, ...otherwise, ...absent];
  const ids = rows.flatMap(([cell = '']) => idsIn(cell));
  assert.equal(new Set(ids).size, ids.length, ids.filter((id, index) => ids.indexOf(id) !== index).join());
  for (const row of rows) assert.ok(idsIn(row[0] ?? '').length > 0 && (row[1] ?? '').length > 10, row.join(' | '));
});
