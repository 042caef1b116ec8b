/** Which credential of a `connect` holds, and what each of the others lacks. It decides nothing about devices and scopes: see `door.ts`. */
import type { AuthMethod, ConnectParams } from '@openclaw/protocol';
import { OpenClawError } from '../core/errors.ts';
import type { DeviceRegistry } from './devices/devices.ts';
import type { DoorPeer } from './door.ts';
import * as words from './door-words.ts';
import type { FailingCaller, Gate } from './gate.ts';
import { refuse } from './refusal.ts';
import { type Credential, sourcesOf, whereFrom } from './request-credentials.ts';
import type { VirtualKeys } from './virtual-keys.ts';

export interface Attempt {
  readonly params: ConnectParams;
  readonly peer: DoorPeer;
  readonly role: 'operator' | 'node';
}

export interface Recognised {
  readonly method: AuthMethod;
  readonly user?: string;
}

export interface Recognisers {
  readonly gate: Gate;
  readonly devices: Pick<DeviceRegistry, 'find' | 'findToken'>;
  readonly keys: Pick<VirtualKeys, 'find'>;
}

/** The proof of the device, where there is one, holds already. */
export function recognise(attempt: Attempt, recognisers: Recognisers): Recognised | { readonly refused: words.Refused } {
  const { params, peer } = attempt;
  const { gate, devices } = recognisers;
  const credentials = credentialsOf(params);
  const caller: FailingCaller = { address: peer.address, isExempt: peer.isDirectLoopback && peer.origin === undefined };
  const from = whereFrom(peer.address, peer.isDirectLoopback);
  try {
    const method = methodOf(attempt, { ...recognisers, credentials, caller });
    if (method !== undefined) return { method };
    const user = gate.proxyUser(peer.headers, peer.address);
    if (user !== undefined) return { method: 'trusted-proxy', user };
    if (gate.mode === 'none') throw new OpenClawError('auth_is_local', { details: { from } });
    // Whoever shows nothing at all is told what is asked of strangers first.
    const { bootstrapToken } = params.auth ?? {};
    if (credentials.length === 0 && isGiven(bootstrapToken)) throw new OpenClawError('bootstrap_token_refused', { details: { from } });
    if (credentials.length === 0 && !params.device) return { refused: words.deviceRequired() };
    throw wrong({ credentials, from, caller }, recognisers);
  } catch (thrown) {
    if (!(thrown instanceof OpenClawError)) throw thrown;
    const sentToken = isGiven(params.auth?.token) && !isGiven(params.auth?.deviceToken);
    const isPaired =
      params.device !== undefined && devices.find(params.device.id)?.tokens.some(({ role }) => role === attempt.role) === true;
    return {
      refused: words.authRefused({
        error: thrown,
        mode: gate.mode,
        client: params.client,
        isLocal: peer.isDirectLoopback,
        canRetryWithDeviceToken: thrown.code === 'invalid_credentials' && sentToken && isPaired,
        seen: credentials.length === 0 ? undefined : sourcesOf(credentials),
        from,
      }),
    };
  }
}

interface Evidence extends Recognisers {
  readonly credentials: readonly Credential[];
  readonly caller: FailingCaller;
}

/** By what the caller is known; undefined where nothing that it sent holds. */
function methodOf({ params, peer, role }: Attempt, { gate, devices, credentials, caller }: Evidence): AuthMethod | undefined {
  const isPassword = gate.mode === 'password';
  // A token cannot be guessed, and is never held up by what others sent from the same address.
  const secretAllowed = gate.mode !== 'none' && !(isPassword && gate.waitMs(caller, 'secret') > 0);
  if (secretAllowed && credentials.some(({ text }) => gate.isSecret(text))) return isPassword ? 'password' : 'token';
  const holders = credentials.map(({ text }) => devices.findToken(text));
  // Without the device itself its token opens nothing here; the door says so.
  const held = holders.some((holder) => holder?.role === role && (!params.device || holder.deviceId === params.device.id));
  if (held) return 'device-token';
  return gate.mode === 'none' && peer.isDirectLoopback ? 'none' : undefined;
}

interface WrongAttempt {
  readonly credentials: readonly Credential[];
  readonly from: string;
  readonly caller: FailingCaller;
}

function wrong(attempt: WrongAttempt, { gate, keys }: Recognisers): OpenClawError {
  const key = attempt.credentials.find(({ text }) => keys.find(text) !== undefined);
  // Not a guess: somebody took the wrong one of two right credentials.
  if (key !== undefined) return new OpenClawError('key_is_for_models', { details: { source: key.source, from: attempt.from } });
  return refuse(attempt, gate);
}

/** The device's own token first: it says most about who comes. Some clients send it twice. */
function credentialsOf({ auth = {} }: ConnectParams): Credential[] {
  const fields = ['deviceToken', 'token', 'password'] as const;
  return fields.flatMap((field) => {
    const text = auth[field];
    if (!isGiven(text) || (field !== 'deviceToken' && text === auth.deviceToken)) return [];
    return [{ source: `auth.${field}`, text, isDeviceToken: field === 'deviceToken' }];
  });
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== '';
}
