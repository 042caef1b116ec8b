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
      /** `expired`: nobody decided in time, or it gave way to newer ones. */
      readonly decision: 'approved' | 'rejected' | 'superseded' | 'expired';
    }
  /** Its connections must end: removed, or its token was rotated or revoked. */
  | { readonly kind: 'invalidated'; readonly deviceId: string; readonly reason: string }
  | { readonly kind: 'changed'; readonly deviceId: string };

/** What operators do with devices. Each change is durable when its promise resolves. */
export interface Devices {
  pending(): readonly PairingRequest[];
  paired(): readonly PairedDevice[];
  /** @throws OpenClawError `pairing_request_not_found`; `beyond_own_scopes` where more is asked for than the approver holds; `too_many_devices` */
  approve(requestId: string, approver: Approver): Promise<PairedDevice>;
  reject(requestId: string, approver: Approver): Promise<PairingRequest>;
  /** @throws OpenClawError `device_not_found`, and `beyond_own_scopes` where the device holds more, in this and the following ones */
  remove(deviceId: string, approver: Approver): Promise<void>;
  rename(deviceId: string, displayName: string, approver: Approver): Promise<PairedDevice>;
  /**
   * A new token in place of the old one, which ends at once.
   * @param which with fewer scopes than were approved, the device has those from now on
   * @returns the token itself, this once
   * @throws OpenClawError also `beyond_own_scopes`, and `invalid_request` for more scopes than were approved
   */
  rotate(
    which: { readonly deviceId: string; readonly role: string; readonly scopes?: readonly string[] },
    approver: Approver,
  ): Promise<{ readonly token: string; readonly issuedAtMs: number } & DeviceToken>;
  /** The device may not come in with that role any more, until it is approved again. */
  revoke(which: { readonly deviceId: string; readonly role: string }, approver: Approver): Promise<void>;
  onChange(listener: (change: DeviceChange) => void): () => void;
}

export interface Approver {
  /** For the audit log: `device:<id>`, `gateway-token`, `cli`. */
  readonly id: string;
  readonly scopes: ReadonlySet<string>;
  /**
   * The id of a device that has shown nothing but its own token. Whoever knows the gateway's secret could ask for every scope; such a device
   * could not, so it decides about no other that holds more than itself.
   */
  readonly boundTo?: string;
}
