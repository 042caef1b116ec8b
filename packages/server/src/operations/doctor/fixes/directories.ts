import { chownSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Fix } from './contract.ts';

const needed = ['credentials', 'logs', 'state'];

/** Directories that the state needs and that are gone; theirs is the owner of the state. A state directory that is missing is for the first start to make. */
export const directoriesFix: Fix = {
  name: 'directories',
  title: 'directories of the state that are missing',
  async plan({ stateDirectory }) {
    if (!existsSync(stateDirectory)) return [];
    return needed
      .map((name) => join(stateDirectory, name))
      .filter((path) => !existsSync(path))
      .map((path) => ({
        path,
        before: 'missing',
        after: 'a directory, 0700',
        apply() {
          mkdirSync(path, { mode: 0o700 });
          const { uid, gid } = statSync(stateDirectory);
          if (process.getuid?.() === 0 && uid !== 0) chownSync(path, uid, gid);
        },
      }));
  },
};
