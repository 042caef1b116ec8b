/** A state directory for the process driver, for suites and tests. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../core/clock.ts';
import { ownGroups } from '../../../core/processes/control-group.ts';
import { findMarked } from '../../../core/processes/process-table.ts';
import type { DriverPlace } from '../driver-suite-kit.suite.ts';
import { createProcessDriver, type ProcessDriverOptions } from './index.ts';
import { groupPrefix } from './launch.ts';
import { unitTrees } from './place.ts';

export interface ProcessPlace extends DriverPlace {
  readonly directory: string;
}

export type PlaceWish = Omit<ProcessDriverOptions, 'directory' | 'clock'>;

export function createProcessPlace(wish: PlaceWish, limits: 'kernel' | 'watchdog'): ProcessPlace {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'openclaw-units-')));
  const mark = `SUITE_PLACE=${randomBytes(8).toString('hex')}`;
  const [name = '', value = ''] = mark.split('=');
  const settings = { ...wish, directory };
  const units = join(directory, 'units');
  return {
    directory,
    limits,
    createDriver: () => createProcessDriver({ ...settings, clock: systemClock }),
    owner: { module: new URL('index.ts', import.meta.url).href, export: 'createProcessDriver', options: settings },
    programs: { shell: ['/bin/sh', '-c'], node: [process.execPath, '-e'], environment: { [name]: value } },
    isAnyRunning: async () => (await findMarked(mark)).length > 0 || (await isAnyBelow(units)),
    async leftovers() {
      const groups = (await Promise.all((await ownGroups(unitTrees)).map((tree) => readdir(tree)))).flat();
      return [...(await readdir(units).catch(() => [])), ...groups.filter((group) => group.startsWith(`openclaw-${groupPrefix(units)}`))];
    },
    async outputBytes() {
      const files = await readdir(units, { recursive: true }).catch(() => []);
      const sizes = await Promise.all(
        files
          .filter((file) => /std(?:out|err)\.\d+/.test(file))
          .map((file) =>
            stat(join(units, file)).then(
              ({ size }) => size,
              () => 0,
            ),
          ),
      );
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    async remove() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The shells beside programs stay in the directories of their units. */
async function isAnyBelow(directory: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return places.some((path) => path.startsWith(`${directory}/`));
}
