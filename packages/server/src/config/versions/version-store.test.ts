import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { createFolder } from '../folder.fixture.ts';
import { createVersionStore, hashOf, versionDirectory, type StoredVersion } from './version-store.ts';

const version = (text: string): Omit<StoredVersion, 'version'> => ({
  at: '2026-01-01T00:00:00.000Z',
  by: 'test',
  hash: hashOf(text),
  changed: [],
  files: [{ path: 'openclaw.json', hash: hashOf(text), text }],
});

test('versions are numbered from 1, the same text again is the same version, and an earlier text is a new one', (t) => {
  const store = createVersionStore(createFolder(t).path);
  assert.deepEqual(
    ['a', 'a', 'b', 'a'].map((text) => store.append(version(text)).version),
    [1, 1, 2, 3],
  );
  assert.deepEqual(
    store.list().map(({ version: number }) => store.get(number)?.files[0]?.text),
    ['a', 'b', 'a'],
  );
});

test('the newest two hundred are kept, and numbers go on', (t) => {
  const folder = createFolder(t);
  const store = createVersionStore(folder.path);
  for (let count = 1; count <= 205; count++) store.append(version(String(count)));
  const versions = store.list().map(({ version: number }) => number);
  assert.deepEqual([versions.length, versions[0], versions.at(-1)], [200, 6, 205]);
  assert.equal(readdirSync(versionDirectory(folder.path)).length, 200);
  assert.equal(createVersionStore(folder.path).get(5), undefined);
});

test('what cannot be read is passed over, and its number is not given again', (t) => {
  const folder = createFolder(t);
  const store = createVersionStore(folder.path);
  store.append(version('a'));
  const half = join(versionDirectory(folder.path), '000002.json');
  writeFileSync(half, '{ "version": 2, ');
  writeFileSync(join(versionDirectory(folder.path), '000003.json'), '{ "version": 7 }');
  const again = createVersionStore(folder.path);
  assert.deepEqual([again.newest()?.version, again.list().length], [1, 1]);
  assert.equal(again.append(version('b')).version, 4);
  assert.equal(readFileSync(half, 'utf8'), '{ "version": 2, ');
});

test('many processes that add at the same time lose no version and overwrite none', async (t) => {
  const folder = createFolder(t);
  const program = `
    const { createVersionStore, hashOf } = await import(${JSON.stringify(join(import.meta.dirname, 'version-store.ts'))});
    const store = createVersionStore(${JSON.stringify(folder.path)});
    for (let count = 0; count < 10; count++) {
      const text = process.argv[1] + count;
      store.append({ at: '', by: process.argv[1], hash: hashOf(text), changed: [], files: [{ path: 'f', hash: hashOf(text), text }] });
    }`;
  const writers = ['a', 'b', 'c'].map((name) =>
    spawn(process.execPath, ['--input-type=module', '-e', program, name], { stdio: 'inherit' }),
  );
  const codes = await Promise.all(writers.map((writer) => new Promise((resolve) => writer.on('exit', resolve))));
  assert.deepEqual(codes, [0, 0, 0]);
  const versions = createVersionStore(folder.path).list();
  assert.deepEqual(
    versions.map(({ version: number }) => number),
    Array.from({ length: 30 }, (_, index) => index + 1),
  );
  assert.equal(new Set(versions.map(({ hash }) => hash)).size, 30);
});

test(
  'what root adds beside a gateway of another user is that user’s',
  { skip: process.getuid?.() === 0 ? false : 'only root can' },
  (t) => {
    const folder = createFolder(t);
    mkdirSync(join(folder.path, 'home'));
    chownSync(join(folder.path, 'home'), 65_534, 65_534);
    createVersionStore(join(folder.path, 'home')).append(version('a'));
    const directory = versionDirectory(join(folder.path, 'home'));
    for (const path of [join(folder.path, 'home', 'state'), directory, join(directory, '000001.json')])
      assert.equal(statSync(path).uid, 65_534, path);
  },
);
