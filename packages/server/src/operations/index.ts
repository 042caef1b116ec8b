/** What operations offer to the program that puts the parts together. `doctor/` has a door of its own: only a command opens it. */
export * from './health/index.ts';
export { createBackupSchedule, type BackupSchedule } from './backup/schedule.ts';
export { createLoopGuard, loopGuardDefaults, type LoopGuard, type Refusal, type RefusalRecorded } from './loop-guard/index.ts';
export { ensureStateIdentity, type StateIdentity } from './state-identity/index.ts';
export { createMemoryWatch, type MemoryEvent, type MemoryState, type MemoryWatch, type MemoryWatchOptions } from './memory/index.ts';
export { createAudit, type Audit, type AuditQuestion } from './audit/index.ts';
export { createVolumeWatch, type VolumeWatch } from './volumes/watch.ts';
