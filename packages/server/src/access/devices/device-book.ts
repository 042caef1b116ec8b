/**
 * The tables of devices and what memory holds of them, kept in step: one change at a time, durable before it is in force.
 *
 * It decides about no device: see `devices.ts`.
 */
import type { Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Database, WriteBatch } from '../../storage/index.ts';
import type { DeviceChange, PairingRequest } from './contract.ts';
import * as store from './device-store.ts';
import { createHeldDevices, type HeldDevices } from './held-devices.ts';
import { followNeighbours } from './neighbours.ts';
import { createPendingRequests, type PendingLimits, type PendingRequests } from './pending-requests.ts';

export interface DeviceBookOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: DeviceLimits;
}

export interface DeviceLimits extends PendingLimits {
  /** Paired devices; more are refused. @default 1_000 */
  readonly devices?: number;
  /** How old the moment may get at which a device was last seen, before it is written again. @default 60_000 */
  readonly seenEveryMs?: number;
}

export const deviceDefaults = { devices: 1000, seenEveryMs: 60_000 } as const;

export type Decision = Extract<DeviceChange, { kind: 'resolved' }>['decision'];

/** Requests that come and go together with a change. */
export interface Requests {
  readonly resolved?: readonly (readonly [PairingRequest, Decision])[];
  readonly added?: PairingRequest;
  /** Those of `resolved` that must still wait: of two who decide the same request, one wins. */
  readonly guarded?: boolean;
}

export interface DeviceBook {
  readonly held: Pick<HeldDevices, 'get' | 'all' | 'findToken'>;
  readonly pending: Pick<PendingRequests, 'get' | 'list' | 'find' | 'giveWay'>;
  /** Makes one change after the other. What another process has changed meanwhile is read, and the change made anew on that. */
  change<Result>(make: () => Promise<Result>): Promise<Result>;
  /** Inside `change`. @returns the device as stored @throws OpenClawError `too_many_devices` */
  save(device: store.StoredDevice, requests?: Requests): Promise<store.StoredDevice>;
  /** Inside `change`. */
  remove(device: store.StoredDevice, requests: Requests): Promise<void>;
  /** Inside `change`. */
  saveRequests(requests: Requests): Promise<void>;
  /** Notes that a device came in; written at most once a minute. */
  seen(deviceId: string, address: string): void;
  onChange(listener: (change: DeviceChange) => void): () => void;
  /** Ends timers and listening, and waits for what is being written. */
  close(): Promise<void>;
}

const sweepMs = 60_000;

/** Loads what the tables have. */
export async function openDeviceBook(options: DeviceBookOptions): Promise<DeviceBook> {
  const { database, clock, log } = options;
  const limits = { ...deviceDefaults, ...options.limits };
  const changes = createAnnouncer(log);
  const held = createHeldDevices(changes.emit);
  const pending = createPendingRequests(clock, limits);
  const turns = createTurns();
  const load = async (): Promise<void> => {
    const [devices, requests] = await Promise.all([store.readDevices(database), store.readPairingRequests(database)]);
    held.replaceAll(devices);
    takeRequests(requests, { held, pending, emit: changes.emit });
  };
  const neighbours = followNeighbours({ database, clock, log, reload: () => turns.take(load) });

  const write = createWriter({ database, pending, emit: changes.emit, announce: neighbours.announce });
  const sweep = async (): Promise<void> => {
    const over = pending.expired();
    if (over.length === 0) return;
    await write({ statements: [] }, { resolved: over.map((request) => [request, 'expired'] as const) }, () => {});
  };
  const sweeper = clock.every(sweepMs, () => {
    turns
      .take(sweep)
      .catch((thrown: unknown) => log.warn('pairing requests that are over could not be deleted', { reason: reasonOf(thrown) }));
  });
  await turns.take(load);

  return {
    held,
    pending,
    change: (make) => turns.take(() => twice(make, load)),
    async save(device, requests = {}) {
      if (device.revision === 0 && held.size >= limits.devices)
        throw new OpenClawError('too_many_devices', { details: { limit: limits.devices } });
      const stored = { ...device, revision: device.revision + 1 };
      await write(store.saveDevice(device), requests, () => held.put(stored));
      return stored;
    },
    remove: (device, requests) => write(store.deleteDevice(device), requests, () => held.remove(device.deviceId)),
    saveRequests: (requests) => write({ statements: [] }, requests, () => {}),
    seen: noteSightings({ ...options, held, everyMs: limits.seenEveryMs }),
    onChange: changes.listen,
    async close() {
      neighbours.close();
      sweeper.cancel();
      changes.close();
      await turns.idle();
    },
  };
}

