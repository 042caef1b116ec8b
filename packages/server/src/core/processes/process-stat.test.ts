import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProcessStat } from './process-stat.ts';

/** Recorded on Linux 6.18; the name was made odd. */
const line =
  '11165 (odd) (name) S 11160 11165 11165 0 -1 4194304 107 9 3 2 150 50 25 75 20 0 7 0 3703083 2654208 349 18446744073709551615 94550786064384\n';

test('the fields are found whatever the name of the program is', () => {
  assert.deepEqual(parseProcessStat(line), {
    pid: 11165,
    startTicks: 3703083,
    parentPid: 11160,
    session: 11165,
    isDead: false,
    majorFaults: 5,
    cpuSeconds: 3,
    threads: 7,
    residentPages: 349,
  });
  assert.equal(parseProcessStat(line.replace(') S ', ') Z '))?.isDead, true);
});

test('a line that is cut off is none', () => {
  for (const length of [0, 5, 12, 30, 60]) assert.equal(parseProcessStat(line.slice(0, length)), undefined);
});
