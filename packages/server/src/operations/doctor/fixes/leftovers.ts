import { readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Fix } from './contract.ts';

/** What a writer leaves that was killed before it could rename: `NAME.PID.new`, `NAME.PID.RANDOM`; and the doctor's own. */
const shapes = [
  /^(?:openclaw\.json|\.env|last-good\.json|secrets\.json)\.\d+\.new$/,
  /^gateway-token\.\d+\.[0-9a-f]{8}$/,
  /^\.doctor\.\d+$/,
];
/** A writer that has not come to its end by then was killed. */
const settledMs = 10 * 60_000;

/** Half-written files that nothing reads, older than ten minutes. They may hold secrets. */
export const leftoversFix: Fix = {
  name: 'leftovers',
  title: 'half-written files of processes that were killed',
  async plan({ stateDirectory, files, nowMs }) {
    const folders = [stateDirectory, join(stateDirectory, 'credentials'), join(stateDirectory, 'state', 'config'), ...files.map(dirname)];
    return [...new Set(folders)].flatMap(namesIn).flatMap((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      if (!stat?.isFile() || nowMs - stat.mtimeMs < settledMs) return [];
      return [{ path, before: `${stat.size} bytes`, after: 'removed', apply: () => rmSync(path, { force: true }) }];
    });
  },
};

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => shapes.some((shape) => shape.test(name)))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
