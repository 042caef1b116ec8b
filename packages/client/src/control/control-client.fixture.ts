/** A client on a gateway in memory, with all that it tells written down; for tests. */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { EventFrame } from '@openclaw/protocol';
import { createManualClock, type ManualClock } from '../manual-clock.fixture.ts';
import { ControlClient, type ControlClientOptions, type ControlState } from './control-client.ts';
import { ControlError } from './control-error.ts';
import type { DeviceSigner } from './device-signer.ts';
import { createFakeGateway, type FakeGateway } from './fake-gateway.fixture.ts';

export interface Setup {
  readonly client: ControlClient;
  readonly gateway: FakeGateway;
  readonly clock: ManualClock;
  readonly states: ControlState[];
  readonly events: EventFrame[];
  readonly deviceTokens: (string | undefined)[];
}

export const cli = { id: 'cli', mode: 'cli', version: '1', platform: 'Linux', deviceFamily: 'Linux' } as const;

export function setup(options: Partial<ControlClientOptions> = {}): Setup {
  const gateway = createFakeGateway();
  const clock = createManualClock();
  const states: ControlState[] = [];
  const events: EventFrame[] = [];
  const deviceTokens: (string | undefined)[] = [];
  const client = new ControlClient({
    url: 'ws://127.0.0.1:18789',
    auth: { token: 'secret' },
    client: cli,
    openSocket: gateway.openSocket,
    clock,
    random: () => 0.5,
    onState: (state) => void states.push(state),
    onEvent: (event) => void events.push(event),
    onDeviceToken: (token) => void deviceTokens.push(token),
    ...options,
  });
  return { client, gateway, clock, states, events, deviceTokens };
}

export async function errorOf(promise: Promise<unknown>): Promise<ControlError> {
  const thrown: unknown = await promise.then(
    () => assert.fail('it did not fail'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof ControlError, String(thrown));
  return thrown;
}

export function createSigner(): DeviceSigner & { readonly key: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    key: publicKey,
    deviceId: createHash('sha256').update(raw).digest('hex'),
    publicKey: raw.toString('base64url'),
    sign: (text) => Promise.resolve(sign(null, Buffer.from(text), privateKey).toString('base64url')),
  };
}
