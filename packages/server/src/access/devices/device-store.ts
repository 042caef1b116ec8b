/** The tables of devices and of those that ask to become one: rows and statements. It holds nothing in memory and decides nothing. */
import type { Database, Guard, Row, Statement, WriteBatch } from '../../storage/index.ts';
import type { PairedDevice, PairingRequest } from './contract.ts';

/** What a device may do in one role. */
export interface StoredRole {
  readonly role: string;
  readonly scopes: readonly string[];
  /** When it was approved, or its token was last made. */
  readonly createdAtMs: number;
  /** SHA-256 of the token, hexadecimal; null until the device comes for one. */
  readonly tokenHash: string | null;
}

/** A paired device as it is kept: with its roles and the hashes of their tokens in place of the tokens that are shown. */
export interface StoredDevice extends Omit<PairedDevice, 'tokens'> {
  /** Rises with every change but of when it was last seen. 0: not stored yet. */
  readonly revision: number;
  readonly roles: readonly StoredRole[];
}

const topic = 'devices';

export async function readDevices(database: Database): Promise<StoredDevice[]> {
  const [devices, roles] = await Promise.all([
    database.read({
      sql: `SELECT device_id, public_key, display_name, platform, device_family, client_id, client_mode, approved_via, created_at,
              approved_at, last_seen_at, last_seen_ip, revision FROM devices ORDER BY created_at, device_id`,
    }),
    database.read({ sql: 'SELECT device_id, role, scopes, created_at, token_hash FROM device_roles ORDER BY device_id, role' }),
  ]);
  const byDevice = Map.groupBy(roles, (row) => textOf(row, 'device_id'));
  return devices.map((row) => deviceOf(row, (byDevice.get(textOf(row, 'device_id')) ?? []).map(roleOf)));
}

export async function readPairingRequests(database: Database): Promise<PairingRequest[]> {
  const rows = await database.read({
    sql: `SELECT request_id, device_id, public_key, display_name, platform, device_family, client_id, client_mode, role, scopes,
            remote_ip, reason, created_at FROM pairing_requests ORDER BY created_at, request_id`,
  });
  return rows.map(requestOf);
}

/** The device as it is from now on. Nothing is written where somebody else has changed it meanwhile. */
export function saveDevice(device: StoredDevice): WriteBatch {
  return {
    guards: [unchanged(device)],
    statements: [
      {
        // When it was last seen is written by itself, and must not fall back to an older moment.
        sql: `INSERT INTO devices (device_id, public_key, display_name, platform, device_family, client_id, client_mode, approved_via,
                created_at, approved_at, last_seen_at, last_seen_ip, revision)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
              ON CONFLICT (device_id) DO UPDATE SET display_name = excluded.display_name, platform = excluded.platform,
                device_family = excluded.device_family, client_id = excluded.client_id, client_mode = excluded.client_mode,
                approved_via = excluded.approved_via, approved_at = excluded.approved_at, revision = excluded.revision`,
        params: [
          ...[device.deviceId, device.publicKey, device.displayName, device.platform, device.deviceFamily],
          ...[device.clientId, device.clientMode, device.approvedVia, device.createdAtMs, device.approvedAtMs],
          ...[device.lastSeenAtMs, device.lastSeenIp, device.revision + 1],
        ],
      },
      { sql: 'DELETE FROM device_roles WHERE device_id = $1', params: [device.deviceId] },
      ...device.roles.map(({ role, scopes, createdAtMs, tokenHash }): Statement => ({
        sql: 'INSERT INTO device_roles (device_id, role, scopes, created_at, token_hash) VALUES ($1, $2, $3, $4, $5)',
        params: [device.deviceId, role, JSON.stringify(scopes), createdAtMs, tokenHash],
      })),
    ],
    changes: [{ topic, key: device.deviceId }],
  };
}

export function deleteDevice(device: StoredDevice): WriteBatch {
  return {
    guards: [unchanged(device)],
    statements: [
      { sql: 'DELETE FROM devices WHERE device_id = $1', params: [device.deviceId] },
      { sql: 'DELETE FROM device_roles WHERE device_id = $1', params: [device.deviceId] },
    ],
    changes: [{ topic, key: device.deviceId }],
  };
}

