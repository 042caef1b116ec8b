import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { prepareStateDirectory } from './state-directory.ts';

const newDirectory = (): string => mkdtempSync(join(tmpdir(), 'openclaw-state-'));
const isRoot = process.getuid?.() === 0;

function isUnwritable(thrown: unknown, reason: RegExp, hint: RegExp): boolean {
  assert.ok(thrown instanceof OpenClawError);
  assert.equal(thrown.code, 'state_unwritable');
  assert.match(thrown.message, reason);
  assert.match(thrown.hint, hint);
  return true;
}

test('a directory of ours that others could enter is closed to them', () => {
  const directory = newDirectory();
  chmodSync(directory, 0o755);
  prepareStateDirectory(directory);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(statSync(join(directory, 'state')).mode & 0o777, 0o700);
  rmSync(directory, { recursive: true });
});

test('a file in the way is named as such', () => {
  const directory = newDirectory();
  const path = join(directory, 'file');
  writeFileSync(path, '');
  for (const wanted of [path, join(path, 'below')]) {
    assert.throws(
      () => prepareStateDirectory(wanted),
      (thrown) => isUnwritable(thrown, /cannot be written/, /is a file and not a directory/),
    );
  }
  rmSync(directory, { recursive: true });
});

test(
  'a directory of somebody else names the command that hands it over',
  { skip: isRoot ? false : 'only root can become somebody else' },
  () => {
    const directory = newDirectory();
    chmodSync(directory, 0o755);
    const below = join(directory, 'volume');
    mkdirSync(below, { mode: 0o755 });
    const program = `const { prepareStateDirectory } = await import(${JSON.stringify(new URL('./state-directory.ts', import.meta.url).href)});
    process.setgroups([]); process.setgid(12345); process.setuid(12345);
    for (const path of ${JSON.stringify([below, join(below, 'new')])}) {
      try { prepareStateDirectory(path); } catch (thrown) { process.stdout.write(thrown.code + ' ' + thrown.hint + '\\n'); }
    }`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    const expected = `state_unwritable It belongs to user 0 and this runs as user 12345. Run: sudo chown -R 12345:12345 ${below} (or name another directory with OPENCLAW_STATE_DIR).`;
    assert.equal(stdout, `${expected}\n${expected}\n`);
    rmSync(directory, { recursive: true });
  },
);

test('a read-only volume is named as such', (context) => {
  const directory = newDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    rmSync(directory, { recursive: true });
    context.skip('needs the right to mount a tmpfs');
    return;
  }
  try {
    for (const state of [directory, join(directory, 'not/there/yet')]) {
      assert.throws(
        () => prepareStateDirectory(state),
        (thrown) => isUnwritable(thrown, /EROFS/, /Mount the volume writable/),
      );
    }
  } finally {
    execFileSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true });
  }
});
