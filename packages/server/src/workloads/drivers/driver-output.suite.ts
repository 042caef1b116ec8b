/** Of the contract of drivers: output, and commands inside of a unit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mib, never, until } from './driver-suite-kit.suite.ts';
import { heapExhaustionOf } from './heap-limit.ts';
import type { WithSession } from './driver.suite.ts';

const options = { timeout: 60_000 };

export function describeOutput(withSession: WithSession, mostOutputBytes: number): void {
  test(
    'lines keep their stream and their order, and their times do not fall',
    options,
    withSession(async (session) => {
      const beforeMs = Date.now();
      const { id } = await session.start('spoken', {
        shell: 'for i in 1 2 3; do echo out $i; sleep 0.3; echo err $i >&2; sleep 0.3; done; printf "no line end"',
      });
      await session.end('spoken');
      const lines = await session.lines(id);
      assert.deepEqual(
        lines.map(({ stream, text }) => `${stream}: ${text}`),
        ['stdout: out 1', 'stderr: err 1', 'stdout: out 2', 'stderr: err 2', 'stdout: out 3', 'stderr: err 3', 'stdout: no line end'],
      );
      const times = lines.map(({ atMs }) => atMs);
      assert.deepEqual(
        times,
        times.toSorted((one, other) => one - other),
      );
      assert.ok(times[0]! >= beforeMs - 100 && times.at(-1)! <= Date.now() + 100);
      assert.ok(times.at(-1)! - times[0]! > 1000, 'of each line, not of all');
    }),
  );

  test(
    'a program of Node that reaches the limit of its own heap says so in its last words, and the kernel has killed nobody',
    options,
    withSession(async (session) => {
      const environment = { NODE_OPTIONS: '--max-old-space-size=20' };
      await session.start('full', { node: 'const kept = []; for (;;) kept.push({ text: [1, 2, 3, kept.length] })' }, { environment });
      const end = await session.end('full');
      assert.deepEqual([end.exitCode, end.outOfMemory], [134, false], end.message ?? '');
      const { heapBytes = 0 } = heapExhaustionOf(end) ?? {};
      assert.ok(heapBytes > 10 * mib && heapBytes < 60 * mib, end.message ?? 'no words');
    }),
  );

  test(
    'following gives each line as it comes, once, and ends with the unit',
    options,
    withSession(async (session) => {
      const { id } = await session.start('followed', { shell: 'i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo $i; sleep 0.02; done' });
      const numbers = (await session.lines(id, { follow: true })).map(({ text }) => Number(text));
      assert.deepEqual(
        numbers,
        Array.from({ length: 40 }, (_, index) => index + 1),
      );
    }),
  );

  test(
    'following ends when it is no longer wanted',
    options,
    withSession(async (session) => {
      const { id } = await session.start('abandoned', { shell: 'echo here; sleep 60' });
      await session.says(id, 'here');
      assert.equal((await session.lines(id, { follow: true, signal: AbortSignal.timeout(300) })).length, 1);
    }),
  );

  test(
    'the last lines, and those since a moment, are what is asked for',
    options,
    withSession(async (session) => {
      const { id } = await session.start('many', {
        shell: 'i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo line $i; done; sleep 1; echo late >&2; sleep 60',
      });
      await session.says(id, 'late');
      const texts = async (wish: object): Promise<readonly string[]> => (await session.lines(id, wish)).map(({ text }) => text);
      assert.deepEqual(await texts({ tailLines: 3 }), ['line 4999', 'line 5000', 'late']);
      assert.deepEqual(await texts({ tailLines: 0 }), []);
      assert.equal((await texts({ tailLines: 9000 })).length, 5001);
      const lateMs = (await session.lines(id, { tailLines: 1 }))[0]!.atMs;
      assert.deepEqual(await texts({ sinceMs: lateMs }), ['late']);
      assert.deepEqual(await texts({ sinceMs: lateMs + 1 }), []);
    }),
  );

  test(
    'a line without an end is cut into pieces, and no byte of it is lost',
    options,
    withSession(async (session) => {
      const { id } = await session.start('long', { node: `process.stdout.write('x'.repeat(100_000) + '\\nshort\\n')` });
      await session.end('long');
      const lines = await session.lines(id);
      assert.ok(lines.every(({ text }) => Buffer.byteLength(text) <= 16 * 1024));
      assert.equal(
        lines.slice(0, -1).reduce((sum, { text }) => sum + text.length, 0),
        100_000,
      );
      assert.equal(lines.at(-1)?.text, 'short');
    }),
  );

  test(
    'output without end fills no disk, holds nobody up, and can be read all the while',
    options,
    withSession(async (session) => {
      const { id } = await session.start('endless', { shell: 'trap "exit 0" TERM; yes "all work and no play" & wait' });
      await until(async () => (await session.place.outputBytes()) > mostOutputBytes / 4);
      const tail = await session.lines(id, { tailLines: 1000 });
      assert.equal(tail.length, 1000);
      assert.ok(tail.filter(({ text }) => text === 'all work and no play').length >= 990, 'whole lines, but where a piece was thrown away');
      for await (const line of session.driver.output(id, { follow: true, signal: never })) if (line.text !== '') break;
      const sizes: number[] = [];
      await until(async () => sizes.push(await session.place.outputBytes()) > 30);
      assert.ok(Math.max(...sizes) <= mostOutputBytes, `${Math.max(...sizes)}`);
      await session.driver.stop(id, { graceMs: 5000, signal: never });
      assert.ok((await session.place.outputBytes()) <= mostOutputBytes);
    }),
  );

  test(
    'a command inside has the same environment and directory, and its code and output are told',
    options,
    withSession(async (session) => {
      const { id } = await session.start(
        'probed',
        { shell: 'echo ready; sleep 60' },
        { environment: { WHO: 'unit' }, workingDirectory: '/tmp' },
      );
      await session.says(id, 'ready');
      const found = await session.driver.run(id, ['/bin/sh', '-c', 'echo $WHO; pwd >&2; exit 4'], { timeoutMs: 20_000, signal: never });
      assert.equal(found.exitCode, 4);
      assert.deepEqual(found.output.trim().split('\n').toSorted(), ['/tmp', 'unit']);
      assert.equal((await session.lines(id)).length, 1, 'it is not output of the unit');
    }),
  );

  test(
    'a command inside that takes too long is ended and has failed, and what it says is bounded',
    options,
    withSession(async (session) => {
      const { id } = await session.start('slow', { shell: 'sleep 60' });
      const startMs = performance.now();
      const slow = await session.driver.run(id, ['/bin/sh', '-c', 'sleep 30'], { timeoutMs: 300, signal: never });
      assert.notEqual(slow.exitCode, 0);
      assert.ok(performance.now() - startMs < 20_000);
      const loud = await session.driver.run(id, ['/bin/sh', '-c', 'head -c 1000000 /dev/zero | tr "\\\\0" x'], {
        timeoutMs: 20_000,
        signal: never,
      });
      assert.equal(loud.exitCode, 0);
      assert.ok(loud.output.length > 0 && loud.output.length <= 64 * 1024, `${loud.output.length}`);
      await session.driver.stop(id, { graceMs: 0, signal: never });
      await assert.rejects(session.driver.run(id, ['/bin/sh', '-c', 'true'], { timeoutMs: 1000, signal: never }), {
        code: 'workload_cannot_run',
      });
    }),
  );
}
