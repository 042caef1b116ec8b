/** The forms are those of the published article: what it prints has to be found by who searches for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  account,
  accountText,
  activeRunsText,
  heapLimitLines,
  killLines,
  outOfMemoryLines,
  pressureLines,
  resourceLimitLines,
} from './forms.ts';

const mebibyte = 2 ** 20;
const occurrence = { workload: 'payment-processor', container: 'workload-xyz', usedBytes: 2048 * mebibyte, limitBytes: 2048 * mebibyte };
const texts = ({ lines }: { readonly lines: readonly { readonly text: string }[] }) => lines.map(({ text }) => text);

test('each event has the lines of the article, letter by letter', () => {
  assert.deepEqual(texts(outOfMemoryLines(occurrence)), [
    '[ERROR] clw-memory-oom: Container workload-xyz exceeded memory limit',
    '[ERROR] Current usage: 2048Mi, Limit: 2048Mi',
    '[ERROR] Memory allocation request rejected',
  ]);
  assert.deepEqual(texts(pressureLines({ ...occurrence, usedBytes: 1741 * mebibyte })), [
    '[WARNING] clw-memory-pressure: Memory usage at 85% of limit',
    '[WARNING] Workload: payment-processor, Usage: 1741Mi / 2048Mi',
  ]);
  assert.deepEqual(texts(killLines({ container: 'payment-svc', reason: 'OOMKilled', exitCode: 137, signal: 'SIGKILL' })), [
    '[ERROR] clw-container-kill: Container payment-svc was killed',
    '[ERROR] Reason: OOMKilled (Exit code 137)',
    '[ERROR] Signal: SIGKILL received',
  ]);
  assert.deepEqual(texts(resourceLimitLines({ ...occurrence, usedBytes: 2096 * mebibyte })), [
    '[ERROR] clw-resource-limit: Resource limit exceeded',
    '[ERROR] Resource: memory, Workload: payment-processor',
    '[ERROR] Limit: 2048Mi, Usage: 2096Mi',
  ]);
});

test('a full heap is told with the limit that is in the way: its own, or that of the container', () => {
  const full = { workload: 'shop', container: 'web', heapBytes: 240 * mebibyte, usedBytes: 300 * mebibyte };
  const roomy = heapLimitLines({ ...full, limitBytes: 1024 * mebibyte });
  assert.deepEqual(texts(roomy), [
    '[ERROR] clw-heap-limit: The JavaScript heap of container web reached its own limit at 240Mi',
    '[ERROR] Container usage: 300Mi, Limit: 1024Mi',
    "[INFO] The limit of the container leaves room: raise the heap's with NODE_OPTIONS=--max-old-space-size=768, if it is no leak (clw analyze workload shop)",
  ]);
  assert.match(heapLimitLines({ ...full, limitBytes: 320 * mebibyte }).message, /leaves no room for a larger heap: raise that one first/);
  const unknown = heapLimitLines({ ...full, heapBytes: undefined, usedBytes: undefined, limitBytes: undefined });
  assert.match(
    unknown.message,
    /reached its own limit, not that of the container \(usage not measured, limit none\)\. Raise it with NODE_OPTIONS=--max-old-space-size=MEBIBYTES/,
  );
});

test('the account of the runtime has the lines of the article, each with its moment', () => {
  const atMs = Date.parse('2024-01-15T10:23:45.123Z');
  const lines = [...account.detected('clw-memory-oom', occurrence), account.termination(30_000), account.terminated('SIGKILL', 137)];
  assert.deepEqual(
    lines.map((line, index) => accountText(line, atMs + (index === 4 ? 77 : index))),
    [
      '2024-01-15T10:23:45.123Z ERROR [runtime] clw-memory-oom detected',
      '2024-01-15T10:23:45.124Z ERROR [runtime] Workload: payment-processor',
      '2024-01-15T10:23:45.125Z ERROR [runtime] Memory stats: used=2147483648 bytes, limit=2147483648 bytes',
      '2024-01-15T10:23:45.126Z INFO [runtime] Initiating graceful termination (timeout: 30s)',
      '2024-01-15T10:23:45.200Z INFO [runtime] Container terminated with signal SIGKILL',
    ],
  );
});

test('of many runs the first ten are named and the others counted, and of none nothing is said', () => {
  const runs = Array.from({ length: 12 }, (_, index) => ({ runId: `run_${index}`, tool: 'http' }));
  assert.equal(activeRunsText([]), undefined);
  assert.match(activeRunsText(runs) ?? '', /^Active runs: run_0 \(http\), .*run_9 \(http\) and 2 more$/);
});
