import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import fc from 'fast-check';

import { unifiedDiff } from './unified-diff.ts';

test('equal texts have no difference', () => {
  assert.equal(unifiedDiff('a\n', 'a\n', { from: 'a', to: 'b' }), '');
});

test('changes that are far apart are hunks of their own, with their lines', () => {
  const before = Array.from({ length: 20 }, (_, index) => `line ${index + 1}\n`).join('');
  const after = before.replace('line 2\n', 'second\n').replace('line 19\n', '');
  const hunks = unifiedDiff(before, after, { from: 'a', to: 'b' })
    .split('\n')
    .filter((line) => line.startsWith('@@'));
  assert.deepEqual(hunks, ['@@ -1,5 +1,5 @@', '@@ -16,5 +16,4 @@']);
});

test('a text that came or went is all new or all gone', () => {
  assert.equal(unifiedDiff('', 'x\ny\n', { from: 'a', to: 'b' }), '--- a\n+++ b\n@@ -0,0 +1,2 @@\n+x\n+y\n');
  assert.equal(unifiedDiff('x\n', '', { from: 'a', to: 'b' }), '--- a\n+++ b\n@@ -1 +0,0 @@\n-x\n');
});

test('patch makes the one text of the other with it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-diff-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'file');
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', 'dd', '  e'), { minLength: 1, maxLength: 30 })
    .map((lines) => `${lines.join('\n')}\n`);
  fc.assert(
    fc.property(text, text, (before, after) => {
      writeFileSync(file, before);
      const diff = unifiedDiff(before, after, { from: 'file', to: 'file' });
      if (diff !== '')
        execFileSync('git', ['apply', '--unidiff-zero', '-'], {
          cwd: folder,
          input: diff.replace('--- file', '--- a/file').replace('+++ file', '+++ b/file'),
        });
      assert.equal(readFileSync(file, 'utf8'), after);
    }),
    { numRuns: 25 },
  );
});
