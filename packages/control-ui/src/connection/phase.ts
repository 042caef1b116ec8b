/**
 * What the page is to show of its connection: a form for the token, a wait for approval, the pages themselves. Follows from what the client tells.
 *
 * Pure. Who connects: `connection.ts`.
 */
import type { ControlError, ControlState } from '@openclaw/client/control';
import type { HelloOk } from '@openclaw/protocol';

export type Phase =
  | { readonly kind: 'connecting' }
  /** A secret is asked for. The refusal is absent on a first visit. */
  | { readonly kind: 'signedOut'; readonly secretKind: 'token' | 'password'; readonly refusal: ControlError | undefined }
  /** Somebody has to let this browser in; it tries again by itself. */
  | { readonly kind: 'pairing'; readonly requestId: string | undefined; readonly error: ControlError }
  | { readonly kind: 'online'; readonly hello: HelloOk }
  /** The gateway does not answer; it tries again by itself. With a hello it was there before, and the pages stay. */
  | { readonly kind: 'offline'; readonly error: ControlError; readonly retryAtMs: number; readonly hello: HelloOk | undefined }
  /** Refused for what no other secret would mend. */
  | { readonly kind: 'refused'; readonly error: ControlError };

/** What the client tells, or what the user does. */
export type PhaseEvent = { readonly kind: 'client'; readonly state: ControlState; readonly nowMs: number } | { readonly kind: 'signOut' };

export const startPhase: Phase = { kind: 'connecting' };

export function nextPhase(phase: Phase, event: PhaseEvent): Phase {
  if (event.kind === 'signOut') return { kind: 'signedOut', secretKind: 'token', refusal: undefined };
  const { state, nowMs } = event;
  switch (state.kind) {
    case 'connected':
      return { kind: 'online', hello: state.hello };
    case 'connecting':
      // A further try by itself is no reason to take away what is being read or typed.
      return (phase.kind === 'signedOut' || phase.kind === 'refused') && state.attempt === 1 ? startPhase : phase;
    case 'waiting':
      return whileWaiting(phase, state, nowMs);
    case 'stopped':
      return afterRefusal(state.error);
    case 'idle':
    case 'closed':
      return phase;
  }
}

function whileWaiting(phase: Phase, { error, delayMs }: Extract<ControlState, { kind: 'waiting' }>, nowMs: number): Phase {
  if (error.code === 'PAIRING_REQUIRED') return { kind: 'pairing', requestId: error.pairingRequestId, error };
  if (error.code === 'AUTH_RATE_LIMITED') return afterRefusal(error);
  const hello = phase.kind === 'online' || phase.kind === 'offline' ? phase.hello : undefined;
  return { kind: 'offline', error, retryAtMs: nowMs + delayMs, hello };
}

function afterRefusal(error: ControlError): Phase {
  if (!isAboutCredentials(error.code)) return { kind: 'refused', error };
  const secretKind = error.code.startsWith('AUTH_PASSWORD') ? 'password' : 'token';
  return { kind: 'signedOut', secretKind, refusal: isMissing(error.code) ? undefined : error };
}

/** Nothing was shown to the gateway yet: that is a first visit and no mistake. */
const missing: ReadonlySet<string> = new Set(['AUTH_REQUIRED', 'AUTH_TOKEN_MISSING', 'AUTH_PASSWORD_MISSING', 'DEVICE_IDENTITY_REQUIRED']);

const isMissing = (code: string): boolean => missing.has(code);

function isAboutCredentials(code: string): boolean {
  return isMissing(code) || code.startsWith('AUTH_') || code.startsWith('DEVICE_AUTH_');
}

/** Whether the device itself is refused, so that another key would help and another secret would not. */
export const isDeviceRefused = (code: string): boolean => code.startsWith('DEVICE_AUTH_');

/**
 * Whether a gateway has another state than the one that this browser knew: then devices, keys and sessions are gone, and asking for a token
 * would hide that.
 */
export function isStateLost(remembered: string | undefined, told: string | undefined): boolean {
  return remembered !== undefined && told !== undefined && remembered !== told;
}
