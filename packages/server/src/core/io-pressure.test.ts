import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readIoPressure } from './io-pressure.ts';

const text = (some: string, full: string): string =>
  `some avg10=9.00 avg60=${some} avg300=1.00 total=1\nfull avg10=8.00 avg60=${full} avg300=1.00 total=1\n`;

test('the share of the last minute is read, of the own control group before that of the machine', () => {
  const files: Record<string, string> = { '/proc/pressure/io': text('12.50', '3.00') };
  assert.deepEqual(
    readIoPressure((path) => files[path]),
    { some: 0.125, full: 0.03 },
  );
  files['/sys/fs/cgroup/io.pressure'] = text('50.00', '25.00');
  assert.deepEqual(
    readIoPressure((path) => files[path]),
    { some: 0.5, full: 0.25 },
  );
});

test('a kernel that does not tell, or tells something else, is no pressure at all', () => {
  assert.equal(
    readIoPressure(() => undefined),
    undefined,
  );
  assert.equal(
    readIoPressure(() => 'Operation not supported'),
    undefined,
  );
});
