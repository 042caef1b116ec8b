/** What storage promises to the other parts. SQLite and PostgreSQL are seen by nobody beyond this folder. */
export type { Change, ChangeNote, Database, DatabaseHealth, Guard, Row, Statement, Value, WriteBatch } from './database.ts';
export { openState, restoreBeforeMigration, rollBackState, type State, type StateOptions } from './state.ts';
export { readStateOwner, type StateLock, type StateOwner } from './state-lock.ts';
export type { RecoveryReport } from './sqlite/recovery.ts';
export type { RestoredMigration } from './sqlite/before-migration.ts';
export { startStorageThread, type StorageThread } from './sqlite/thread-call.ts';
