/**
 * What it costs the gateway to watch and to sample units: some hundred programs that sleep, run by the process driver, each sampled every five seconds as the
 * history does it. It counts the processor time of this process alone, all of its threads included, and says how much of it is the looking that goes on without sampling. Starting and ending the units is
 * not counted. `workloads.ts` runs it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../packages/server/src/core/clock.ts';
import type { Driver, UnitId, UnitPlan } from '../packages/server/src/workloads/drivers/driver.ts';
import { createProcessDriver } from '../packages/server/src/workloads/drivers/process/index.ts';

const intervalMs = 5000;
const portionMs = 100;
const { signal } = new AbortController();

function planOf(index: number): UnitPlan {
  return {
    id: { instance: `sleeper-${index}`, container: 'main', attempt: 0 },
    workload: { namespace: 'bench', name: 'sleeper', uid: 'bench' },
    revision: 1,
    command: ['/bin/sleep', '3600'],
    args: [],
    environment: {},
    ports: [],
    mounts: [],
    memoryLimitBytes: 64 * 2 ** 20,
    graceMs: 1000,
  };
}

/** A few at a time: each takes some processes. */
async function inPortions<Item>(items: readonly Item[], act: (item: Item) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < items.length; start += 20) await Promise.all(items.slice(start, start + 20).map(act));
}

/** Share of one core that this process takes meanwhile. */
async function shareDuring(act: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  const start = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / (performance.now() - startMs);
}

/** Spread over the interval in portions, so that nothing else has to wait long. */
async function sampleFor(driver: Driver, ids: readonly UnitId[], seconds: number): Promise<readonly number[]> {
  const tookMs: number[] = [];
  const portion = Math.ceil((ids.length * portionMs) / intervalMs);
  const startMs = performance.now();
  for (let tick = 0; tick * portionMs < seconds * 1000; tick += 1) {
    await wait(Math.max(0, startMs + tick * portionMs - performance.now()));
    const first = (tick % (intervalMs / portionMs)) * portion;
    for (const id of ids.slice(first, first + portion)) {
      const beforeMs = performance.now();
      if ((await driver.sample(id)) === undefined) throw new Error(`${id.instance} has ended`);
      tookMs.push(performance.now() - beforeMs);
    }
  }
  return tookMs.toSorted((one, other) => one - other);
}

export interface DriverCost {
  readonly limits: string | undefined;
  /** Shares of one core. */
  readonly looking: number;
  readonly sampling: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export async function measureDriver({
  units,
  seconds,
  watchdog,
}: {
  units: number;
  seconds: number;
  watchdog: boolean;
}): Promise<DriverCost> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-bench-units-'));
  const driver = createProcessDriver({ directory, clock: systemClock, usesControlGroups: !watchdog });
  // Timers of the driver never keep a process alive by themselves.
  const alive = setInterval(() => {}, 1000);
  const ids = Array.from({ length: units }, (_, index) => planOf(index).id);
  try {
    await inPortions(
      ids.map((_, index) => planOf(index)),
      (plan) => driver.start(plan, signal),
    );
    await wait(3000);
    const looking = await shareDuring(() => wait(seconds * 1000));
    let sorted: readonly number[] = [];
    const sampling = await shareDuring(async () => {
      sorted = await sampleFor(driver, ids, seconds);
    });
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
    const [state] = await driver.list(signal);
    return { limits: state?.limits, looking, sampling, p50Ms: at(0.5), p99Ms: at(0.99) };
  } finally {
    await inPortions(ids, async (id) => {
      await driver.stop(id, { graceMs: 0, signal });
      await driver.remove(id);
    });
    await driver.close();
    clearInterval(alive);
    rmSync(directory, { recursive: true, force: true });
  }
}
