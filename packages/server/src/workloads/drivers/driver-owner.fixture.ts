/** A process that owns a driver, starts one unit, says so, and stays until it is killed. */
import { systemClock } from '../../core/clock.ts';
import type { Driver, UnitPlan } from './driver.ts';

interface Wish {
  readonly module: string;
  readonly export: string;
  readonly options: object;
  readonly plan: UnitPlan;
}

const wish = JSON.parse(process.argv[2] ?? '') as Wish;
const loaded = (await import(wish.module)) as Record<string, (options: object) => Driver>;
setInterval(() => {}, 1000);
const driver = loaded[wish.export]?.({ ...wish.options, clock: systemClock });
await driver?.start(wish.plan, new AbortController().signal);
console.log('started');
