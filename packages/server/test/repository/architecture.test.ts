/** The map shows the folders that there are, and leads to files that exist. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../../../', import.meta.url);
const page = readFileSync(new URL('ARCHITECTURE.md', root), 'utf8');

/** An empty folder is none: git does not know it. */
function foldersIn(path: string): string[] {
  const entries = readdirSync(new URL(path, root), { withFileTypes: true });
  return entries.flatMap((entry) =>
    entry.isDirectory() && readdirSync(new URL(`${path}${entry.name}/`, root)).length > 0 ? [entry.name] : [],
  );
}

test('ARCHITECTURE.md names every folder of the program and of the model path', () => {
  for (const folder of [...foldersIn('packages/server/src/').filter((name) => name !== 'cli'), ...foldersIn('packages/server/src/models/')])
    assert.match(page, new RegExp(`^ +${folder}/ `, 'm'), folder);
});

test('what ARCHITECTURE.md names as a place for something new exists', () => {
  const table = page.slice(page.indexOf('## Where do I add'));
  const named = Array.from(table.matchAll(/`([\w./-]+(?:\/|\.ts|\.md))`/g), ([, name = '']) => name);
  assert.ok(named.length > 20, String(named.length));
  const bases = ['', 'packages/server/src/', 'packages/server/src/models/', 'packages/server/src/cli/openclaw/', 'bench/chaos/scenarios/'];
  for (const name of named)
    assert.ok(
      bases.some((base) => existsSync(new URL(base + name, root))),
      name,
    );
});
