import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { createRotatingFile, type RotatingFile, type RotatingFileOptions } from './rotating-file.ts';

interface Setup {
  readonly directory: string;
  readonly path: string;
  readonly clock: FakeClock;
  readonly file: RotatingFile;
}

function setup(t: TestContext, options: Partial<RotatingFileOptions> = {}): Setup {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-log-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'logs', 'gateway.log');
  const clock = createFakeClock();
  const file = createRotatingFile({ path, clock, ...options });
  t.after(() => file.close());
  return { directory, path, clock, file };
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);

test('lines arrive in order, in a file that only its owner may read', async (t) => {
  const { path, file } = setup(t);
  assert.equal(existsSync(path), false);
  for (let index = 0; index < 100; index += 1) file.write(`line ${index}\n`);
  await file.flush();
  file.write('line 100\n');
  await file.flush();
  assert.deepEqual(
    linesOf(path),
    Array.from({ length: 101 }, (_, index) => `line ${index}`),
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
});

test('a line is written without being asked for, after the delay', async (t) => {
  const { path, clock, file } = setup(t, { delayMs: 100 });
  file.write('a\n');
  clock.advance(99);
  assert.equal(clock.pendingTimers, 1);
  clock.advance(1);
  assert.equal(clock.pendingTimers, 0);
  await file.flush();
  assert.deepEqual(linesOf(path), ['a']);
});

test('no file grows beyond the limit, no line is lost before its file is deleted, and the number of files is bounded', async (t) => {
  const { path, file } = setup(t, { maxFileBytes: 100, maxFiles: 4 });
  for (let index = 0; index < 200; index += 1) {
    file.write(`line ${index}\n`);
    if (index % 7 === 0) await file.flush();
  }
  await file.flush();
  const names = readdirSync(join(path, '..')).sort();
  assert.deepEqual(names, ['gateway.log', 'gateway.log.1', 'gateway.log.2', 'gateway.log.3']);
  for (const name of names) {
    assert.ok(statSync(join(path, '..', name)).size <= 100);
    assert.equal(statSync(join(path, '..', name)).mode & 0o777, 0o600);
  }
  const kept = [`${path}.3`, `${path}.2`, `${path}.1`, path].flatMap(linesOf);
  assert.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, index) => `line ${200 - kept.length + index}`),
  );
  assert.equal(file.lostLines, 0);
});

test('a line longer than a file gets a file of its own', async (t) => {
  const { path, file } = setup(t, { maxFileBytes: 10 });
  file.write('short\n');
  file.write(`${'x'.repeat(50)}\n`);
  file.write('after\n');
  await file.flush();
  assert.deepEqual([linesOf(`${path}.2`), linesOf(`${path}.1`), linesOf(path)], [['short'], ['x'.repeat(50)], ['after']]);
});

test('a file that is too old is closed, also one from an earlier life', async (t) => {
  const { path, clock, file } = setup(t, { maxAgeMs: 1000 });
  file.write('first\n');
  await file.flush();
  clock.advance(999);
  file.write('second\n');
  await file.flush();
  clock.advance(1);
  file.write('third\n');
  await file.flush();
  assert.deepEqual([linesOf(`${path}.1`), linesOf(path)], [['first', 'second'], ['third']]);
  await file.close();

  const later = createRotatingFile({ path, clock: createFakeClock({ nowMs: statSync(path).birthtimeMs + 1000 }), maxAgeMs: 1000 });
  later.write('fourth\n');
  await later.close();
  assert.deepEqual(linesOf(path), ['fourth']);
});

test('with one file alone the old one is deleted', async (t) => {
  const { path, file } = setup(t, { maxFileBytes: 10, maxFiles: 1 });
  for (const line of ['one\n', 'two\n', 'three\n']) file.write(line);
  await file.flush();
  assert.deepEqual(readdirSync(join(path, '..')), ['gateway.log']);
  assert.deepEqual(linesOf(path), ['three']);
});

test('an existing file is continued, files beyond a lowered limit go, and a mode too wide is mended', async (t) => {
  const { path, file } = setup(t, { maxFileBytes: 12, maxFiles: 2 });
  mkdirSync(join(path, '..'));
  writeFileSync(path, 'old\n');
  chmodSync(path, 0o644);
  for (const number of [1, 2, 7]) writeFileSync(`${path}.${number}`, 'older\n');
  writeFileSync(`${path}.note`, 'not ours\n');
  file.write('new\n');
  await file.flush();
  assert.deepEqual(linesOf(path), ['old', 'new']);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  file.write('newest\n');
  await file.flush();
  assert.deepEqual(readdirSync(join(path, '..')).sort(), ['gateway.log', 'gateway.log.1', 'gateway.log.note']);
  assert.deepEqual([linesOf(`${path}.1`), linesOf(path)], [['old', 'new'], ['newest']]);
});

test(
  'a full disk loses lines, counts them, and writing goes on when there is room again',
  { skip: !existsSync('/dev/full') },
  async (t) => {
    const { path, file } = setup(t);
    mkdirSync(join(path, '..'));
    symlinkSync('/dev/full', path);
    file.write('lost\n');
    file.write('lost too\n');
    await file.flush();
    assert.equal(file.lostLines, 2);
    assert.match(file.failure ?? '', /ENOSPC/);
    unlinkSync(path);
    file.write('kept\n');
    await file.flush();
    assert.equal(file.failure, undefined);
    assert.equal(file.lostLines, 2);
    assert.deepEqual(
      linesOf(path).filter((line) => line !== ''),
      ['kept'],
    );
  },
);

test('lines wait for a directory that is not there yet, up to the bound of the buffer', async (t) => {
  const { directory, path, file } = setup(t, { bufferBytes: 30 });
  writeFileSync(join(directory, 'logs'), 'in the way');
  for (let index = 0; index < 10; index += 1) file.write(`line ${index}\n`);
  await file.flush();
  assert.equal(file.lostLines, 6);
  assert.match(file.failure ?? '', /EEXIST|ENOTDIR/);
  unlinkSync(join(directory, 'logs'));
  await file.flush();
  assert.deepEqual(linesOf(path), ['line 0', 'line 1', 'line 2', 'line 3']);
});

test('a dying process writes what is left at once', async (t) => {
  const { path, file } = setup(t);
  file.write('before\n');
  await file.flush();
  file.write('last words\n');
  file.flushNow();
  assert.deepEqual(linesOf(path), ['before', 'last words']);
});

test('a process that dies before its first write still leaves its lines', (t) => {
  const { path, file } = setup(t);
  file.write('the cause\n');
  file.flushNow();
  assert.deepEqual(linesOf(path), ['the cause']);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('lines after the end are counted as lost', async (t) => {
  const { path, file } = setup(t);
  file.write('kept\n');
  await file.close();
  file.write('late\n');
  assert.deepEqual(linesOf(path), ['kept']);
  assert.equal(file.lostLines, 1);
});
