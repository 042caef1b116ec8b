/** What a device says of itself, made fit to be stored and shown; and what becomes of a device that is let in with it. */
import { operatorScopes } from '@openclaw/protocol';
import type { StoredDevice, StoredRole } from './device-store.ts';

/** What a device whose key is proven says of itself, and asks for. */
export interface PairingClaim {
  readonly deviceId: string;
  readonly publicKey: string;
  readonly displayName?: string | undefined;
  readonly platform?: string | undefined;
  readonly deviceFamily?: string | undefined;
  readonly clientId: string;
  readonly clientMode: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly remoteIp: string;
}

const textLimit = 100;

/** Texts of strangers are shown to operators: one line, no control characters, none that PostgreSQL cannot store. */
export function showable(text: string | undefined): string | null {
  const plain = (text ?? '')
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim();
  return plain === '' ? null : Array.from(plain).slice(0, textLimit).join('');
}

export interface Letting {
  readonly nowMs: number;
  readonly via: string;
}

/** The device once it is let in with what it asks for, besides what it may do already. */
export function letIn(device: StoredDevice | undefined, claim: StoredClaim, { nowMs, via }: Letting): StoredDevice {
  const role = device?.roles.find((candidate) => candidate.role === claim.role);
  const wider: StoredRole = {
    role: claim.role,
    scopes: inOrder([...(role?.scopes ?? []), ...claim.scopes]),
    createdAtMs: role?.createdAtMs ?? nowMs,
    tokenHash: role?.tokenHash ?? null,
  };
  const { deviceId, publicKey, displayName, platform, deviceFamily, clientId, clientMode } = claim;
  return {
    ...{ deviceId, publicKey, platform, deviceFamily, clientId, clientMode },
    displayName: device?.displayName ?? displayName,
    approvedVia: via,
    createdAtMs: device?.createdAtMs ?? nowMs,
    approvedAtMs: nowMs,
    lastSeenAtMs: device?.lastSeenAtMs ?? null,
    lastSeenIp: device?.lastSeenIp ?? null,
    revision: device?.revision ?? 0,
    roles: [...(device?.roles ?? []).filter((candidate) => candidate !== role), wider],
  };
}

/** A claim whose texts are fit to be stored. */
export interface StoredClaim extends Omit<PairingClaim, 'displayName' | 'platform' | 'deviceFamily'> {
  readonly displayName: string | null;
  readonly platform: string | null;
  readonly deviceFamily: string | null;
}

export function storable(claim: PairingClaim): StoredClaim {
  return {
    ...claim,
    displayName: showable(claim.displayName),
    platform: showable(claim.platform),
    deviceFamily: showable(claim.deviceFamily),
    scopes: inOrder(claim.scopes),
  };
}

/** Each known scope once. */
function inOrder(scopes: readonly string[]): string[] {
  return operatorScopes.filter((scope) => scopes.includes(scope));
}
