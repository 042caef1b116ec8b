/** All recipes. A new one is a row in the file of its kind. */
import { data } from './data.ts';
import { memory } from './memory.ts';
import { mixtures } from './mixtures.ts';
import { network } from './network.ts';
import { probes } from './probes.ts';
import { program } from './program.ts';
import type { Recipe } from './recipe.ts';
import { reportAround } from './report-around.ts';
import { report } from './report.ts';

export const recipes: readonly Recipe[] = [...memory, ...program, ...data, ...network, ...probes, ...mixtures, ...report, ...reportAround];
