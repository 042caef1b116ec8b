/** All classes, and the traces of their seeds. Of those in `leaks.ts` and `clean.ts` every second one is for design, the others are for the report. */
import { createRandom } from '../../chaos/random.ts';
import type { Class } from './class.ts';
import { clean } from './clean.ts';
import { leaks } from './leaks.ts';
import { unseenClean, unseenLeaks } from './unseen.ts';
import { simulate, type Simulation, type SimulateOptions } from './simulate.ts';

type Plain = Omit<Class, 'part' | 'leaks'>;

const split = (classes: readonly Plain[], leaking: boolean): Class[] =>
  classes.map((one, index) => ({ ...one, leaks: leaking, part: index % 2 === 0 ? 'design' : 'report' }));
const last = (classes: readonly Plain[], leaking: boolean): Class[] => classes.map((one) => ({ ...one, leaks: leaking, part: 'unseen' }));

export const classes: readonly Class[] = [
  ...split(leaks, true),
  ...split(clean, false),
  ...last(unseenLeaks, true),
  ...last(unseenClean, false),
];

/** The same seed is another program in each class. */
export function generate({ name, plan }: Class, seed: number, options: Omit<SimulateOptions, 'name'>): Simulation {
  const random = createRandom(name.split('').reduce((hash, letter) => Math.imul(hash, 31) + letter.charCodeAt(0), seed * 2_654_435_761));
  return simulate(plan(random), random, { ...options, name: name.replaceAll(' ', '-') });
}
