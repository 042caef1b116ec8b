/** Who changed what of keys, devices, secrets, configuration and approvals. */
import type { Migration } from './migration.ts';

export const audit: Migration = {
  version: 5,
  name: 'audit',
  statements: [
    `CREATE TABLE audit_log (
      position BIGINT PRIMARY KEY NOT NULL,
      at BIGINT NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      subject TEXT NOT NULL,
      detail TEXT NOT NULL
    )`,
  ],
};
