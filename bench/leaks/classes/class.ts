/** A class of synthetic programs, and how the classes are split. Types only. */
import type { Plan, Random } from './simulate.ts';

/** The method was made with the first part before the eyes, and is judged by the others; the last was written when it was finished. */
export const parts = ['design', 'report', 'unseen'] as const;
export type Part = (typeof parts)[number];

export interface Class {
  readonly name: string;
  readonly about: string;
  readonly leaks: boolean;
  readonly part: Part;
  readonly plan: (random: Random) => Plan;
}
