/** What no tool checks: exceptions from the rules, the time read by `new Date()`, pages that name files, words that belong nowhere. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { errorCatalogue } from '@openclaw/protocol';
import { root, runCommand } from './working-copy.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const sources = globSync(['packages/*/{src,test,bin}/**/*.{ts,tsx,js}', 'scripts/**/*.ts', 'bench/*.ts'], { cwd: root });
const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md'], { cwd: root });

/** May become shorter, never longer: what is excepted from lint, by the file and the rule. */
const exceptionsSoFar: readonly string[] = [
  // Reads answers of any shape, and asserts what it finds.
  'packages/server/test/conformance/client-view.ts typescript/no-explicit-any',
  // Takes control characters out, and so has to name them.
  'packages/server/src/models/dialects/failures.ts no-control-regex',
];

test('the exceptions from lint are those that were agreed on', () => {
  const comments = sources.flatMap((file) =>
    [...read(file).matchAll(/(?:oxlint|eslint)-disable\S*\s+(\S+)/g)].map(([, rule]) => `${file} ${rule ?? ''}`),
  );
  assert.deepEqual(
    comments.filter((comment) => !exceptionsSoFar.includes(comment) && !comment.includes('repository/sources.test.ts')),
    [],
  );
});

test('the configuration of lint excepts the one place of each thing, and tests, fixtures and programs for people, and no more', () => {
  const config = JSON.parse(read('.oxlintrc.json').replaceAll(/^\s*\/\/.*$/gm, '')) as { overrides: { files: string[] }[] };
  assert.deepEqual(
    config.overrides.map(({ files }) => files),
    [
      [
        'packages/server/src/core/env.ts',
        'packages/server/src/core/clock.ts',
        'packages/server/src/cli/**',
        'packages/client/src/clock.ts',
        'packages/control-ui/src/clock.ts',
      ],
      [
        '**/*.test.ts',
        '**/*.suite.ts',
        '**/*.fixture.ts',
        'packages/*/test/**',
        'packages/*/bin/**',
        'scripts/**',
        'bench/**',
        'examples/**',
      ],
    ],
  );
});

test('only core/clock.ts reads the time by `new Date()`', () => {
  const program = sources.filter((file) => file.includes('/src/') && !/\.(test|suite|fixture)\.ts$/.test(file));
  const readers = program.filter((file) => /new Date\(\)|[^.\w]Date\(\)/.test(read(file)));
  assert.deepEqual(
    readers.filter((file) => file !== 'packages/server/src/core/clock.ts'),
    [],
  );
});

test('no source is named after nothing in particular', () => {
  assert.deepEqual(
    sources.filter((file) => /\/(utils?|helpers?|common|misc|shared)(\/|\.ts$)/.test(file)),
    [],
  );
});

test('what the pages link to exists', () => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, target = '']) => ({ page, target })),
  );
  assert.ok(links.length > 20);
  const dead = links.filter(({ page, target }) => !existsSync(join(root, page, '..', target)));
  assert.deepEqual(dead, []);
});

test('docs/errors.md has every error of the catalogue and no other', () => {
  const documented = [...read('docs/errors.md').matchAll(/^(?:\| |- )`(\w+)`/gm)].map(([, code = '']) => code);
  assert.deepEqual(documented.sort(), Object.keys(errorCatalogue).sort());
});

test('the pages that are made from code are what the code says', () => {
  const { code, output } = runCommand(['node', 'scripts/gen-docs.ts', '--check'], { cwd: root });
  assert.equal(code, 0, output);
});

test('a comment that names a file names one that exists, from where it stands', () => {
  const named = sources.flatMap((file) =>
    [...read(file).matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap(([comment]) =>
      [...comment.matchAll(/`((?:\.\.\/)*\w[\w./-]*\.ts)`/g)].map(([, name = '']) => ({ file, name })),
    ),
  );
  assert.ok(named.length > 100);
  const missing = named.filter(
    ({ file, name }) => ![dirname(file), 'packages/server/src', ''].some((base) => existsSync(join(root, base, name))),
  );
  assert.deepEqual(missing, []);
});
