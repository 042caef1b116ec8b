/** Colours of states in tables: on a terminal alone, and never where somebody has asked for none (`NO_COLOR`, `--color never`). */
import type { Column } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export const colourWishes = ['auto', 'always', 'never'] as const;
export type ColourWish = (typeof colourWishes)[number];

/** https://no-color.org: any value but the empty one. A wish on the command line is nearer than the environment. */
export function wantsColours({ color }: { readonly color: ColourWish }, { stdout, env }: Pick<Terminal, 'stdout' | 'env'>): boolean {
  if (color !== 'auto') return color === 'always';
  return stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

const green = 32;
const yellow = 33;
const red = 31;
const colours: Readonly<Record<string, number>> = {
  ...Object.fromEntries(['Running', 'Succeeded', 'Complete', 'Completed', 'Active', 'OK'].map((word) => [word, green])),
  ...Object.fromEntries(
    ['Pending', 'Starting', 'Degraded', 'Recording', 'Terminating', 'ContainerCreating', 'PRESSURE', 'Warning'].map((word) => [
      word,
      yellow,
    ]),
  ),
  ...Object.fromEntries(
    ['OOMKilled', 'CrashLoopBackOff', 'ImagePullBackOff', 'HeapOutOfMemory', 'Failed', 'Error', 'OVER'].map((word) => [word, red]),
  ),
};
const headings: readonly string[] = ['PHASE', 'STATUS', 'TYPE'];

/** What a column under this heading needs to be coloured; nothing for those that hold no states. */
export function painted(heading: string, isWanted: boolean): Pick<Column, 'paint'> {
  return isWanted && headings.includes(heading) ? { paint: paintState } : {};
}

/** By its first word: `PRESSURE (91%)`. */
function paintState(text: string): string {
  const colour = colours[text.split(' ', 1)[0] ?? ''];
  return colour === undefined ? text : `\u001B[${colour}m${text}\u001B[39m`;
}
