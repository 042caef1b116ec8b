/** What the files of a state directory are for, by where they lie in it. Pure: of names alone. */

export const areaNames = [
  'database',
  'journal',
  'snapshots',
  'run files',
  'workspaces',
  'logs',
  'backups',
  'cold storage',
  'credentials',
  'configuration',
  'workloads',
  'replaced',
  'other',
] as const;

export type AreaName = (typeof areaNames)[number];

/** Where a part of the state lies: below the state directory, or where the configuration says. */
export interface Area {
  readonly name: AreaName;
  readonly path: string;
}

/** The first that fits counts. A directory stands for all that is below it. */
const rules: readonly (readonly [AreaName, RegExp])[] = [
  ['journal', /^state\/journal(\/|$)/],
  ['snapshots', /^state\/(snapshot\.sqlite|before-migration-|replaced-)/],
  ['database', /^state\/(openclaw\.sqlite|live\.json)/],
  ['run files', /^state\/results(\/|$)/],
  ['configuration', /^(state\/config(\/|$)|openclaw\.json|\.env$)/],
  ['workspaces', /^workspaces(\/|$)/],
  ['logs', /^logs(\/|$)/],
  ['backups', /^backups(\/|$)/],
  ['cold storage', /^cold(\/|$)/],
  ['credentials', /^credentials(\/|$)/],
  ['workloads', /^workloads(\/|$)/],
  ['replaced', /^(replaced-|\.restoring(\/|$))/],
];

/** @param path relative to the state directory, with `/` between its parts */
export function areaOf(path: string): AreaName {
  return rules.find(([, pattern]) => pattern.test(path))?.[0] ?? 'other';
}

/** Where an area lies in the state directory, for people; the files of several areas lie beside each other. */
export const placesOfAreas: Readonly<Record<AreaName, string>> = {
  database: 'state',
  journal: 'state/journal',
  snapshots: 'state',
  'run files': 'state/results',
  workspaces: 'workspaces',
  logs: 'logs',
  backups: 'backups',
  'cold storage': 'cold',
  credentials: 'credentials',
  configuration: '',
  workloads: 'workloads',
  replaced: '',
  other: '',
};
