import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { heapExhaustionOf } from './heap-limit.ts';
import { lastWords } from './last-words.ts';

test('frames of native code leave no words out, and the words are at most two kibibytes in whole lines', () => {
  const frames = Array.from(
    { length: 60 },
    (_, index) => `${index + 1}: 0xf14752 node::OOMErrorHandler(char const*, v8::OOMDetails const&) [node]`,
  );
  const output = ['FATAL ERROR: heap', '----- Native stack trace -----', '', ...frames, 'Aborted', ''].join('\n');
  assert.equal(lastWords(output), 'FATAL ERROR: heap\n\nAborted');
  const long = lastWords(Array.from({ length: 500 }, (_, index) => `line ${index}`).join('\n'));
  assert.ok(long.length <= 2048 && long.startsWith('line ') && long.endsWith('line 499'));
  assert.equal(lastWords('x'.repeat(5000)), 'x'.repeat(2048));
  assert.equal(lastWords('\n\n'), '');
});

test('the Node that runs this ends at its heap limit with words by which that is known', () => {
  const script = 'const kept = []; for (;;) kept.push({ text: [1, 2, 3, kept.length] })';
  const { status, signal, stderr } = spawnSync(process.execPath, ['--max-old-space-size=20', '-e', script], { encoding: 'utf8' });
  const end = { exitCode: status ?? 134, ...(signal === null ? {} : { signal }), message: lastWords(stderr.slice(-16_384)) };
  const { heapBytes = 0 } = heapExhaustionOf(end) ?? {};
  assert.ok(heapBytes > 10 * 2 ** 20 && heapBytes < 60 * 2 ** 20, `${heapBytes}: ${stderr.slice(-1500)}`);
});
