/** Backups: made, read back, restored, pruned. Loaded by the commands and by a gateway that makes them by itself. */
export type { ArchiveFacts, BackupHeader, LeftOut } from './archive.ts';
export type { EncryptFor, OpenWith } from './coding.ts';
export { createBackup, sizeInWords, type BackupMade } from './create.ts';
export { makeScheduled } from './make-scheduled.ts';
export { findArchive, openPlace, type PlaceContext } from './open-place.ts';
export type { Place, StoredBackup } from './place.ts';
export { pruneBackups, type Pruned } from './prune.ts';
export { nextDueMs, readScheduleRecord } from './schedule-record.ts';
export { restoreBackup, verifyBackup, withRestored, type ArchiveToRead, type ReadBack, type Restored } from './restore.ts';
export { createRestic, type Restic } from './restic.ts';
export type { KeepRules } from './retention.ts';
