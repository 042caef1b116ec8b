/** All classes, and the traces of their seeds. Every second one of each list is for design, the others are for the report. */
import { createRandom } from '../../chaos/random.ts';
import type { Class } from './class.ts';
import { clean } from './clean.ts';
import { leaks } from './leaks.ts';
import { simulate, type Simulation, type SimulateOptions } from './simulate.ts';

const split = (classes: readonly Omit<Class, 'half' | 'leaks'>[], leaking: boolean): Class[] =>
  classes.map((one, index) => ({ ...one, leaks: leaking, half: index % 2 === 0 ? 'design' : 'report' }));

export const classes: readonly Class[] = [...split(leaks, true), ...split(clean, false)];

/** The same seed is another program in each class. */
export function generate({ name, plan }: Class, seed: number, options: Omit<SimulateOptions, 'name'>): Simulation {
  const random = createRandom([...name].reduce((hash, letter) => Math.imul(hash, 31) + letter.charCodeAt(0), seed * 2_654_435_761));
  return simulate(plan(random), random, { ...options, name: name.replaceAll(' ', '-') });
}