interface WriterOptions {
  readonly database: Database;
  readonly pending: PendingRequests;
  readonly emit: (change: DeviceChange) => void;
  readonly announce: () => Promise<void>;
}

type Writer = (batch: WriteBatch, requests: Requests, apply: () => void) => Promise<void>;

/** Writes, and only then lets it be in force. */
function createWriter({ database, pending, emit, announce }: WriterOptions): Writer {
  return async (batch, requests, apply) => {
    const also = statementsFor(requests);
    await database.write({
      ...batch,
      guards: [...(batch.guards ?? []), ...(also.guards ?? [])],
      statements: [...batch.statements, ...also.statements],
    });
    apply();
    for (const [{ requestId, deviceId }, decision] of requests.resolved ?? []) {
      pending.remove(requestId);
      emit({ kind: 'resolved', requestId, deviceId, decision });
    }
    if (requests.added) {
      pending.add(requests.added);
      emit({ kind: 'requested', request: requests.added });
    }
    await announce();
  };
}

interface Turns {
  take<Result>(action: () => Promise<Result>): Promise<Result>;
  /** Resolves once everything that was taken is over. */
  idle(): Promise<void>;
}

/** One action at a time, in the order of the calls: each is decided on what the one before has left. */
function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(action) {
      const result = last.then(action);
      // Whoever called is told of a failure; the next one is none of its business.
      last = result.then(
        () => {},
        () => {},
      );
      return result;
    },
    idle: async () => void (await last),
  };
}

async function twice<Result>(make: () => Promise<Result>, load: () => Promise<void>): Promise<Result> {
  try {
    return await make();
  } catch (thrown) {
    if (!(thrown instanceof OpenClawError) || thrown.code !== 'storage_conflict') throw thrown;
    await load();
    return make();
  }
}

function createAnnouncer(log: Log) {
  const listeners = new Set<(change: DeviceChange) => void>();
  return {
    emit(change: DeviceChange): void {
      for (const listener of listeners) {
        try {
          listener(change);
        } catch (thrown) {
          log.error('a change of a device was not taken up', { kind: change.kind, reason: reasonOf(thrown) });
        }
      }
    },
    listen(listener: (change: DeviceChange) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => listeners.clear(),
  };
}

interface Memory {
  readonly held: HeldDevices;
  readonly pending: PendingRequests;
  readonly emit: (change: DeviceChange) => void;
}

/** What the store has of requests; those that are gone were decided by another process. */
function takeRequests(requests: readonly PairingRequest[], { held, pending, emit }: Memory): void {
  const gone = new Map(pending.list().map((request) => [request.requestId, request]));
  for (const request of requests) {
    gone.delete(request.requestId);
    if (pending.has(request.requestId)) continue;
    pending.add(request);
    if (pending.get(request.requestId)) emit({ kind: 'requested', request });
  }
  for (const { requestId, deviceId, role, scopes } of gone.values()) {
    const approved = held.get(deviceId)?.roles.find((candidate) => candidate.role === role)?.scopes;
    const decision = approved !== undefined && scopes.every((scope) => approved.includes(scope)) ? 'approved' : 'rejected';
    pending.remove(requestId);
    emit({ kind: 'resolved', requestId, deviceId, decision });
  }
}

function statementsFor({ resolved = [], added, guarded = false }: Requests): WriteBatch {
  const going = resolved.map(([{ requestId }]) => requestId);
  return {
    guards: guarded ? going.map(store.stillPending) : [],
    statements: [...going.map(store.deletePairingRequest), ...(added ? [store.insertPairingRequest(added)] : [])],
  };
}

interface SightingOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly held: HeldDevices;
  readonly everyMs: number;
}

/** Nobody waits for it, and nothing but a date is lost where it fails. */
function noteSightings({ database, clock, log, held, everyMs }: SightingOptions): DeviceBook['seen'] {
  return (deviceId, address) => {
    const device = held.get(deviceId);
    const atMs = clock.now();
    if (device === undefined) return;
    const { lastSeenAtMs, lastSeenIp } = device;
    if (lastSeenAtMs !== null && lastSeenIp === address && Math.abs(atMs - lastSeenAtMs) < everyMs) return;
    held.putQuietly({ ...device, lastSeenAtMs: atMs, lastSeenIp: address });
    database.write(store.saveSeen(deviceId, atMs, address)).catch((thrown: unknown) => {
      log.warn('when a device was last seen could not be written', { deviceId, reason: reasonOf(thrown) });
    });
  };
}
