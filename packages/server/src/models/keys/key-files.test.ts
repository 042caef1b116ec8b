import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { SecretFile } from '../../config/index.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { followKeyFiles } from './key-files.ts';
import { holdKeys } from './provider-keys.ts';

function setup(t: TestContext, fileIn: (folder: string) => SecretFile) {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-keys-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const clock = createFakeClock();
  const lines: string[] = [];
  const learnt: string[] = [];
  const log = createLog({ clock, format: 'json', destinations: [{ write: (line) => void lines.push(line) }] });
  const { keys, followed } = holdKeys([{ secret: 'old-key', source: 'a file', file: fileIn(folder) }], {
    ...{ provider: 'acme', credential: 'bearer', fixed: { 'x-fixed': '1' } },
  });
  const files = followKeyFiles({ clock, log, onRotated: (_, secret) => void learnt.push(secret) });
  files.follow(followed);
  t.after(() => files.close());
  return {
    ...{ folder, clock, files, followed, lines, learnt },
    write: (name: string, text: string) => writeFileSync(join(folder, name), text),
    authorization: () => keys[0]?.headers['authorization'],
    headers: () => keys[0]?.headers,
    async lookTwice() {
      await files.look();
      await files.look();
    },
  };
}

test('a key whose file changes is sent from then on, beside the headers that stay', async (t) => {
  const { write, headers, lookTwice, learnt, lines } = setup(t, (folder) => ({ file: join(folder, 'key') }));
  write('key', 'new-key\n');
  await lookTwice();
  assert.deepEqual(headers(), { authorization: 'Bearer new-key', 'x-fixed': '1' });
  assert.deepEqual(learnt, ['new-key'], 'the log must learn what to take out');
  assert.equal(lines.length, 1);
  assert.doesNotMatch(lines[0] ?? '', /new-key|old-key/);
});

test('a value that is read only once is not taken: the file may be half written', async (t) => {
  const { write, files, authorization } = setup(t, (folder) => ({ file: join(folder, 'key') }));
  write('key', 'new-');
  await files.look();
  write('key', 'new-key');
  await files.look();
  assert.equal(authorization(), 'Bearer old-key');
  await files.look();
  assert.equal(authorization(), 'Bearer new-key');
});

test('a file that is renamed into place, and the links that Kubernetes swaps, are followed', async (t) => {
  const { folder, write, authorization, lookTwice } = setup(t, (root) => ({ file: join(root, 'key') }));
  mkdirSync(join(folder, '..1'));
  mkdirSync(join(folder, '..2'));
  write('..1/key', 'old-key');
  write('..2/key', 'second-key');
  symlinkSync('..1', join(folder, '..data'));
  symlinkSync('..data/key', join(folder, 'key'));
  await lookTwice();
  assert.equal(authorization(), 'Bearer old-key');
  symlinkSync('..2', join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  await lookTwice();
  assert.equal(authorization(), 'Bearer second-key');
  write('next', 'third-key');
  renameSync(join(folder, 'next'), join(folder, 'key'));
  await lookTwice();
  assert.equal(authorization(), 'Bearer third-key');
});

test('a file that is gone, empty or no key changes nothing, and is said once each', async (t) => {
  const { write, authorization, lookTwice, lines } = setup(t, (folder) => ({ file: join(folder, 'key') }));
  await lookTwice();
  assert.match(lines[0] ?? '', /ENOENT/);
  write('key', '\n');
  await lookTwice();
  assert.match(lines[1] ?? '', /there is no key in it/);
  write('key', 'two words');
  await lookTwice();
  assert.match(lines[2] ?? '', /cannot be sent/);
  assert.equal(lines.length, 3);
  assert.equal(authorization(), 'Bearer old-key');
});

test('of a .env file only the variable counts', async (t) => {
  const { write, authorization, lookTwice, lines } = setup(t, (folder) => ({ file: join(folder, '.env'), fileVariable: 'KEY' }));
  write('.env', 'OTHER=1\nKEY="old-key"\n');
  await lookTwice();
  assert.equal(lines.length, 0);
  write('.env', 'OTHER=2\nKEY="new-key"\n');
  await lookTwice();
  assert.equal(authorization(), 'Bearer new-key');
});

test('it looks by itself every few seconds until it is closed', (t) => {
  const { clock, files } = setup(t, (folder) => ({ file: join(folder, 'key') }));
  assert.equal(clock.pendingTimers, 1);
  files.close();
  assert.equal(clock.pendingTimers, 0);
});

test('when others are followed, what has been seen of those that stay goes on, and nothing is read of those that do not', async (t) => {
  const { write, files, authorization, followed, clock, learnt } = setup(t, (folder) => ({ file: join(folder, 'key') }));
  write('key', 'new-key');
  await files.look();
  files.follow(followed);
  await files.look();
  assert.equal(authorization(), 'Bearer new-key', 'the second look');
  files.follow([]);
  assert.equal(clock.pendingTimers, 0);
  write('key', 'newer-key');
  await files.look();
  await files.look();
  assert.deepEqual([authorization(), learnt], ['Bearer new-key', ['new-key']]);
});
