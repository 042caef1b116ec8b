/** All constructed cases. */
import type { Case } from '../case.ts';
import { containers } from './containers.ts';
import { pods } from './pods.ts';
import { reportCases } from './report.ts';
import { units } from './units.ts';

export const constructedCases: readonly Case[] = [...containers, ...pods, ...units, ...reportCases];
