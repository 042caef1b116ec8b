/**
 * The control plane on one screen: what a method is, who calls it, and what the gateway needs of others for it.
 *
 * Types only. The wire: `control-plane.ts`; who may come in: the `Door`, which `access` builds; methods: `methods/`.
 */
import type { ClientDescription, ConnectParams, OperatorScope, AuthMethod, WireError } from '@openclaw/protocol';
import type { JsonObject } from '../../core/json.ts';

/** Who is at the other end, as far as the connection itself shows it. */
export interface Peer {
  readonly address: string;
  /** Peer and Host are loopback, and nothing says that the request was forwarded. */
  readonly isDirectLoopback: boolean;
  /** Of browsers; checked against the allowed ones before the door is asked. */
  readonly origin: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface ControlPrincipal {
  readonly method: AuthMethod;
  readonly role: 'operator' | 'node';
  readonly scopes: ReadonlySet<string>;
  readonly deviceId: string | undefined;
  /** Of a trusted proxy. */
  readonly user?: string;
}

export interface Asked {
  readonly params: ConnectParams;
  /** What the challenge said. */
  readonly challenge: { readonly nonce: string; readonly ts: number };
  readonly peer: Peer;
}

/** Admitted, or refused with what the client is told before it is closed with 1008. */
export type Admission =
  | { readonly admitted: true; readonly principal: ControlPrincipal; readonly deviceToken?: string; readonly issuedAtMs?: number }
  | { readonly admitted: false; readonly error: WireError; readonly closeReason: string };

export interface Door {
  admit(asked: Asked): Promise<Admission>;
}

/** One client that is through the handshake. */
export interface ControlClient {
  readonly connectionId: string;
  readonly principal: ControlPrincipal;
  readonly client: ClientDescription;
  readonly capabilities: ReadonlySet<string>;
  readonly peer: Peer;
  readonly connectedAtMs: number;
  /** Sends to this client alone. */
  send(event: string, payload: unknown): void;
}

export interface MethodCall {
  readonly params: JsonObject;
  readonly client: ControlClient;
  /** Aborted when the client is gone or the gateway stops. */
  readonly signal: AbortSignal;
  /** For methods that answer twice: the first answer goes out now, what `run` returns is the second, with the same id. */
  accept(payload: unknown): void;
}

export interface Method {
  /** What the caller must hold; `none`: every client that is connected. */
  readonly scope: OperatorScope | 'none' | ((params: JsonObject) => OperatorScope | 'none');
  /** Counts against the 30 writes a minute per method, device and address. */
  readonly isControlPlaneWrite?: true;
  /** @returns the answer, or a promise of it @throws OpenClawError, told to the client as `INVALID_REQUEST` or `UNAVAILABLE` with its code, message and hint; `WireRefusal` for a shape of its own */
  run(call: MethodCall): unknown;
}

export type MethodTable = Readonly<Record<string, Method>>;

export interface BroadcastOptions {
  /** Only to clients that hold it. @default everybody */
  readonly scope?: OperatorScope;
  /** Only to these. @default all */
  readonly to?: (client: ControlClient) => boolean;
}

/** One line of `system-presence`: a client that stays connected. Commands that ask once and leave are not among them. */
export interface PresenceEntry {
  readonly host: string;
  readonly ip: string;
  readonly version: string;
  readonly platform: string;
  readonly deviceFamily?: string;
  readonly mode: string;
  readonly reason: string;
  readonly instanceId?: string;
  readonly text: string;
  readonly ts: number;
}

/** All connections. Owned by the control plane; other parts reach clients through it alone. */
export interface Hub {
  clients(): readonly ControlClient[];
  /** The latest 200, oldest first. */
  presence(): readonly PresenceEntry[];
  broadcast(event: string, payload: unknown, options?: BroadcastOptions): void;
  /** Closes those that match, after their code and reason have been sent. @returns how many */
  closeWhere(matches: (client: ControlClient) => boolean, close: { readonly code: number; readonly reason: string }): number;
}
