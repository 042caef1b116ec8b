/** The tools for files of the workspace. */
import type { Clock } from '../../../core/clock.ts';
import { OneAtATime } from '../../one-at-a-time.ts';
import type { Tool } from '../contract.ts';
import { createEditTool } from './edit.ts';
import { createListTool } from './list.ts';
import { createReadTool } from './read.ts';
import { createSearchTool } from './search.ts';
import { createWriteTool } from './write.ts';

/** Changes of one file that wait for each other; one run makes one at a time, so many are many runs in one workspace. */
const changesAtOnce = 100;

export function createFileTools(clock: Clock): readonly Tool[] {
  const changes = new OneAtATime(changesAtOnce);
  return [createReadTool(), createListTool(), createSearchTool(clock), createWriteTool(changes), createEditTool(changes)];
}
