import { statSync } from 'node:fs';
import { closePlace, findOpenPlaces, modeWords, type OpenPlace } from '../../state-modes/index.ts';
import type { Fix } from './contract.ts';

/** Files and directories of the state, the configuration and `.env` files that others may use, are closed; what their owner may do stays. */
export const modesFix: Fix = {
  name: 'modes',
  title: 'files and directories that others may use',
  async plan({ stateDirectory, files }) {
    const places = new Map(findOpenPlaces(stateDirectory).map((place) => [place.path, place]));
    for (const path of files) {
      const mode = modeOf(path);
      if (mode !== undefined && (mode & 0o077) !== 0) places.set(path, { path, mode, isDirectory: false });
    }
    return [...places.values()].map((place) => ({
      path: place.path,
      before: modeWords(place.mode),
      after: modeWords(closed(place)),
      apply: () => closePlace(place),
    }));
  },
};

function closed({ mode }: OpenPlace): number {
  return mode & 0o700;
}

function modeOf(path: string): number | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? stat.mode & 0o777 : undefined;
}
