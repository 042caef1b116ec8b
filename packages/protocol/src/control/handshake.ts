/** The first exchange of a connection: challenge, `connect`, `hello-ok`; and the text that a device signs. */
import type { StateVersion } from './frames.ts';

export const clientIds = [
  ...(['webchat-ui', 'openclaw-control-ui', 'openclaw-browser-copilot', 'openclaw-tui', 'webchat', 'cli', 'gateway-client'] as const),
  ...(['openclaw-macos', 'openclaw-linux', 'openclaw-ios', 'openclaw-watchos', 'openclaw-android', 'node-host'] as const),
  ...(['openclaw-worker', 'test', 'fingerprint', 'openclaw-probe'] as const),
] as const;
export type ClientId = (typeof clientIds)[number];

export const clientModes = ['webchat', 'cli', 'ui', 'backend', 'node', 'worker', 'probe', 'test'] as const;
export type ClientMode = (typeof clientModes)[number];

export interface Challenge {
  readonly nonce: string;
  readonly ts: number;
  readonly capabilities?: readonly string[];
  /** Ours, as in `HelloSnapshot`: a client that is refused learns whether this is the state that it was paired with. */
  readonly stateId?: string;
}

export interface ClientDescription {
  readonly id: ClientId;
  readonly displayName?: string;
  readonly version: string;
  readonly platform: string;
  readonly deviceFamily?: string;
  readonly mode: ClientMode;
  readonly instanceId?: string;
}

export interface DeviceProof {
  /** Lower-case hex of the SHA-256 of the raw public key. */
  readonly id: string;
  /** The raw 32 bytes in base64url without padding. */
  readonly publicKey: string;
  readonly signature: string;
  /** The `ts` of the challenge. */
  readonly signedAt: number;
  readonly nonce: string;
}

export interface ConnectAuth {
  readonly token?: string;
  readonly bootstrapToken?: string;
  readonly deviceToken?: string;
  readonly password?: string;
}

/** The fields that OpenClaw reads; the others of the closed schema are accepted and passed over. */
export interface ConnectParams {
  readonly minProtocol: number;
  readonly maxProtocol: number;
  readonly client: ClientDescription;
  readonly caps?: readonly string[];
  readonly role?: 'operator' | 'node';
  readonly scopes?: readonly string[];
  readonly device?: DeviceProof;
  readonly auth?: ConnectAuth;
  readonly locale?: string;
  readonly userAgent?: string;
}

export type AuthMethod = 'none' | 'token' | 'password' | 'device-token' | 'bootstrap-token' | 'trusted-proxy';

export interface HelloOk {
  readonly type: 'hello-ok';
  readonly protocol: number;
  readonly server: { readonly version: string; readonly bootId?: string; readonly connId: string };
  readonly features: { readonly methods: readonly string[]; readonly events: readonly string[]; readonly capabilities?: readonly string[] };
  readonly snapshot: HelloSnapshot;
  readonly auth: {
    readonly method?: AuthMethod;
    readonly role: string;
    readonly scopes: readonly string[];
    readonly deviceToken?: string;
    readonly issuedAtMs?: number;
  };
  readonly policy: { readonly maxPayload: number; readonly maxBufferedBytes: number; readonly tickIntervalMs: number };
}

export interface HelloSnapshot {
  readonly presence: readonly unknown[];
  readonly health: unknown;
  readonly stateVersion: StateVersion;
  readonly uptimeMs: number;
  readonly appliedConfigHash?: string;
  readonly sessionDefaults?: { readonly defaultAgentId: string; readonly mainKey: string; readonly mainSessionKey: string };
  /** For `operator.admin` alone. */
  readonly configPath?: string;
  readonly stateDir?: string;
  readonly authMode?: string;
  /** Ours: the id of the state directory. A client that knew another one was paired with a state that is gone. */
  readonly stateId?: string;
}

export interface SignedFields {
  readonly deviceId: string;
  readonly clientId: string;
  readonly clientMode: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly signedAtMs: number;
  /** `auth.token ?? auth.deviceToken ?? auth.bootstrapToken ?? ''`; a password is never part of it. */
  readonly token: string;
  readonly nonce: string;
  readonly platform?: string | undefined;
  readonly deviceFamily?: string | undefined;
}

/** What the device signs, as UTF-8. Clients of today sign version 3; version 2 lacks platform and family. */
export function textToSign(version: 2 | 3, fields: SignedFields): string {
  const common = [
    `v${version}`,
    ...[fields.deviceId, fields.clientId, fields.clientMode, fields.role],
    ...[fields.scopes.join(','), String(fields.signedAtMs), fields.token, fields.nonce],
  ];
  return (version === 2 ? common : [...common, lower(fields.platform), lower(fields.deviceFamily)]).join('|');
}

/** ASCII alone: what other alphabets do must not depend on a machine's locale. */
function lower(text: string | undefined): string {
  return (text ?? '').trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
