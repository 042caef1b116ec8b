import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chargedKinds, readMemoryMap } from './memory-map.ts';
import { addUpSmaps } from './smaps.ts';

/** Parts of `/proc/PID/smaps` of programs on Linux 6.18, with sizes made easy to add up. */
const mapping = (header: string, { rss, pss, anonymous }: { rss: number; pss: number; anonymous: number }): string =>
  [
    header,
    'Size:               1024 kB\nKernelPageSize:        4 kB',
    `Rss:                ${rss} kB\nPss:                ${pss} kB\nPss_Dirty:             0 kB`,
    `Anonymous:          ${anonymous} kB\nSwapPss:               0 kB\nVmFlags: rd wr mr mw me ac `,
  ].join('\n');

const smaps = [
  mapping('55fdc1a00000-55fdc1a21000 r-xp 00002000 fe:00 1234                       /usr/bin/my program (deleted)', {
    rss: 100,
    pss: 40,
    anonymous: 0,
  }),
  mapping('55fdc1b00000-55fdc1b21000 rw-p 00002000 fe:00 1234                       /usr/bin/my program (deleted)', {
    rss: 20,
    pss: 20,
    anonymous: 20,
  }),
  mapping('55fdc2c00000-55fdc2c21000 rw-p 00000000 00:00 0                          [heap]', { rss: 300, pss: 300, anonymous: 300 }),
  mapping('7f2a10000000-7f2a10021000 rw-p 00000000 00:00 0 ', { rss: 1000, pss: 500, anonymous: 1000 }),
  mapping('7f2a20000000-7f2a20021000 rw-p 00000000 00:00 0                          [anon:v8 heap]', { rss: 50, pss: 50, anonymous: 50 }),
  mapping('7f2a30000000-7f2a30021000 rw-s 00000000 00:01 77                         /dev/shm/cache', { rss: 400, pss: 200, anonymous: 0 }),
  mapping('7f2a40000000-7f2a40021000 rw-s 00000000 00:01 77                         /dev/shm/cache', { rss: 40, pss: 40, anonymous: 0 }),
  mapping('7f2a50000000-7f2a50021000 rw-s 00000000 00:01 5                          /memfd:wayland (deleted)', {
    rss: 8,
    pss: 8,
    anonymous: 0,
  }),
  mapping('7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]', { rss: 24, pss: 24, anonymous: 24 }),
  mapping('7ffd10000000-7ffd10002000 r-xp 00000000 00:00 0                          [vdso]', { rss: 4, pss: 0, anonymous: 0 }),
].join('\n');

test('mappings are told apart by what is behind them, and what is shared counts by its share', () => {
  const { sharedRegions, ...bytes } = addUpSmaps(smaps);
  const kib = Object.fromEntries(Object.entries(bytes).map(([name, value]) => [name, value / 1024]));
  assert.deepEqual(kib, {
    heapBytes: 300,
    stackBytes: 24,
    anonymousBytes: 500 + 50 + 20,
    sharedBytes: 248,
    fileBytes: 40,
    residentBytes: 1946,
  });
  assert.equal(sharedRegions.size, 2, 'one region that is mapped twice is one');
});

test('a table that is cut off in the middle, as of a process that ends, is added up as far as it goes', () => {
  fc.assert(
    fc.property(fc.nat(smaps.length), (length) => {
      const cut = addUpSmaps(smaps.slice(0, length));
      const whole = addUpSmaps(smaps);
      assert.ok(cut.residentBytes <= whole.residentBytes);
      assert.ok(Object.values(cut).every((value) => typeof value !== 'number' || value >= 0));
    }),
  );
});

const bytes = fc.nat(2 ** 40);

test('whatever mappings and statistics say, the kinds add up to what is charged, and none is negative', () => {
  const mapped = fc.record({ heapBytes: bytes, stackBytes: bytes, anonymousBytes: bytes, sharedBytes: bytes, fileBytes: bytes });
  const group = fc.record({ usageBytes: bytes, anonymousBytes: bytes, sharedBytes: bytes, fileBytes: bytes, mappedBytes: bytes });
  fc.assert(
    fc.property(mapped, group, (ofMappings, ofGroup) => {
      const { totalBytes, ...kinds } = chargedKinds(ofMappings, ofGroup);
      assert.equal(totalBytes, ofGroup.usageBytes);
      assert.equal(
        Object.values(kinds).reduce((sum, value) => sum + value, 0),
        totalBytes,
      );
      assert.ok(Object.values(kinds).every((value) => value >= 0));
    }),
  );
});

test('what is charged is divided: heap and stack by the mappings, cache by what is mapped, and the rest is the kernel', () => {
  const mapped = { heapBytes: 300, stackBytes: 20, anonymousBytes: 600, sharedBytes: 50, fileBytes: 999 };
  const group = { usageBytes: 2000, anonymousBytes: 1000, sharedBytes: 60, fileBytes: 500, mappedBytes: 170 };
  assert.deepEqual(chargedKinds(mapped, group), {
    heapBytes: 300,
    stackBytes: 20,
    anonymousBytes: 680,
    sharedBytes: 60,
    fileBytes: 120,
    pageCacheBytes: 380,
    kernelBytes: 440,
    totalBytes: 2000,
  });
});

test(
  'a process that has ended meanwhile is left out, and of a unit without any there is no map',
  { skip: process.platform !== 'linux' },
  async () => {
    const { signal } = new AbortController();
    // No process has this number: the largest that the kernel gives out is smaller.
    const nobody = 2 ** 22 + 1;
    const map = await readMemoryMap({ pids: [nobody, process.pid], group: undefined, atMs: 5, signal });
    assert.deepEqual([map?.at, map?.processes.map(({ pid }) => pid)], [5, [process.pid]]);
    assert.equal(await readMemoryMap({ pids: [nobody], group: undefined, atMs: 5, signal }), undefined);
  },
);
