/** Where the state lies, how much room it takes and how fast it grows; bringing it elsewhere; volumes of Docker that nobody uses. */
export type { Area } from './areas.ts';
export { benchVolume, type BenchReport } from './bench.ts';
export { listDockerVolumes, orphansOf, planPrune, removeVolumes, type DockerVolume, type PrunePlan } from './docker-volumes.ts';
export type { Growth } from './growth.ts';
export { migrateState, type Migrated } from './migrate.ts';
export { reportVolumes, type ReportedArea, type ReportedVolume, type VolumesReport } from './report.ts';
