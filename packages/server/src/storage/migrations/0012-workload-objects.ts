/** Objects of the workload API, the last changes of all of them, and who belongs to whom. */
import type { Migration } from './migration.ts';

export const workloadObjects: Migration = {
  version: 12,
  name: 'workload objects',
  statements: [
    // One sequence for all objects. Changes up to `pruned` are no longer kept.
    'CREATE TABLE workload_sequence (id BIGINT PRIMARY KEY NOT NULL, version BIGINT NOT NULL, pruned BIGINT NOT NULL)',
    'INSERT INTO workload_sequence (id, version, pruned) VALUES (1, 1, 1)',
    `CREATE TABLE workload_objects (
      resource TEXT NOT NULL,
      namespace TEXT NOT NULL,
      name TEXT NOT NULL,
      uid TEXT NOT NULL,
      version BIGINT NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (resource, namespace, name)
    )`,
    'CREATE INDEX workload_objects_uid ON workload_objects (uid)',
    // `write_id`: by which a writer finds the version that it was given. `previous`: how the object was before.
    `CREATE TABLE workload_changes (
      version BIGINT PRIMARY KEY NOT NULL,
      write_id TEXT NOT NULL,
      type TEXT NOT NULL,
      resource TEXT NOT NULL,
      namespace TEXT NOT NULL,
      name TEXT NOT NULL,
      body TEXT NOT NULL,
      previous TEXT,
      previous_version BIGINT
    )`,
    'CREATE UNIQUE INDEX workload_changes_write ON workload_changes (write_id)',
    `CREATE TABLE workload_owners (
      owner_uid TEXT NOT NULL,
      resource TEXT NOT NULL,
      namespace TEXT NOT NULL,
      name TEXT NOT NULL,
      PRIMARY KEY (owner_uid, resource, namespace, name)
    )`,
    'CREATE INDEX workload_owners_owned ON workload_owners (resource, namespace, name)',
  ],
};
