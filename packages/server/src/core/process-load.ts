/** How busy this process is: its event loop, its processor time, its memory and what it may have of it. It keeps no history. */
import { totalmem } from 'node:os';
import type { Clock } from './clock.ts';

export interface ProcessLoad {
  /** Since the last reading. */
  readonly elapsedMs: number;
  /** Share of the time since the last reading in which the event loop worked, 0 to 1. At 1 every request waits. */
  readonly loopShare: number;
  /** Processor time since the last reading, as a share of one core; threads make it more than 1. */
  readonly cpuShare: number;
  readonly residentBytes: number;
  /** Of the control group where there is a limit, else of the machine. */
  readonly limitBytes: number;
}

/** Each call tells of the time since the one before. */
export function createProcessLoad(clock: Clock): () => ProcessLoad {
  let loop = performance.eventLoopUtilization();
  let cpu = process.cpuUsage();
  let atMs = clock.monotonicMs();
  return () => {
    const passed = performance.eventLoopUtilization(loop);
    const used = process.cpuUsage(cpu);
    const elapsedMs = clock.monotonicMs() - atMs;
    loop = performance.eventLoopUtilization();
    cpu = process.cpuUsage();
    atMs = clock.monotonicMs();
    return {
      elapsedMs,
      loopShare: passed.utilization,
      cpuShare: elapsedMs > 0 ? (used.user + used.system) / 1000 / elapsedMs : 0,
      residentBytes: process.memoryUsage.rss(),
      limitBytes: memoryLimitBytes(),
    };
  };
}

/** What this process may use. Without a limit the control group names 0 or a number that no machine has. */
export function memoryLimitBytes(): number {
  const group = process.constrainedMemory();
  const machine = totalmem();
  return group > 0 && group < machine ? group : machine;
}
