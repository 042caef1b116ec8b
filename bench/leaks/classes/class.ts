/** A class of synthetic programs, and how the classes are split. Types only. */
import type { Plan, Random } from './simulate.ts';

/** The method was made with the one half before the eyes, and is judged by the other. */
export type Half = 'design' | 'report';

export interface Class {
  readonly name: string;
  readonly about: string;
  readonly leaks: boolean;
  readonly half: Half;
  readonly plan: (random: Random) => Plan;
}
