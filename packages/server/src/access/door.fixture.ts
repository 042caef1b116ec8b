/** The door on a store in memory, with a device that signs, for tests. */
import type { ClientId, ClientMode, ConnectAuth, ConnectParams, DeviceProof } from '@openclaw/protocol';
import { createAuthenticator, type Authenticator } from './authenticator.ts';
import { createTestDevice, type MemoryTestStore, openMemoryStore, type TestDevice } from './devices/devices.fixture.ts';
import type { DeviceRegistry } from './devices/devices.ts';
import { createDoor, type DoorAnswer, type DoorPeer } from './door.ts';
import type { GateSettings } from './gate.ts';

export const secret = 'the-token-of-this-gateway';
export const challenge = { nonce: '3f1c6f0e-8f5a-4d8e-9e07-3a6a3e0c0f10', ts: 1_767_225_600_000 };

export interface Knock {
  /** `id/mode`. @default 'cli/cli' */
  readonly client?: `${ClientId}/${ClientMode}`;
  readonly role?: 'operator' | 'node';
  readonly scopes?: readonly string[];
  /** @default the gateway's token */
  readonly auth?: ConnectAuth;
  readonly device?: TestDevice;
  readonly proof?: Partial<DeviceProof>;
  /** An address. @default 'here': this machine, directly */
  readonly from?: string;
  readonly origin?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface DoorFixture extends AsyncDisposable {
  readonly store: MemoryTestStore;
  readonly devices: DeviceRegistry;
  readonly authenticator: Authenticator;
  knock(knock?: Knock): Promise<DoorAnswer>;
  /** `method scopes` of who is let in, else `details.code`. */
  result(knock?: Knock): Promise<string>;
  refusal(knock: Knock): Promise<Extract<DoorAnswer, { admitted: false }> & { readonly details: Readonly<Record<string, unknown>> }>;
  /** A device that was approved, with the token that it was given. */
  pair(scopes?: readonly string[]): Promise<{ readonly device: TestDevice; readonly deviceToken: string }>;
}

export const virtualKey = 'ock_of-somebody';

export async function openDoor(settings: GateSettings = { mode: 'token', secret }): Promise<DoorFixture> {
  const store = await openMemoryStore();
  const devices = await store.open();
  const { clock, log } = store;
  const principal = { kind: 'key', id: 'key_1', scopes: new Set(['models']), models: undefined } as const;
  const keys = { find: (text: string) => (text === virtualKey ? principal : undefined) };
  const authenticator = createAuthenticator({ ...settings, clock, keys, devices });
  const door = createDoor({ gate: authenticator.gate, devices, keys, clock, log });
  const knock = (wanted: Knock = {}): Promise<DoorAnswer> => door.admit({ params: paramsOf(wanted), challenge, peer: peerOf(wanted) });
  const result: DoorFixture['result'] = async (wanted) => {
    const answer = await knock(wanted);
    if (!answer.admitted) return String(answer.error.details?.['code']);
    return `${answer.principal.method} [${Array.from(answer.principal.scopes).join(' ')}]`;
  };
  return {
    ...{ store, devices, authenticator, knock, result },
    async refusal(wanted) {
      const answer = await knock(wanted);
      if (answer.admitted) throw new Error('was let in');
      return { ...answer, details: answer.error.details ?? {} };
    },
    async pair(scopes = ['operator.read']) {
      const device = createTestDevice();
      const answer = await knock({ device, scopes });
      if (!answer.admitted || answer.deviceToken === undefined) throw new Error('was not paired');
      return { device, deviceToken: answer.deviceToken };
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function paramsOf({ client = 'cli/cli', role, scopes = ['operator.read'], auth = { token: secret }, device, proof }: Knock): ConnectParams {
  const [id, mode] = client.split('/') as [ClientId, ClientMode];
  const params: ConnectParams = {
    minProtocol: 4,
    maxProtocol: 4,
    client: { id, mode, version: '1.0.0', platform: 'linux' },
    ...(role === undefined ? {} : { role }),
    scopes,
    auth,
  };
  return device ? device.prove(params, { challenge, ...(proof ? { changes: proof } : {}) }) : params;
}

function peerOf({ from = 'here', origin, headers = {} }: Knock): DoorPeer {
  const isHere = from === 'here';
  return {
    address: isHere ? '127.0.0.1' : from,
    isDirectLoopback: isHere,
    origin,
    headers: { ...headers, ...(origin === undefined ? {} : { origin }) },
  };
}
