import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kernelLines } from './kernel-lines.ts';

const times = { atMs: 1_000_000_000, uptimeSeconds: 1000 };
const log = [
  '6,1,999000000,-;docker0: port 1 entered blocking state',
  '6,2,999500000,-;Memory cgroup out of memory: Killed process 4711 (node) total-vm:1kB',
  ' SUBSYSTEM=memory',
  '6,3,999600000,-;eth0: link up',
  '4,4,999700000,-;node[4711]: segfault at 0 ip 00007f',
].join('\n');

test('lines about memory and crashes get the time of day at which they were written', () => {
  assert.deepEqual(
    kernelLines(log, times, 0).map(({ text, atMs }) => [text.slice(0, 20), atMs]),
    [
      ['Memory cgroup out of', 999_999_500],
      ['node[4711]: segfault', 999_999_700],
    ],
  );
});

test('what is older than the container is left out', () => {
  assert.equal(kernelLines(log, times, 999_999_600).length, 1);
});
