import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import {
  abandonReplacement,
  commitReplacement,
  contentOf,
  decideReplacement,
  finishReplacement,
  isReplacementPending,
  prepareReplacement,
} from './replacement.ts';

interface Directory extends Disposable {
  readonly path: string;
  read(name: string): string | undefined;
}

/** With old content of two names, what belongs to the place, and new content prepared that shares one of the names. */
function setUp(): Directory {
  const path = mkdtempSync(join(tmpdir(), 'openclaw-replacement-'));
  mkdirSync(join(path, 'state'));
  mkdirSync(join(path, 'logs'));
  for (const name of ['state/old', 'gone', 'lock.db', 'logs/log']) writeFileSync(join(path, name), `old ${name}`);
  const prepared = prepareReplacement(path);
  mkdirSync(join(prepared, 'state'));
  for (const name of ['state/new', 'came']) writeFileSync(join(prepared, name), `new ${name}`);
  return {
    path,
    read: (name) => (existsSync(join(path, name)) ? readFileSync(join(path, name), 'utf8') : undefined),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

function assertReplaced({ path, read }: Directory): void {
  assert.deepEqual(readdirSync(path).sort(), ['came', 'lock.db', 'logs', 'replaced-then', 'state']);
  assert.deepEqual(readdirSync(join(path, 'state')), ['new']);
  assert.deepEqual(readdirSync(join(path, 'replaced-then')).sort(), ['gone', 'state']);
  assert.equal(read('replaced-then/state/old'), 'old state/old');
  assert.equal(read('lock.db'), 'old lock.db');
}

test('the prepared content takes the place of the old, which is kept beside; what belongs to the place stays', () => {
  using directory = setUp();
  assert.deepEqual(contentOf(directory.path), ['gone', 'state']);
  assert.equal(commitReplacement(directory.path, 'then'), join(directory.path, 'replaced-then'));
  assertReplaced(directory);
  assert.equal(isReplacementPending(directory.path), false);
});

test('before it is decided nothing has happened, and an abandoned attempt leaves nothing', () => {
  using directory = setUp();
  assert.equal(directory.read('state/old'), 'old state/old');
  finishReplacement(directory.path);
  assert.equal(directory.read('state/old'), 'old state/old');
  abandonReplacement(directory.path);
  assert.deepEqual(readdirSync(directory.path).sort(), ['gone', 'lock.db', 'logs', 'state']);
});

test('cut off behind any of its renames, whoever comes next carries it to the same end', () => {
  const renames: readonly (readonly [from: string, to: string])[] = [
    ['gone', 'replaced-then/gone'],
    ['state', 'replaced-then/state'],
    ['.restoring/new/came', 'came'],
    ['.restoring/new/state', 'state'],
  ];
  for (let made = 0; made <= renames.length; made += 1) {
    using directory = setUp();
    decideReplacement(directory.path, 'then');
    if (made > 0) mkdirSync(join(directory.path, 'replaced-then'));
    for (const [from, to] of renames.slice(0, made)) renameSync(join(directory.path, from), join(directory.path, to));
    // Not even another attempt that ends badly takes it back.
    abandonReplacement(directory.path);
    finishReplacement(directory.path);
    assertReplaced(directory);
  }
});

test('into an empty directory nothing is kept, also where an empty directory of the same name lies', () => {
  const path = mkdtempSync(join(tmpdir(), 'openclaw-replacement-'));
  mkdirSync(join(path, 'state'));
  const prepared = prepareReplacement(path);
  mkdirSync(join(prepared, 'state'));
  writeFileSync(join(prepared, 'state', 'new'), '');
  assert.equal(commitReplacement(path, 'then'), undefined);
  assert.deepEqual(readdirSync(path, { recursive: true, encoding: 'utf8' }).sort(), ['state', 'state/new']);
  rmSync(path, { recursive: true });
});

test('something that is a mount of its own is refused before anything is prepared', () => {
  const path = mkdtempSync(join(tmpdir(), 'openclaw-replacement-'));
  writeFileSync(join(path, 'openclaw.json'), '{}');
  const mountInfo = `36 35 98:0 / / rw - ext4 /dev/root rw\n37 36 98:0 /conf ${path}/openclaw.json rw - ext4 /dev/root rw\n`;
  const facts = { typeOf: () => 0, mountInfo: () => mountInfo, localDirectory: tmpdir() };
  assert.throws(
    () => prepareReplacement(path, facts),
    (thrown) => thrown instanceof OpenClawError && thrown.code === 'command_refused' && /openclaw\.json is a mount/.test(thrown.message),
  );
  assert.deepEqual(readdirSync(path), ['openclaw.json']);
  rmSync(path, { recursive: true });
});
