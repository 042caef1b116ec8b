/** Devices that were let in, what each may do, and requests that wait for an operator. */
import type { Migration } from './migration.ts';

export const devices: Migration = {
  version: 4,
  name: 'devices',
  statements: [
    // `revision` rises with every change of what a device may do, so that two who decide at once do not both win.
    `CREATE TABLE devices (
      device_id TEXT PRIMARY KEY NOT NULL,
      public_key TEXT NOT NULL,
      display_name TEXT,
      platform TEXT,
      device_family TEXT,
      client_id TEXT NOT NULL,
      client_mode TEXT NOT NULL,
      approved_via TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      approved_at BIGINT NOT NULL,
      last_seen_at BIGINT,
      last_seen_ip TEXT,
      revision BIGINT NOT NULL
    )`,
    `CREATE TABLE device_roles (
      device_id TEXT NOT NULL,
      role TEXT NOT NULL,
      scopes TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      token_hash TEXT,
      PRIMARY KEY (device_id, role)
    )`,
    `CREATE TABLE pairing_requests (
      request_id TEXT PRIMARY KEY NOT NULL,
      device_id TEXT NOT NULL,
      public_key TEXT NOT NULL,
      display_name TEXT,
      platform TEXT,
      device_family TEXT,
      client_id TEXT NOT NULL,
      client_mode TEXT NOT NULL,
      role TEXT NOT NULL,
      scopes TEXT NOT NULL,
      remote_ip TEXT NOT NULL,
      reason TEXT NOT NULL,
      created_at BIGINT NOT NULL
    )`,
  ],
};
