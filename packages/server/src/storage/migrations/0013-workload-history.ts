/** What is remembered of workloads beside their objects: what their controllers decided, their revisions, readings, marks and lines. */
import type { Migration } from './migration.ts';

export const workloadHistory: Migration = {
  version: 13,
  name: 'workload-history',
  statements: [
    // One document each: it is always read and written as a whole, by one owner.
    `CREATE TABLE workload_ledgers (
      workload_uid TEXT PRIMARY KEY NOT NULL,
      namespace TEXT NOT NULL,
      name TEXT NOT NULL,
      ledger TEXT NOT NULL
    )`,
    `CREATE TABLE workload_revisions (
      workload_uid TEXT NOT NULL,
      revision BIGINT NOT NULL,
      hash TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      spec TEXT NOT NULL,
      cause TEXT,
      PRIMARY KEY (workload_uid, revision)
    )`,
    `CREATE TABLE workload_instances (
      workload_uid TEXT NOT NULL,
      instance TEXT NOT NULL,
      first_at BIGINT NOT NULL,
      last_at BIGINT NOT NULL,
      facts TEXT NOT NULL,
      PRIMARY KEY (workload_uid, instance)
    )`,
    // Many samples in a row: as single rows they would cost ten times the room. `tier`: how far apart they are.
    `CREATE TABLE workload_samples (
      workload_uid TEXT NOT NULL,
      instance TEXT NOT NULL,
      tier BIGINT NOT NULL,
      from_at BIGINT NOT NULL,
      to_at BIGINT NOT NULL,
      samples TEXT NOT NULL,
      PRIMARY KEY (workload_uid, instance, tier, from_at)
    )`,
    'CREATE INDEX workload_samples_age ON workload_samples (tier, to_at)',
    `CREATE TABLE workload_marks (
      workload_uid TEXT NOT NULL,
      instance TEXT NOT NULL,
      at BIGINT NOT NULL,
      kind TEXT NOT NULL,
      text TEXT,
      PRIMARY KEY (workload_uid, instance, at, kind)
    )`,
    'CREATE INDEX workload_marks_age ON workload_marks (at)',
    `CREATE TABLE workload_lines (
      workload_uid TEXT NOT NULL,
      at BIGINT NOT NULL,
      ordinal BIGINT NOT NULL,
      instance TEXT NOT NULL,
      container TEXT NOT NULL,
      text TEXT NOT NULL,
      PRIMARY KEY (workload_uid, at, ordinal)
    )`,
    'CREATE INDEX workload_lines_age ON workload_lines (at)',
    `CREATE TABLE workload_recordings (
      trace_uid TEXT NOT NULL,
      instance TEXT NOT NULL,
      from_at BIGINT NOT NULL,
      samples TEXT NOT NULL,
      PRIMARY KEY (trace_uid, instance, from_at)
    )`,
  ],
};
