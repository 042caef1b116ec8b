/** What of the state lies outside of its directory, by the configuration: for whoever measures room. */
import { resolve } from 'node:path';
import type { Configuration } from '../config/index.ts';
import type { Area } from '../operations/volumes/index.ts';
import { workspaceOf } from '../runs/context/index.ts';
import { placeLiveDatabase } from '../storage/index.ts';

export function areasElsewhere({ settings, stateDirectory, file }: Configuration): readonly Area[] {
  const { agents, backup, retention } = settings;
  const areas: Area[] = [
    { name: 'database', path: liveDirectory(stateDirectory) },
    { name: 'configuration', path: file },
    ...Object.entries(agents.entries).map(([id, { workspace }]): Area => ({
      name: 'workspaces',
      path: workspaceOf({ id, workspace }, stateDirectory),
    })),
    ...directory('backups', backup.to, stateDirectory),
    ...directory('cold storage', retention.cold.to, stateDirectory),
  ];
  const outside = areas.filter(({ path }) => path !== stateDirectory && !path.startsWith(`${stateDirectory}/`));
  return outside.filter(({ path }, index) => outside.findIndex((other) => other.path === path) === index);
}

function directory(name: Area['name'], place: string | undefined, stateDirectory: string): readonly Area[] {
  return place === undefined || place.startsWith('s3://') ? [] : [{ name, path: resolve(stateDirectory, place) }];
}

/** Elsewhere where the state lies on a network file system. */
function liveDirectory(stateDirectory: string): string {
  try {
    return placeLiveDatabase(stateDirectory);
  } catch {
    // There is none yet, or none may be there: who opens the state is told why.
    return stateDirectory;
  }
}
