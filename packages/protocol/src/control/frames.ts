/**
 * What goes over the WebSocket of the control plane, wire version 4: frames, and the numbers both sides rely on.
 *
 * Shapes only; who may say what is the gateway's business. The handshake: `handshake.ts`. What is checked: `connect-schema.ts`.
 */

export const protocolVersion = 4;
/** Programs that only look whether a gateway lives may be one version older. */
export const probeProtocolVersion = 3;

export const wireLimits = {
  /** One frame before the handshake is through. */
  preAuthFrameBytes: 64 * 1024,
  /** One frame afterwards. */
  frameBytes: 26_214_400,
  /** What may wait for a client that reads slowly; more, and it is closed. */
  bufferedBytes: 52_428_800,
  tickIntervalMs: 30_000,
  handshakeTimeoutMs: 15_000,
  /** Frames that come while the handshake is under way. */
  pendingHandshakeFrames: 15,
  closeReasonBytes: 120,
} as const;

export interface RequestFrame {
  readonly type: 'req';
  readonly id: string;
  readonly method: string;
  readonly params?: unknown;
  readonly traceparent?: string;
  readonly expectedProfileId?: string;
}

export interface ResponseFrame {
  readonly type: 'res';
  readonly id: string;
  readonly ok: boolean;
  readonly payload?: unknown;
  readonly error?: WireError;
}

export interface EventFrame {
  readonly type: 'event';
  readonly event: string;
  readonly payload?: unknown;
  /** Rises by one per connection, from 1; `connect.challenge` has none. */
  readonly seq?: number;
  readonly stateVersion?: StateVersion;
}

export interface StateVersion {
  readonly presence: number;
  readonly health: number;
}

export type WireErrorCode = 'NOT_PAIRED' | 'INVALID_REQUEST' | 'FORBIDDEN' | 'APPROVAL_NOT_FOUND' | 'UNAVAILABLE';

export interface WireError {
  readonly code: WireErrorCode;
  readonly message: string;
  /** `code` in it is the finer one: `PAIRING_REQUIRED`, `AUTH_TOKEN_MISMATCH`, `MISSING_SCOPE`, … */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
}

/** Why a connection ends, as WebSocket close codes. */
export const closeCodes = {
  /** The handshake never came, or its first frame was none. */
  normal: 1000,
  protocolMismatch: 1002,
  /** Auth, pairing, wrong parameters, origin, too slow: the reason says which. */
  refused: 1008,
  tooLarge: 1009,
  internal: 1011,
  restart: 1012,
  starting: 1013,
  /** By clients: nothing heard for two tick intervals. */
  silent: 4000,
  authChanged: 4001,
} as const;
