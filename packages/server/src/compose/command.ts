/**
 * What commands need where no gateway runs: the configuration's models, and the state itself for a moment.
 */
import { createAllowances, createDevices, createVirtualKeys, type DeviceRegistry, type VirtualKeys } from '../access/index.ts';
import type { Configuration } from '../config/index.ts';
import { systemClock } from '../core/clock.ts';
import { createIds } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import {
  createStoredTrails,
  createUsageReader,
  describeConfigured,
  type ModelDirectory,
  type StoredTrails,
  type UsageReader,
} from '../models/index.ts';
import { createAudit, type Audit } from '../operations/index.ts';
import { openState } from '../storage/index.ts';
import { findProviderKeys } from './provider-keys.ts';

/** What can be asked for by the configuration alone, for the command line where no gateway runs. */
export function describeModels(configuration: Configuration): ModelDirectory {
  return describeConfigured({ settings: configuration.settings.models, keysFromEnvironment: findProviderKeys(configuration) });
}

/** What the command line needs of the state when no gateway runs; the lock is held until `close`. */
export interface OpenedState {
  readonly keys: VirtualKeys;
  readonly usage: UsageReader;
  readonly trails: StoredTrails;
  readonly devices: DeviceRegistry;
  readonly audit: Audit;
  close(): Promise<void>;
}

/** @throws OpenClawError `state_locked` if a gateway holds the state after all, and whatever keeps the state from opening */
export async function openStateForCommand(stateDirectory: string, log: Log): Promise<OpenedState> {
  const clock = systemClock;
  const state = await openState(stateDirectory, { clock, log, waitMs: 0 });
  const usage = createUsageReader(state.database);
  const allowances = createAllowances({ clock, spending: (question) => usage.spending(question) });
  const { database } = state;
  const audit = createAudit({ database, clock, log });
  const keys = await createVirtualKeys({ database, clock, ids: createIds({ clock }), allowances, audit });
  const devices = await createDevices({ database, clock, log, audit });
  return {
    keys,
    usage,
    devices,
    audit,
    trails: createStoredTrails(database),
    async close() {
      keys.close();
      await devices.close();
      await state.close();
    },
  };
}
