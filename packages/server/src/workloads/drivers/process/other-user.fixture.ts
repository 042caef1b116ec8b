/** Run as a user who may make neither control groups nor mounts: does what a gateway does with a unit, and says what came of it as JSON. */
import { join } from 'node:path';
import { systemClock } from '../../../core/clock.ts';
import { reasonOf } from '../../../core/errors.ts';
import type { UnitPlan } from '../driver.ts';
import { createProcessDriver } from './index.ts';

const directory = process.argv[2] ?? '';
const { signal } = new AbortController();
const alive = setInterval(() => {}, 1000);
const driver = createProcessDriver({ directory, clock: systemClock, lookMs: 100 });
const plan = (instance: string, code: string, more: Partial<UnitPlan> = {}): UnitPlan => ({
  id: { instance, container: 'main', attempt: 0 },
  workload: { namespace: 'default', name: 'other', uid: 'uid-1' },
  revision: 1,
  command: [process.execPath, '-e', code],
  args: [],
  environment: {},
  ports: [],
  mounts: [],
  graceMs: 1000,
  ...more,
});

const available = await driver.available(signal);
const ended = Promise.withResolvers<unknown>();
driver.observe((event) => {
  if (event.kind === 'ended' && event.state.id.instance === 'greedy') ended.resolve(event.state.ended);
});
const state = await driver.start(plan('calm', 'console.log(process.getuid()); setInterval(() => {}, 1000)'), signal);
let said = '';
for await (const line of driver.output(state.id, { follow: true, signal })) {
  said = line.text;
  break;
}
const sample = await driver.sample(state.id);
const map = await driver.memoryMap(state.id, signal);
const refused = await driver
  .start(plan('mounted', '', { mounts: [{ path: '/tmp', readOnly: false, source: { kind: 'scratch' } }] }), signal)
  .catch(reasonOf);
const grows = 'const held = []; setInterval(() => held.push(Buffer.alloc(10 * 2 ** 20, 1)), 20);';
await driver.start(plan('greedy', grows, { memoryLimitBytes: 150 * 2 ** 20 }), signal);
const end = await ended.promise;
const stopped = await driver.stop(state.id, { graceMs: 1000, signal });
console.log(JSON.stringify({ available, said, sample, map, refused, end, stopped, where: join(directory, 'units') }));
await driver.close();
clearInterval(alive);
