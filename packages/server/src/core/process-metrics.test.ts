import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from './clock.ts';
import { createFakeClock } from './fake-clock.ts';
import { createMetrics } from './metrics.ts';
import { createEventLoopDelay, registerProcessMetrics } from './process-metrics.ts';

const still = { p50Ms: () => 1, p99Ms: () => 20, maxMs: () => 300, samples: () => 6000, stop: () => undefined };

function read(text: string, series: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  assert.ok(line, `${series} is missing`);
  return Number(line.slice(series.length + 1));
}

test('the process shows its memory, processor time, files, start and event loop delay', () => {
  const metrics = createMetrics();
  registerProcessMetrics(metrics, { clock: systemClock, eventLoopDelay: still });
  const text = metrics.text();
  assert.ok(Math.abs(read(text, 'process_resident_memory_bytes') - process.memoryUsage.rss()) < 64 * 2 ** 20);
  assert.ok(read(text, 'nodejs_memory_bytes{kind="heap_used"}') > 2 ** 20);
  assert.ok(read(text, 'process_cpu_seconds_total') > 0);
  assert.ok(Math.abs(read(text, 'process_start_time_seconds') + read(text, 'process_uptime_seconds') - systemClock.now() / 1000) < 5);
  assert.equal(read(text, 'nodejs_eventloop_delay_seconds{quantile="0.99"}'), 0.02);
  assert.equal(read(text, 'nodejs_eventloop_delay_seconds{quantile="1"}'), 0.3);
});

test('open files are counted', { skip: process.platform !== 'linux' }, () => {
  const metrics = createMetrics();
  registerProcessMetrics(metrics, { clock: systemClock, eventLoopDelay: still });
  const before = read(metrics.text(), 'process_open_fds');
  const opened = Array.from({ length: 20 }, () => openSync('/dev/null', 'r'));
  const during = read(metrics.text(), 'process_open_fds');
  for (const descriptor of opened) closeSync(descriptor);
  assert.equal(during - before, 20);
});

test('a blocked event loop shows for at least one turn of the window and is then forgotten', async () => {
  const clock = createFakeClock();
  const delay = createEventLoopDelay(clock);
  try {
    // The sampler needs a first sample before it can see how late the second is.
    while (delay.maxMs() < 100) {
      await sleep(30);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
      await sleep(30);
    }
    assert.ok(delay.p99Ms() >= 100);
    const samples = delay.samples();
    assert.ok(samples > 0);
    clock.advance(60_000);
    assert.ok(delay.maxMs() >= 100, 'the window before still counts');
    assert.ok(delay.samples() >= samples);
  } finally {
    delay.stop();
  }
  clock.advance(60_000);
  assert.equal(clock.pendingTimers, 0);
});
