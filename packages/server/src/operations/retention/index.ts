/** How long things are kept: rules, the one sweep over all of them, and where runs and logs go then. */
export { createColdStorage, type ColdStorage, type LogRange } from './cold-storage.ts';
export type { RetentionReport, RetentionRow, RetentionRule } from './contract.ts';
export { backupRule } from './backups.ts';
export { aboutLog, closedLogFiles, keepLogsCold, logRule, timeOf } from './log-files.ts';
export { createSweeper, type Sweeper } from './sweeper.ts';
