/**
 * Devices as the commands reach them: through the running gateway, else, where none runs, in the state itself.
 *
 * A command never opens the database beside a live gateway.
 */
import type { OpenedState } from '../../compose/index.ts';
import type { JsonObject } from '../../core/json.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Connect, ControlSession } from './control.ts';
import type { TargetFlags } from '../gateway-target.ts';
import { objectAt, textAt } from './payload.ts';
import type { Terminal } from '../terminal.ts';

/** One that waits, as `device.pair.list` shows it. */
export interface ShownRequest {
  readonly requestId: string;
  readonly deviceId: string;
  readonly displayName?: string | null;
  readonly platform?: string | null;
  readonly clientId?: string;
  readonly clientMode?: string;
  readonly role?: string;
  readonly scopes?: readonly string[];
  readonly remoteIp?: string;
  readonly reason?: string;
  readonly ts?: number;
}

export interface ShownDevice {
  readonly deviceId: string;
  readonly displayName?: string | null;
  readonly platform?: string | null;
  readonly clientId?: string;
  readonly approvedVia?: string;
  readonly approvedAtMs?: number;
  readonly lastSeenAtMs?: number | null;
  readonly connected?: boolean;
  readonly tokens?: readonly { readonly role: string; readonly scopes: readonly string[] }[];
}

export interface DeviceList {
  readonly pending: readonly ShownRequest[];
  readonly paired: readonly ShownDevice[];
}

export interface DeviceRole {
  readonly deviceId: string;
  readonly role: string;
}

export interface DevicesClient {
  list(): Promise<DeviceList>;
  /** @returns the device's id */
  approve(requestId: string): Promise<string>;
  reject(requestId: string): Promise<void>;
  remove(deviceId: string): Promise<void>;
  rename(deviceId: string, displayName: string): Promise<void>;
  /** @returns the new token; undefined where the gateway told it to the device alone */
  rotate(which: DeviceRole & { readonly scopes?: readonly string[] }): Promise<string | undefined>;
  revoke(which: DeviceRole): Promise<void>;
}

export type UseDevices = <Result>(flags: TargetFlags, use: (devices: DevicesClient) => Promise<Result>) => Promise<Result>;

/** @param connect to the gateway, where there is one */
export function createUseDevices(terminal: Terminal, connect: Connect): UseDevices {
  return async (flags, use) => {
    const { findLocalPlace, isGatewayNamed } = await import('../gateway-target.ts');
    /** Approving gives away what the device asked for, and only who has it may do that. */
    const ask = () => connect({ flags, scopes: ['operator.admin', 'operator.pairing'] }, (session) => use(overGateway(session)));
    if (isGatewayNamed(flags, terminal.env)) return ask();
    const { stateDirectory, owner } = await findLocalPlace(terminal.env);
    if (owner) return ask();
    const [{ openStateForCommand }, { silentLog }] = await Promise.all([import('../../compose/index.ts'), import('./place.ts')]);
    const state = await openStateForCommand(stateDirectory, silentLog());
    try {
      return await use(overState(state));
    } finally {
      await state.close();
    }
  };
}

function overGateway({ request }: ControlSession): DevicesClient {
  const list = async (): Promise<DeviceList> => {
    const { pending = [], paired = [] } = await request<Partial<DeviceList>>('device.pair.list', {});
    return { pending, paired };
  };
  return {
    list,
    approve: async (requestId) => textAt(objectAt(await request('device.pair.approve', { requestId }), 'device'), 'deviceId') ?? '',
    reject: async (requestId) => void (await request('device.pair.reject', { requestId })),
    remove: async (deviceId) => void (await request('device.pair.remove', { deviceId })),
    rename: async (deviceId, displayName) => void (await request('device.pair.rename', { deviceId, displayName })),
    rotate: async (which) => textAt(await request<JsonObject>('device.token.rotate', which), 'token'),
    revoke: async (which) => void (await request('device.token.revoke', which)),
  };
}

function overState({ devices }: Pick<OpenedState, 'devices'>): DevicesClient {
  // Whoever can open the state directory may do everything with it.
  const approver = { id: 'cli', scopes: new Set(['operator.admin']) };
  return {
    list: () =>
      Promise.resolve({
        pending: devices.pending().map((request) => ({ ...request, ts: request.createdAtMs })),
        paired: devices.paired().map((device) => ({ ...device, connected: false })),
      }),
    approve: async (requestId) => (await devices.approve(requestId, approver)).deviceId,
    reject: async (requestId) => void (await devices.reject(requestId, approver)),
    remove: (deviceId) => devices.remove(deviceId, approver),
    rename: async (deviceId, displayName) => void (await devices.rename(deviceId, displayName, approver)),
    rotate: async (which) => (await devices.rotate(which, approver)).token,
    revoke: (which) => devices.revoke(which, approver),
  };
}

/** @throws OpenClawError `usage_error` where nothing, or more than one thing, is meant by it */
export function pick<Item>(
  wanted: string,
  items: readonly Item[],
  { idOf, kind }: { readonly idOf: (item: Item) => string; readonly kind: string },
): Item {
  const meant = items.filter((item) => idOf(item) === wanted);
  const found = meant.length > 0 ? meant : items.filter((item) => wanted.length >= 4 && idOf(item).startsWith(wanted));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const reason = found.length === 0 ? `There is no ${kind} ${wanted}` : `${found.length} are meant by ${wanted}`;
  const ids = (found.length === 0 ? items : found).map(idOf);
  const suggestion = ids.length === 0 ? '`openclaw devices list` shows what there is.' : `Name one of: ${ids.slice(0, 5).join(', ')}.`;
  throw new OpenClawError('command_refused', { details: { reason, suggestion } });
}
