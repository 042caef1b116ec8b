/**
 * Sets the wall clock of a whole process from outside, as setting the machine's does: loaded before the program by `--import`, in its threads too. The
 * offset stands in a file and may change at any time. Durations go on as they are.
 */
import { readFileSync } from 'node:fs';

const file = process.env['TEST_CLOCK_OFFSET_FILE'] ?? '';
const systemNow = Date.now;
const now = (): number => systemNow() + Number(readFileSync(file, 'utf8'));

globalThis.Date = new Proxy(Date, {
  construct: (target, args: [], newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
});