export function saveSeen(deviceId: string, atMs: number, address: string): WriteBatch {
  const sql = 'UPDATE devices SET last_seen_at = $2, last_seen_ip = $3 WHERE device_id = $1';
  return { statements: [{ sql, params: [deviceId, atMs, address] }] };
}

export function insertPairingRequest(request: PairingRequest): Statement {
  return {
    sql: `INSERT INTO pairing_requests (request_id, device_id, public_key, display_name, platform, device_family, client_id,
            client_mode, role, scopes, remote_ip, reason, created_at)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    params: [
      ...[request.requestId, request.deviceId, request.publicKey, request.displayName, request.platform, request.deviceFamily],
      ...[request.clientId, request.clientMode, request.role, JSON.stringify(request.scopes)],
      ...[request.remoteIp, request.reason, request.createdAtMs],
    ],
  };
}

export function deletePairingRequest(requestId: string): Statement {
  return { sql: 'DELETE FROM pairing_requests WHERE request_id = $1', params: [requestId] };
}

/** Of two who decide the same request, one wins. */
export function stillPending(requestId: string): Guard {
  const sql = 'SELECT request_id FROM pairing_requests WHERE request_id = $1';
  return { name: `the pairing request ${requestId}`, expect: 'row', sql, params: [requestId] };
}

function unchanged({ deviceId, revision }: StoredDevice): Guard {
  const name = `the device ${deviceId}`;
  if (revision === 0) return { name, expect: 'noRow', sql: 'SELECT device_id FROM devices WHERE device_id = $1', params: [deviceId] };
  const sql = 'SELECT device_id FROM devices WHERE device_id = $1 AND revision = $2';
  return { name, expect: 'row', sql, params: [deviceId, revision] };
}

function deviceOf(row: Row, roles: readonly StoredRole[]): StoredDevice {
  return {
    deviceId: textOf(row, 'device_id'),
    publicKey: textOf(row, 'public_key'),
    displayName: textOrNull(row, 'display_name'),
    platform: textOrNull(row, 'platform'),
    deviceFamily: textOrNull(row, 'device_family'),
    clientId: textOf(row, 'client_id'),
    clientMode: textOf(row, 'client_mode'),
    approvedVia: textOf(row, 'approved_via'),
    createdAtMs: Number(row['created_at']),
    approvedAtMs: Number(row['approved_at']),
    lastSeenAtMs: row['last_seen_at'] === null ? null : Number(row['last_seen_at']),
    lastSeenIp: textOrNull(row, 'last_seen_ip'),
    revision: Number(row['revision']),
    roles,
  };
}

function roleOf(row: Row): StoredRole {
  return {
    role: textOf(row, 'role'),
    scopes: scopesOf(row),
    createdAtMs: Number(row['created_at']),
    tokenHash: textOrNull(row, 'token_hash'),
  };
}

function requestOf(row: Row): PairingRequest {
  return {
    requestId: textOf(row, 'request_id'),
    deviceId: textOf(row, 'device_id'),
    publicKey: textOf(row, 'public_key'),
    displayName: textOrNull(row, 'display_name'),
    platform: textOrNull(row, 'platform'),
    deviceFamily: textOrNull(row, 'device_family'),
    clientId: textOf(row, 'client_id'),
    clientMode: textOf(row, 'client_mode'),
    role: textOf(row, 'role'),
    scopes: scopesOf(row),
    remoteIp: textOf(row, 'remote_ip'),
    reason: textOf(row, 'reason') as PairingRequest['reason'],
    createdAtMs: Number(row['created_at']),
  };
}

function scopesOf(row: Row): string[] {
  return JSON.parse(textOf(row, 'scopes')) as string[];
}

function textOf(row: Row, column: string): string {
  return String(row[column]);
}

function textOrNull(row: Row, column: string): string | null {
  const value = row[column];
  return value === null || value === undefined ? null : String(value);
}
