/** `device.*`: what operators do with devices; and what clients are told of it. */
import { closeCodes } from '@openclaw/protocol';
import type { BroadcastOptions, Hub, MethodCall, MethodTable } from '../contract.ts';
import type { Approver, Devices, PairedDevice, PairingRequest } from '../../../access/index.ts';
import { actorOf } from './actor.ts';
import { noParams, Params } from './params.ts';

export interface DeviceMethodsOptions {
  readonly devices: Devices;
  readonly hub: Pick<Hub, 'clients'>;
}

const idLimit = { limit: 200 } as const;

export function createDeviceMethods(options: DeviceMethodsOptions): MethodTable {
  const { devices, hub } = options;
  return {
    'device.pair.list': {
      scope: 'operator.pairing',
      run({ params }) {
        noParams(params);
        const connected = new Set(hub.clients().map(({ principal }) => principal.deviceId));
        return {
          pending: devices.pending().map(pendingShape),
          paired: devices.paired().map((device) => deviceShape(device, connected.has(device.deviceId))),
        };
      },
    },
    'device.pair.approve': decision(async (requestId, approver) => {
      const device = await devices.approve(requestId, approver);
      return { requestId, device: deviceShape(device, false) };
    }),
    'device.pair.reject': decision(async (requestId, approver) => {
      const { deviceId } = await devices.reject(requestId, approver);
      return { requestId, deviceId };
    }),
    ...keptDevices(devices),
  };
}

function decision(decide: (requestId: string, approver: Approver) => Promise<object>): MethodTable[string] {
  return {
    scope: 'operator.pairing',
    run(call) {
      const read = new Params(call.params);
      const requestId = read.text('requestId', idLimit);
      read.end();
      return decide(requestId, approverOf(call));
    },
  };
}

function keptDevices(devices: Devices): MethodTable {
  return {
    'device.pair.remove': {
      scope: 'operator.pairing',
      async run(call) {
        const read = new Params(call.params);
        const deviceId = read.text('deviceId', idLimit);
        read.end();
        await devices.remove(deviceId, approverOf(call));
        return { deviceId };
      },
    },
    'device.pair.rename': {
      scope: 'operator.pairing',
      async run(call) {
        const read = new Params(call.params);
        const deviceId = read.text('deviceId', idLimit);
        const displayName = read.text('displayName', { limit: 200 });
        read.end();
        return { deviceId, device: deviceShape(await devices.rename(deviceId, displayName, approverOf(call)), false) };
      },
    },
    'device.token.rotate': {
      scope: 'operator.pairing',
      async run(call) {
        const read = new Params(call.params);
        const which = { deviceId: read.text('deviceId', idLimit), role: read.optionalText('role', idLimit) ?? 'operator' };
        const scopes = read.texts('scopes', { limit: 32, each: 100 });
        read.end();
        const {
          token,
          issuedAtMs,
          role,
          scopes: granted,
        } = await devices.rotate({ ...which, ...(scopes ? { scopes } : {}) }, approverOf(call));
        return { deviceId: which.deviceId, role, token, scopes: granted, rotatedAtMs: issuedAtMs };
      },
    },
    'device.token.revoke': {
      scope: 'operator.pairing',
      async run(call) {
        const read = new Params(call.params);
        const which = { deviceId: read.text('deviceId', idLimit), role: read.optionalText('role', idLimit) ?? 'operator' };
        read.end();
        await devices.revoke(which, approverOf(call));
        return { ...which, revoked: true };
      },
    },
  };
}

const pairers: BroadcastOptions = { scope: 'operator.pairing' };

export interface PublishDevicesOptions {
  readonly devices: Pick<Devices, 'onChange'>;
  readonly hub: Pick<Hub, 'broadcast' | 'closeWhere'>;
  readonly now: () => number;
}

/** Tells whoever may approve what asks, and closes the connections of devices that may not be here any more. @returns ends it */
export function publishDevices({ devices, hub, now }: PublishDevicesOptions): () => void {
  return devices.onChange((change) => {
    switch (change.kind) {
      case 'requested':
        return hub.broadcast('device.pair.requested', pendingShape(change.request), pairers);
      case 'resolved': {
        const { requestId, deviceId, decision: decided } = change;
        return hub.broadcast('device.pair.resolved', { requestId, deviceId, decision: decided, ts: now() }, pairers);
      }
      case 'changed':
        return hub.broadcast('device.pair.changed', { deviceId: change.deviceId, ts: now() }, pairers);
      case 'invalidated': {
        const close = { code: closeCodes.authChanged, reason: `client invalidated: ${change.reason}` };
        hub.closeWhere(({ principal }) => principal.deviceId === change.deviceId, close);
        return hub.broadcast('device.pair.changed', { deviceId: change.deviceId, ts: now() }, pairers);
      }
    }
  });
}

function approverOf({ client }: MethodCall): Approver {
  const { method, deviceId, scopes } = client.principal;
  const bound = method === 'device-token' && deviceId !== undefined ? { boundTo: deviceId } : {};
  return { id: actorOf(client.principal), scopes, ...bound };
}

function pendingShape({ createdAtMs, reason, ...request }: PairingRequest): object {
  return { ...withoutNulls(request), roles: [request.role], reason, silent: false, isRepair: reason !== 'not-paired', ts: createdAtMs };
}

function deviceShape({ tokens, ...device }: PairedDevice, isConnected: boolean): object {
  const scopes = [...new Set(tokens.flatMap((token) => token.scopes))];
  return {
    ...withoutNulls(device),
    ...{ role: tokens[0]?.role ?? 'operator', roles: tokens.map(({ role }) => role), scopes, connected: isConnected },
    tokens: tokens.map(({ role, scopes: held, createdAtMs }) => ({ role, scopes: held, createdAtMs })),
  };
}

/** The clients know such fields as absent. */
function withoutNulls(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
