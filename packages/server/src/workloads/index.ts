/** What the other parts may use of workloads. It is loaded with the first request that needs it, and not before. */
export { createDockerDriver } from './drivers/docker/index.ts';
export { createProcessDriver } from './drivers/process/index.ts';
export type { Driver } from './drivers/driver.ts';
export type { ActiveRun } from './events/memory-events.ts';
export type { WorkloadInsight, WorkloadLine } from './insight.ts';
export { ageColumn, ageOf, column, nameColumn, wide } from './resources/columns.ts';
export { kinds } from './resources/index.ts';
export type { Column, Host, Kind } from './resources/kind.ts';
export { readObject, type FieldValidation, type ReadObject } from './resources/read-object.ts';
export { schemaOfKind, type JsonSchemaObject } from './resources/schemas.ts';
export { openResourceStore, type ResourceStoreOptions } from './store/open-store.ts';
export type { ListQuery, NewObject, ObjectChange, ObjectKey, ResourceStore } from './store/resource-store.ts';
export { createWorkloads, type Workloads, type WorkloadsOptions } from './workloads.ts';
