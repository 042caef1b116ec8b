import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readFirstEntry } from './first-entry.ts';

const root = mkdtempSync(join(tmpdir(), 'openclaw-entry-'));
after(() => rmSync(root, { recursive: true }));
const script = '#!/bin/sh\r\nexec sleep 1\n';
const long = `${'a-long-name-'.repeat(12)}.sh`;
writeFileSync(join(root, 'start.sh'), script);
chmodSync(join(root, 'start.sh'), 0o750);
writeFileSync(join(root, long), script);
writeFileSync(join(root, 'large'), Buffer.alloc(2 ** 20, 'x'));
mkdirSync(join(root, 'empty'));
mkdirSync(join(root, 'full'));
writeFileSync(join(root, 'full', 'first.txt'), 'content');
symlinkSync('/bin/busybox', join(root, 'link'));

async function* pieces(name: string, bytes: number, taken: { bytes: number }): AsyncGenerator<Buffer> {
  const archive = execFileSync('tar', ['-C', root, '--format=gnu', '-cf', '-', name], { maxBuffer: 2 ** 22 });
  for (let start = 0; start < archive.length; start += bytes) {
    taken.bytes += bytes;
    yield archive.subarray(start, start + bytes);
  }
}

const read = (name: string, bytes = 512, taken = { bytes: 0 }) => readFirstEntry(pieces(name, bytes, taken));

test('a file comes with its mode, its size and how it begins, however the archive is cut', async () => {
  for (const bytes of [7, 512, 100_000]) {
    const entry = await read('start.sh', bytes);
    assert.deepEqual({ kind: entry?.kind, mode: entry?.mode, size: entry?.sizeBytes }, { kind: 'file', mode: 0o750, size: script.length });
    assert.equal(Buffer.from(entry?.head ?? '', 'base64').toString(), script);
  }
});

test('a name that is too long for its place is passed over to the file that it is of', async () => {
  assert.equal(Buffer.from((await read(long))?.head ?? '', 'base64').toString(), script);
});

test('an empty folder is told from one in which something lies', async () => {
  assert.deepEqual([(await read('empty'))?.firstName, (await read('full'))?.firstName], ['', 'full/first.txt']);
});

test('a link says where it leads', async () => {
  const entry = await read('link');
  assert.deepEqual([entry?.kind, entry?.name], ['link', '/bin/busybox']);
});

test('of a large file no more is read than its beginning', async () => {
  const taken = { bytes: 0 };
  const entry = await read('large', 4096, taken);
  assert.equal(entry?.sizeBytes, 2 ** 20);
  assert.ok(taken.bytes <= 16_384, String(taken.bytes));
});

test('nothing at all is nothing', async () => {
  assert.equal(await readFirstEntry((async function* none() {})()), undefined);
});
