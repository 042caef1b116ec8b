/** Of the contract of drivers: what units use. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mib, never } from './driver-suite-kit.suite.ts';
import type { WithSession } from './driver.suite.ts';

const options = { timeout: 60_000 };
const holds = (mebibytes: number): string =>
  `const held = Buffer.alloc(${mebibytes} * 2 ** 20, 1); console.log('ready'); setInterval(() => held[0]++, 1000)`;

export function describeReadings(withSession: WithSession): void {
  test(
    'a sample says what a program holds',
    options,
    withSession(async (session) => {
      const { id } = await session.start('holding', { node: holds(100) }, { memoryLimitBytes: 400 * mib });
      await session.says(id, 'ready');
      const beforeMs = Date.now();
      const sample = await session.driver.sample(id);
      assert.ok(sample);
      assert.ok(sample.at >= beforeMs - 10 && sample.at <= Date.now() + 10);
      const { usageBytes, workingSetBytes, rssBytes, anonymousBytes, fileBytes, peakBytes } = sample;
      assert.ok(anonymousBytes > 100 * mib && anonymousBytes < 250 * mib, `${anonymousBytes}`);
      assert.ok(usageBytes >= anonymousBytes * 0.95 && rssBytes >= anonymousBytes * 0.95);
      assert.ok(workingSetBytes <= usageBytes && peakBytes >= usageBytes * 0.95 && fileBytes >= 0);
      assert.equal(sample.limitBytes, 400 * mib);
      assert.deepEqual([sample.outOfMemoryKills, sample.swapBytes], [0, 0]);
      assert.ok(sample.processes >= 1 && (sample.threads ?? 0) >= 5 && (sample.fileDescriptors ?? 0) >= 3);
      assert.ok((sample.cpuSeconds ?? 0) > 0 && (sample.cpuSeconds ?? 0) < 60);
      assert.ok(sample.majorFaults >= 0 && (sample.sockets ?? 0) >= 0);
    }),
  );

  test(
    'processor time and open sockets of a program are in its sample',
    options,
    withSession(async (session) => {
      const node = `const { createServer } = require('node:net'); for (let i = 0; i < 5; i++) createServer().listen(0);
        while (process.cpuUsage().user < 400_000); console.log('ready')`;
      const { id } = await session.start('busy', { node });
      await session.says(id, 'ready');
      const sample = await session.driver.sample(id);
      assert.ok((sample?.cpuSeconds ?? 0) >= 0.4, `${sample?.cpuSeconds}`);
      assert.ok((sample?.sockets ?? 0) >= 5, `${sample?.sockets}`);
    }),
  );

  test(
    'the memory map adds up, and shows what each kind of memory holds',
    options,
    withSession(async (session) => {
      const { programs } = session.place;
      const child = [...programs.node, holds(50)].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
      const { id } = await session.start('mapped', { shell: `${child} & ${child}; wait` });
      let ready = 0;
      for await (const line of session.driver.output(id, { follow: true, signal: never }))
        if (line.text === 'ready' && ++ready === 2) break;
      const map = await session.driver.memoryMap(id, never);
      assert.ok(map);
      const { heapBytes, stackBytes, anonymousBytes, sharedBytes, fileBytes, pageCacheBytes, kernelBytes, totalBytes } = map;
      const kinds = [heapBytes, stackBytes, anonymousBytes, sharedBytes, fileBytes, pageCacheBytes, kernelBytes];
      assert.ok(kinds.every((bytes) => bytes >= 0));
      assert.equal(
        kinds.reduce((sum, bytes) => sum + bytes, 0),
        totalBytes,
      );
      assert.ok(anonymousBytes + heapBytes > 100 * mib && anonymousBytes + heapBytes < 300 * mib);
      assert.ok(stackBytes > 0 && kernelBytes > 0);
      const holding = map.processes.filter(({ rssBytes }) => rssBytes > 50 * mib);
      assert.equal(holding.length, 2);
      assert.ok(holding.every(({ pid, command }) => pid > 1 && command.length > 0));
      assert.ok(map.threads >= 10 && map.sharedRegions >= 0);
    }),
  );

  test(
    'of a unit that has ended nothing is used',
    options,
    withSession(async (session) => {
      const { id } = await session.start('gone', { shell: 'exit 0' });
      await session.end('gone');
      assert.equal(await session.driver.sample(id), undefined);
      assert.equal(await session.driver.memoryMap(id, never), undefined);
    }),
  );

  test(
    'readings of a unit whose processes come and go all the while are no error',
    options,
    withSession(async (session) => {
      const { id } = await session.start('restless', { shell: 'while :; do /bin/true & /bin/true & wait; done' });
      for (let round = 0; round < 50; round += 1) {
        const [sample, map] = await Promise.all([session.driver.sample(id), session.driver.memoryMap(id, never)]);
        assert.ok(sample !== undefined && map !== undefined);
      }
    }),
  );
}
