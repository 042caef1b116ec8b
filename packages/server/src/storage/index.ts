/** What storage promises to the other parts. SQLite and PostgreSQL are seen by nobody beyond this folder. */
export type { Change, ChangeNote, Database, DatabaseHealth, Guard, Row, Statement, Value, WriteBatch } from './database.ts';
export {
  copyStoreOf,
  finishInterruptedReplacement,
  openState,
  proveState,
  restoreBeforeMigration,
  rollBackState,
  type State,
  type StateOptions,
} from './state.ts';
export { acquireStateLock, readStateOwner, type StateLock, type StateOwner } from './state-lock.ts';
export {
  abandonReplacement,
  belongsToThePlace,
  commitReplacement,
  contentOf,
  finishReplacement,
  prepareReplacement,
} from './replacement.ts';
export type { StoreCopy, StoreFile } from './sqlite/store-copy.ts';
export { writeDurably } from './sqlite/durable-files.ts';
export { placeLiveDatabase } from './filesystem.ts';
export type { RecoveryReport } from './sqlite/recovery.ts';
export type { RestoredMigration } from './sqlite/before-migration.ts';
export { startStorageThread, type StorageThread } from './sqlite/thread-call.ts';
