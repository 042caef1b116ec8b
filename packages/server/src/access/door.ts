/**
 * The door of the control plane: who may open a WebSocket, as what, and with which scopes.
 *
 * First the device's proof, then the credential, then whether the device was let in for what it asks. The table of who gets in is in
 * `docs/devices.md`; each row of it is a test. Origins and the shape of frames were checked before.
 */
import type { AuthMethod, ConnectParams, WireError } from '@openclaw/protocol';
import type { Clock } from '../core/clock.ts';
import { OpenClawError, toOpenClawError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { PairingClaim } from './devices/claim.ts';
import type { DeviceRegistry } from './devices/devices.ts';
import { findIdentityFault } from './devices/identity.ts';
import { type Attempt, recognise, type Recognised } from './door-credentials.ts';
import * as words from './door-words.ts';
import type { Gate } from './gate.ts';
import { cappedScopes, holdsAll } from './operator-scopes.ts';
import type { RequestHeaders } from './request-credentials.ts';
import type { VirtualKeys } from './virtual-keys.ts';

/** Who is at the other end, as far as the connection itself shows it. */
export interface DoorPeer {
  readonly address: string;
  /** Peer and Host are loopback, and nothing says that the request was forwarded. */
  readonly isDirectLoopback: boolean;
  /** Of browsers; known to be allowed. */
  readonly origin: string | undefined;
  readonly headers: RequestHeaders;
}

export interface DoorQuestion {
  readonly params: ConnectParams;
  /** What the challenge said. */
  readonly challenge: { readonly nonce: string; readonly ts: number };
  readonly peer: DoorPeer;
}

export interface DoorPrincipal {
  readonly method: AuthMethod;
  readonly role: 'operator' | 'node';
  readonly scopes: ReadonlySet<string>;
  readonly deviceId: string | undefined;
  /** Of a trusted proxy. */
  readonly user?: string;
}

export type DoorAnswer =
  | { readonly admitted: true; readonly principal: DoorPrincipal; readonly deviceToken?: string; readonly issuedAtMs?: number }
  | { readonly admitted: false; readonly error: WireError; readonly closeReason: string };

export interface DoorOptions {
  /** That of the authenticator. */
  readonly gate: Gate;
  readonly devices: Pick<DeviceRegistry, 'find' | 'findToken' | 'request' | 'pairSilently' | 'issueToken' | 'seen'>;
  /** To say of a virtual key that it is one. */
  readonly keys: Pick<VirtualKeys, 'find'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface AccessDoor {
  /** Never rejects: what fails is a refusal that says so. */
  admit(question: DoorQuestion): Promise<DoorAnswer>;
}

export function createDoor(options: DoorOptions): AccessDoor {
  return {
    async admit(question) {
      const answer = await answerTo(question, options).catch((thrown: unknown) => {
        const error = toOpenClawError(thrown);
        options.log.error('a connection could not be decided about', { from: question.peer.address, error });
        return words.unavailable(error);
      });
      if (!answer.admitted) logRefusal(question, answer.error, options.log);
      return answer;
    },
  };
}

/** Ids of the Control UI in a browser, which can always have a device. */
const controlUiIds: ReadonlySet<string> = new Set(['openclaw-control-ui', 'openclaw-browser-copilot']);

async function answerTo(question: DoorQuestion, options: DoorOptions): Promise<DoorAnswer> {
  const { params, peer } = question;
  const { device, client } = params;
  if (device) {
    const fault = findIdentityFault({ params, proof: device, challenge: question.challenge });
    if (fault) return words.identityRefused(fault);
  } else if (controlUiIds.has(client.id) && options.gate.mode !== 'trusted-proxy') {
    return words.controlUiDeviceRequired();
  }
  const attempt: Attempt = { params, peer, role: params.role ?? 'operator' };
  const recognised = recognise(attempt, options);
  if ('refused' in recognised) return recognised.refused;
  const caller: Caller = { ...attempt, recognised, scopes: cappedScopes(params.scopes ?? [], peer.headers) };
  // The proxy vouches for a person, who is an operator; a machine is let in by its own key alone.
  if (recognised.method === 'trusted-proxy' && caller.role === 'operator') return admitted(caller, caller.scopes);
  if (!device) return withoutDevice(caller);
  // Programs of the gateway itself are never devices of their own.
  if (isOwnBackend(caller)) return admitted(caller, caller.scopes);
  return withDevice(caller, options);
}

interface Caller extends Attempt {
  readonly recognised: Recognised;
  /** What is asked for, and known, and not capped away. */
  readonly scopes: readonly string[];
}

function withoutDevice(caller: Caller): DoorAnswer {
  const { recognised, role, params } = caller;
  if (role === 'node' || recognised.method === 'device-token') return words.deviceRequired();
  if (controlUiIds.has(params.client.id)) return words.controlUiDeviceRequired();
  // Without a device nobody can be told apart or sent away, so scopes are for this machine's own programs alone.
  return admitted(caller, isOwnCommand(caller) || isOwnBackend(caller) ? caller.scopes : []);
}

async function withDevice(caller: Caller, { devices, log }: DoorOptions): Promise<DoorAnswer> {
  const { params, role, scopes, recognised, peer } = caller;
  const deviceId = params.device!.id;
  const approved = devices.find(deviceId)?.tokens.find((token) => token.role === role);
  if (approved === undefined || !holdsAll(approved.scopes, scopes)) {
    const claim = claimOf(caller);
    // Whoever knows the gateway's secret on its own machine could approve itself; a device's token, or a proxy's word, is no such proof.
    if (!peer.isDirectLoopback || recognised.method === 'device-token' || recognised.method === 'trusted-proxy') {
      const request = await devices.request(claim);
      return words.pairingRequired(request, devices.find(deviceId));
    }
    try {
      await devices.pairSilently(claim, recognised.method === 'none' ? 'loopback' : `gateway-${recognised.method}`);
    } catch (thrown) {
      if (thrown instanceof OpenClawError && thrown.code === 'too_many_devices') return words.unavailable(thrown);
      throw thrown;
    }
    log.info('a device on this machine was paired', { deviceId, role, scopes, clientId: params.client.id });
  }
  const issued = await devices.issueToken(deviceId, role);
  devices.seen(deviceId, peer.address);
  const answer = admitted(caller, scopes);
  return issued === undefined ? answer : { ...answer, deviceToken: issued.token, issuedAtMs: issued.issuedAtMs };
}

type Admitted = Extract<DoorAnswer, { readonly admitted: true }>;

function admitted({ recognised, role, params }: Caller, scopes: readonly string[]): Admitted {
  const { method, user } = recognised;
  const principal = { method, role, scopes: new Set(scopes), deviceId: params.device?.id };
  return { admitted: true, principal: user === undefined ? principal : { ...principal, user } };
}

/** The command line on the gateway's machine. A page in a browser may call itself so too, but says its origin. */
function isOwnCommand({ params: { client }, peer }: Caller): boolean {
  return client.id === 'cli' && client.mode === 'cli' && peer.isDirectLoopback && peer.origin === undefined;
}

function isOwnBackend({ params: { client }, peer, role, recognised }: Caller): boolean {
  const isBackend = client.id === 'gateway-client' && client.mode === 'backend' && role === 'operator';
  return isBackend && peer.isDirectLoopback && peer.origin === undefined && recognised.method !== 'device-token';
}

function claimOf({ params, role, scopes, peer }: Caller): PairingClaim {
  const { client, device } = params;
  return {
    deviceId: device!.id,
    publicKey: device!.publicKey,
    displayName: client.displayName,
    platform: client.platform,
    deviceFamily: client.deviceFamily,
    clientId: client.id,
    clientMode: client.mode,
    role,
    scopes,
    remoteIp: peer.address,
  };
}

/** Who knocked and why it stayed shut; never what was sent. */
function logRefusal({ params, peer }: DoorQuestion, { message, details }: WireError, log: Log): void {
  const { id: clientId, mode: clientMode } = params.client;
  log.info('a connection was refused', {
    ...{ reason: message, code: details?.['code'], explanation: details?.['explanation'], requestId: details?.['requestId'] },
    ...{ from: peer.address, clientId, clientMode, deviceId: params.device?.id },
  });
}
