import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '../../../core/fake-clock.ts';
import { createRotatingFile, type RotatingFile } from '../../../core/rotating-file.ts';
import { tailLog, type Tail } from './log-tail.ts';

interface Scene extends AsyncDisposable {
  readonly path: string;
  readonly log: RotatingFile;
  write(...lines: readonly string[]): Promise<void>;
  tail(question?: { readonly cursor?: number; readonly limit?: number; readonly maxBytes?: number }): Promise<Tail>;
}

function openScene(maxFileBytes = 1000): Scene {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-tail-'));
  const path = join(directory, 'gateway.log');
  const log = createRotatingFile({ path, clock: createFakeClock(), maxFileBytes });
  return {
    path,
    log,
    async write(...lines) {
      for (const line of lines) log.write(`${line}\n`);
      await log.flush();
    },
    tail: (question = {}) => tailLog(path, { limit: 100, maxBytes: 10_000, ...question }),
    async [Symbol.asyncDispose]() {
      await log.close();
      rmSync(directory, { recursive: true });
    },
  };
}

test('a log without a file is empty, and has lines once it has one', async () => {
  await using scene = openScene();
  const first = await scene.tail();
  assert.deepEqual(first, { file: scene.path, cursor: 0, size: 0, lines: [], truncated: false, reset: false });
  await scene.write('one');
  const second = await scene.tail({ cursor: first.cursor });
  assert.deepEqual([second.lines, second.reset], [['one'], false]);
});

test('the last lines come first, and then what has come since', async () => {
  await using scene = openScene();
  await scene.write('one', 'two', 'thrée');
  const first = await scene.tail({ limit: 2 });
  assert.deepEqual([first.lines, first.truncated, first.size], [['two', 'thrée'], true, 15]);
  assert.deepEqual((await scene.tail({ cursor: first.cursor })).lines, []);
  await scene.write('four', 'five', 'six');
  const second = await scene.tail({ cursor: first.cursor, limit: 2 });
  assert.deepEqual([second.lines, second.truncated], [['four', 'five'], false]);
  const third = await scene.tail({ cursor: second.cursor, limit: 2 });
  assert.deepEqual(third.lines, ['six']);
});

test('a piece is bounded in bytes, and never begins or ends in the middle of a line', async () => {
  await using scene = openScene();
  await scene.write('a'.repeat(20), 'b'.repeat(20), 'c'.repeat(20));
  const end = await scene.tail({ maxBytes: 50 });
  assert.deepEqual([end.lines, end.truncated], [['b'.repeat(20), 'c'.repeat(20)], true]);
  appendFileSync(scene.path, 'half a li');
  const half = await scene.tail({ cursor: end.cursor });
  assert.deepEqual([half.lines, half.cursor], [[], end.cursor]);
  appendFileSync(scene.path, 'ne\nlonger than what is asked for\n');
  const one = await scene.tail({ cursor: half.cursor, maxBytes: 15 });
  assert.deepEqual(one.lines, ['half a line']);
  const passed = await scene.tail({ cursor: one.cursor, maxBytes: 15 });
  assert.deepEqual([passed.lines, passed.truncated], [[], true]);
});

test('after a rotation the rest of the old file comes before the new one, and no line twice', async () => {
  await using scene = openScene(60);
  const lines = Array.from({ length: 5 }, (_, index) => `line ${index} `.padEnd(19, '.'));
  await scene.write(...lines.slice(0, 2));
  const first = await scene.tail();
  await scene.write(lines[2]!);
  await scene.write(...lines.slice(3));
  const seen = [...first.lines];
  let { cursor } = first;
  for (let asked = 0; asked < 5; asked += 1) {
    const next = await scene.tail({ cursor, limit: 1 });
    assert.equal(next.reset, false);
    seen.push(...next.lines);
    ({ cursor } = next);
  }
  assert.deepEqual(seen, lines);
});

test('where the place is gone, it goes on at the beginning of the file and says so', async () => {
  await using scene = openScene(60);
  await scene.write('an old line that is long enough');
  const { cursor } = await scene.tail();
  for (let round = 0; round < 4; round += 1) await scene.write(`line ${round} `.padEnd(40, '.'));
  const next = await scene.tail({ cursor });
  assert.equal(next.reset, true);
  assert.match(next.lines[0] ?? '', /^line 3/);
  truncateSync(scene.path, 0);
  assert.deepEqual((({ reset, lines }) => [reset, lines])(await scene.tail({ cursor: next.cursor })), [true, []]);
  assert.equal((await scene.tail({ cursor: Number.MAX_SAFE_INTEGER })).reset, true);
});
