/** `npm ci` builds the page by itself, quickly and small, and does not fail where it cannot. */
import assert from 'node:assert/strict';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createWorkingCopy, root, runCommand } from './working-copy.ts';

const script = 'scripts/build-control-ui.js';

test('npm runs it after every installation', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  assert.equal(scripts['prepare'], `node ${script}`);
});

test('a clone gets a page whose files carry their content in their names, and no inline script or style', () => {
  using copy = createWorkingCopy();
  const { code, output } = copy.run('node', script);
  assert.equal(code, 0, output);
  const dist = join(copy.path, 'packages/control-ui/dist');
  const page = readFileSync(join(dist, 'index.html'), 'utf8');
  assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/i);
  assert.doesNotMatch(page, /https?:\/\//);
  for (const file of globSync('assets/*', { cwd: dist })) assert.match(file, /-[\w-]{8,}\.(js|css|svg)$/);
});

test('where vite is not installed it says so, and the installation goes on', () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-without-vite-'));
  try {
    cpSync(join(root, script), join(directory, script));
    const { code, stdout } = runCommand(['node', script], { cwd: directory });
    assert.equal(code, 0);
    assert.match(stdout, /not built, because vite is not installed/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
