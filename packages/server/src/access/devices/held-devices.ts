/**
 * All paired devices in memory, found by id and by token. It tells what a change means for those who are connected.
 *
 * It reads and writes no database: see `devices.ts`.
 */
import { hash } from 'node:crypto';
import type { DeviceChange } from './contract.ts';
import type { StoredDevice, StoredRole } from './device-store.ts';

/** The prefix makes a token recognisable in files that should not hold one. */
export const deviceTokenPrefix = 'ocd_';

export interface TokenHolder {
  readonly deviceId: string;
  readonly role: string;
  readonly scopes: readonly string[];
}

export interface HeldDevices {
  readonly size: number;
  get(deviceId: string): StoredDevice | undefined;
  /** In the order of their creation. */
  all(): StoredDevice[];
  findToken(token: string): TokenHolder | undefined;
  /** Takes a device in, or what has become of it. */
  put(device: StoredDevice): void;
  /** As `put`, of something that nobody needs to hear of. */
  putQuietly(device: StoredDevice): void;
  remove(deviceId: string): void;
  /** What the store has, in place of everything held. */
  replaceAll(devices: readonly StoredDevice[]): void;
}

export function createHeldDevices(emit: (change: DeviceChange) => void): HeldDevices {
  const byId = new Map<string, StoredDevice>();
  const byToken = new Map<string, TokenHolder>();

  const index = (device: StoredDevice): void => {
    forget(byId.get(device.deviceId));
    byId.set(device.deviceId, device);
    for (const { role, scopes, tokenHash } of device.roles) {
      if (tokenHash !== null) byToken.set(tokenHash, { deviceId: device.deviceId, role, scopes });
    }
  };
  const forget = (device: StoredDevice | undefined): void => {
    for (const { tokenHash } of device?.roles ?? []) if (tokenHash !== null) byToken.delete(tokenHash);
  };

  const put = (device: StoredDevice): void => {
    const reason = endOf(byId.get(device.deviceId), device);
    index(device);
    if (reason !== undefined) emit({ kind: 'invalidated', deviceId: device.deviceId, reason });
    emit({ kind: 'changed', deviceId: device.deviceId });
  };
  const remove = (deviceId: string): void => {
    const device = byId.get(deviceId);
    if (device === undefined) return;
    forget(device);
    byId.delete(deviceId);
    emit({ kind: 'invalidated', deviceId, reason: 'device removed' });
    emit({ kind: 'changed', deviceId });
  };

  return {
    get size() {
      return byId.size;
    },
    get: (deviceId) => byId.get(deviceId),
    all: () => Array.from(byId.values()).sort((left, right) => left.createdAtMs - right.createdAtMs),
    // By its hash, so that the time of the search says nothing of the tokens that there are.
    findToken: (token) => (token.startsWith(deviceTokenPrefix) ? byToken.get(hash('sha256', token)) : undefined),
    put,
    putQuietly: index,
    remove,
    replaceAll(devices) {
      const kept = new Set(devices.map(({ deviceId }) => deviceId));
      for (const deviceId of Array.from(byId.keys())) if (!kept.has(deviceId)) remove(deviceId);
      for (const device of devices) {
        if (byId.get(device.deviceId)?.revision === device.revision) index(device);
        else put(device);
      }
    },
  };
}

/** Why connections of the device must end, if they must. */
function endOf(before: StoredDevice | undefined, after: StoredDevice): string | undefined {
  for (const role of before?.roles ?? []) {
    const now = after.roles.find((candidate) => candidate.role === role.role);
    if (now === undefined) return 'device token revoked';
    if (isReplaced(role, now)) return 'device token rotated';
  }
  return undefined;
}

/** A first token replaces none. */
function isReplaced(before: StoredRole, after: StoredRole): boolean {
  return before.tokenHash !== null && after.tokenHash !== before.tokenHash;
}
