/**
 * Devices that operators have let in, and those that ask. Types only; what they say to clients: `access/door.ts`.
 */

/** Somebody who asks to be let in, or for more than it may. */
export interface PairingRequest {
  readonly requestId: string;
  readonly deviceId: string;
  readonly publicKey: string;
  readonly platform: string | null;
  readonly deviceFamily: string | null;
  readonly clientId: string;
  readonly clientMode: string;
  readonly displayName: string | null;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly remoteIp: string;
  readonly reason: 'not-paired' | 'role-upgrade' | 'scope-upgrade' | 'metadata-upgrade';
  readonly createdAtMs: number;
}

export interface DeviceToken {
  readonly role: string;
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
}

export interface PairedDevice {
  readonly deviceId: string;
  readonly publicKey: string;
  readonly displayName: string | null;
  readonly platform: string | null;
  readonly deviceFamily: string | null;
  readonly clientId: string;
  readonly clientMode: string;
  /** `silent`: it came from this machine; else who approved it. */
  readonly approvedVia: string;
  readonly createdAtMs: number;
  readonly approvedAtMs: number;
  readonly lastSeenAtMs: number | null;
  readonly lastSeenIp: string | null;
  /** Without the tokens themselves: only their hashes are kept. */
  readonly tokens: readonly DeviceToken[];
}

export type DeviceChange =
  | { readonly kind: 'requested'; readonly request: PairingRequest }
  | {
      readonly kind: 'resolved';
      readonly requestId: string;
      readonly deviceId: string;
      readonly decision: 'approved' | 'rejected' | 'superseded';
    }
  /** Its connections must end: removed, or its token was rotated or revoked. */
  | { readonly kind: 'invalidated'; readonly deviceId: string; readonly reason: string }
  | { readonly kind: 'changed'; readonly deviceId: string };

/** What operators do with devices. Each change is durable when its promise resolves. */
export interface Devices {
  pending(): readonly PairingRequest[];
  paired(): readonly PairedDevice[];
  /** @param scopes what the approver may give away; more than that is refused @throws OpenClawError `pairing_request_not_found`, `forbidden` */
  approve(requestId: string, approver: Approver): Promise<PairedDevice>;
  reject(requestId: string, approver: Approver): Promise<PairingRequest>;
  /** @throws OpenClawError `device_not_found`, in this and the following ones */
  remove(deviceId: string, approver: Approver): Promise<void>;
  rename(deviceId: string, displayName: string, approver: Approver): Promise<PairedDevice>;
  /** A new token in place of the old one, which ends at once. @returns the token itself, this once */
  rotate(
    which: { readonly deviceId: string; readonly role: string; readonly scopes?: readonly string[] },
    approver: Approver,
  ): Promise<{ readonly token: string; readonly issuedAtMs: number } & DeviceToken>;
  revoke(which: { readonly deviceId: string; readonly role: string }, approver: Approver): Promise<void>;
  onChange(listener: (change: DeviceChange) => void): () => void;
}

export interface Approver {
  /** For the audit log: `device:<id>`, `gateway-token`, `cli`. */
  readonly id: string;
  readonly scopes: ReadonlySet<string>;
}
