/** Reading output back, whatever the segments, the pieces and the times are. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { OutputLine, OutputOptions } from '../driver.ts';
import { messageOf } from './message.ts';
import { readOutput } from './read-output.ts';
import { readTimes, SpoolTimes } from './spool.ts';

const root = mkdtempSync(join(tmpdir(), 'openclaw-spool-'));
after(() => rmSync(root, { recursive: true, force: true }));
const place = (): string => mkdtempSync(join(root, 'unit-'));

async function read(directory: string, options: Partial<OutputOptions> = {}): Promise<readonly OutputLine[]> {
  const lines: OutputLine[] = [];
  const source = { directory, nextChange: () => Promise.resolve(), isOver: () => true };
  for await (const line of readOutput(source, { follow: false, signal: new AbortController().signal, ...options })) lines.push(line);
  return lines;
}

const texts = (lines: readonly OutputLine[]): readonly string[] => lines.map(({ text }) => text);
/** Long lines are told apart without being shown. */
const brief = (lines: readonly string[]): readonly string[] =>
  lines.map((text) => (text.length > 100 ? `${text.slice(0, 10)}… ${text.length}` : text));

/** Some are longer than the piece that is read at once, and than a line may be. */
const line = fc.oneof(
  { weight: 20, arbitrary: fc.string({ maxLength: 80 }) },
  { weight: 1, arbitrary: fc.integer({ min: 15_000, max: 70_000 }).map((length) => 'y'.repeat(length)) },
);
const wholeLines = fc.array(
  line.map((text) => text.replaceAll(/[\r\n]/g, '')),
  { maxLength: 40 },
);

test('however output is cut into segments, it reads back as it was written, and its end is its end', async () => {
  await fc.assert(
    fc.asyncProperty(wholeLines, fc.array(fc.nat(2000), { maxLength: 8 }), fc.nat(50), async (lines, cuts, tailLines) => {
      const directory = place();
      const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
      let at = 0;
      for (const [number, size] of [...cuts, bytes.length].entries()) {
        writeFileSync(join(directory, `stdout.${number}`), bytes.subarray(at, at + size));
        at += size;
      }
      const pieces = brief(lines.flatMap((each) => piecesOf(each)));
      assert.deepEqual(brief(texts(await read(directory))), pieces);
      assert.deepEqual(brief(texts(await read(directory, { follow: true }))), pieces);
      assert.deepEqual(brief(texts(await read(directory, { tailLines }))), tailLines === 0 ? [] : pieces.slice(-tailLines));
      rmSync(directory, { recursive: true });
    }),
    { numRuns: 60 },
  );
});

function piecesOf(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const limit = 16 * 1024;
  if (bytes.length <= limit) return [text];
  return Array.from({ length: Math.ceil(bytes.length / limit) }, (_, index) => bytes.toString('utf8', index * limit, (index + 1) * limit));
}

test('each line has the time at which its end was noted; what was never noted has the time of its segment', async () => {
  const directory = place();
  const path = join(directory, 'stdout.0');
  const write = (text: string, seconds: number): void => {
    appendFileSync(path, text);
    utimesSync(path, seconds, seconds);
  };
  const times = new SpoolTimes(directory);
  write('one\ntw', 100);
  await times.note(500_000);
  assert.equal(await times.note(500_001), false);
  write('o\nthree\n', 200);
  assert.equal(await times.note(500_002), true);
  write('unseen\n', 300);
  assert.deepEqual(
    (await read(directory)).map(({ atMs, text }) => [atMs, text]),
    [
      [100_000, 'one'],
      [200_000, 'two'],
      [200_000, 'three'],
      [300_000, 'unseen'],
    ],
  );
});

test('whoever comes next goes on noting where the one before has stopped', async () => {
  const directory = place();
  const path = join(directory, 'stderr.0');
  writeFileSync(path, 'before\n');
  utimesSync(path, 1, 1);
  await new SpoolTimes(directory).note(9000);
  appendFileSync(path, 'between\n');
  utimesSync(path, 2, 2);
  writeFileSync(join(directory, 'stderr.1'), 'later\n');
  utimesSync(join(directory, 'stderr.1'), 3, 3);
  await new SpoolTimes(directory).note(9000);
  assert.deepEqual(await readTimes(directory, 'stderr', 0), [
    { offset: 7, atMs: 1000 },
    { offset: 15, atMs: 2000 },
  ]);
  assert.deepEqual(
    (await read(directory)).map(({ atMs }) => atMs),
    [1000, 2000, 3000],
  );
});

test('lines of both streams are in the order of their times', async () => {
  const directory = place();
  const times = new SpoolTimes(directory);
  for (const [index, stream] of (['stderr', 'stdout', 'stdout', 'stderr'] as const).entries()) {
    const path = join(directory, `${stream}.0`);
    appendFileSync(path, `${index}\n`);
    utimesSync(path, index + 1, index + 1);
    await times.note(100_000);
  }
  assert.deepEqual(texts(await read(directory)), ['0', '1', '2', '3']);
});

test('what is thrown away while it is read is still read by whoever has begun, and a reader who comes later begins with what there is', async () => {
  const directory = place();
  for (const number of [3, 4]) writeFileSync(join(directory, `stdout.${number}`), `${number}a\n${number}b\n`);
  const source = { directory, nextChange: () => Promise.resolve(), isOver: () => true };
  const lines = readOutput(source, { follow: true, signal: new AbortController().signal });
  assert.equal((await lines.next()).value?.text, '3a');
  unlinkSync(join(directory, 'stdout.3'));
  unlinkSync(join(directory, 'stdout.4'));
  writeFileSync(join(directory, 'stdout.7'), '7a\n');
  const rest: string[] = [];
  for await (const each of lines) rest.push(each.text);
  assert.deepEqual(rest, ['3b', '4a', '4b', '7a']);
  assert.deepEqual(texts(await read(directory)), ['7a']);
});

test('the last words are whole lines of standard error, two KiB at most', async () => {
  const directory = place();
  assert.equal(await messageOf(directory), '');
  writeFileSync(join(directory, 'stderr.0'), Array.from({ length: 500 }, (_, index) => `line ${index}\n`).join(''));
  writeFileSync(join(directory, 'stderr.1'), '');
  const message = await messageOf(directory);
  assert.ok(message.length <= 2048 && message.startsWith('line ') && message.endsWith('line 499'));
  writeFileSync(join(directory, 'stderr.2'), 'x'.repeat(5000));
  assert.equal(await messageOf(directory), 'x'.repeat(2048));
});
