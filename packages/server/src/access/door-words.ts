/**
 * What the door of the control plane tells those whom it does not let in: shapes and messages of the protocol, which clients show
 * verbatim and whose codes they act on. Beside them stand the words that the HTTP API uses for the same refusal.
 */
import { type ClientDescription, type WireError, wireLimits } from '@openclaw/protocol';
import type { ErrorCode, OpenClawError } from '../core/errors.ts';
import type { PairedDevice, PairingRequest } from './devices/contract.ts';
import type { IdentityFault } from './devices/identity.ts';

export interface Refused {
  readonly admitted: false;
  readonly error: WireError;
  readonly closeReason: string;
}

export function refused(error: WireError, suffix = ''): Refused {
  return { admitted: false, error, closeReason: cut(error.message, wireLimits.closeReasonBytes - Buffer.byteLength(suffix)) + suffix };
}

export function deviceRequired(): Refused {
  return refused({
    code: 'NOT_PAIRED',
    message: 'device identity required',
    details: { code: 'DEVICE_IDENTITY_REQUIRED', hint: 'Send the gateway token, or a device that signs the challenge.' },
  });
}

export function controlUiDeviceRequired(): Refused {
  return refused({
    code: 'INVALID_REQUEST',
    message: 'control ui requires device identity (use HTTPS or localhost secure context)',
    details: { code: 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED' },
  });
}

export function identityRefused({ message, code, reason }: IdentityFault): Refused {
  return refused({ code: 'INVALID_REQUEST', message, details: { code, reason } });
}

const pairingMessages = {
  'not-paired': 'pairing required: device is not approved yet',
  'role-upgrade': 'pairing required: device is asking for a higher role than currently approved',
  'scope-upgrade': 'pairing required: device is asking for more scopes than currently approved',
  'metadata-upgrade': 'pairing required: device identity changed and must be re-approved',
} as const satisfies Record<PairingRequest['reason'], string>;

/** The close reason ends with the id, whole: it is what the operator needs. */
export function pairingRequired(request: PairingRequest, device: PairedDevice | undefined): Refused {
  const { requestId, deviceId, role, scopes, reason } = request;
  const approved = device?.tokens ?? [];
  const details = {
    ...{ code: 'PAIRING_REQUIRED', reason, requestId, deviceId, requestedRole: role, requestedScopes: scopes },
    remediationHint: `Approve it on the gateway's machine: openclaw devices approve ${requestId}`,
    ...(approved.length === 0
      ? {}
      : {
          approvedRoles: approved.map((token) => token.role),
          approvedScopes: approved.find((token) => token.role === role)?.scopes ?? [],
        }),
    ...{ recommendedNextStep: 'wait_then_retry', retryable: true, pauseReconnect: false },
  };
  return refused({ code: 'NOT_PAIRED', message: pairingMessages[reason], details }, ` (requestId: ${requestId})`);
}

/** What the door knows of an attempt that failed. */
export interface FailedAuth {
  readonly error: OpenClawError;
  readonly mode: string;
  readonly client: ClientDescription;
  readonly isLocal: boolean;
  /** A paired device sent a wrong token and none of its own: that one may still hold. */
  readonly canRetryWithDeviceToken: boolean;
  /** As `auth.token`; undefined where nothing was sent. */
  readonly seen: string | undefined;
  readonly from: string;
}

export function authRefused(failed: FailedAuth): Refused {
  const { error, seen, from, canRetryWithDeviceToken } = failed;
  const { code, authReason, message, nextStep } = wordsFor(failed);
  const wait = error.retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(error.retryAfterMs) };
  return refused({
    code: 'INVALID_REQUEST',
    message,
    details: {
      ...{ code, authReason, canRetryWithDeviceToken },
      recommendedNextStep: canRetryWithDeviceToken ? 'retry_with_device_token' : nextStep,
      ...{ seen: seen ?? null, from, explanation: error.message, hint: error.hint },
    },
    ...wait,
  });
}

/** A failure that is none of the caller's. */
export function unavailable(error: OpenClawError): Refused {
  const { message, hint, retryable, retryAfterMs } = error;
  return refused({
    code: 'UNAVAILABLE',
    message,
    details: { code: error.code, hint },
    retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

type NextStep = 'update_auth_configuration' | 'update_auth_credentials' | 'wait_then_retry' | 'review_auth_configuration';

interface AuthWords {
  readonly code: string;
  readonly authReason: string;
  readonly message: string;
  readonly nextStep: NextStep;
}

const wrongIsToken = (error: OpenClawError): boolean => error.code !== 'missing_credentials' && error.code !== 'secret_not_configured';

function wordsFor(failed: FailedAuth): AuthWords {
  const { error, mode } = failed;
  const fixed = fixedWords[error.code];
  if (fixed) return fixed;
  const kind = mode === 'password' ? 'password' : 'token';
  const upper = kind.toUpperCase();
  if (error.code === 'secret_not_configured') {
    const message = `unauthorized: gateway ${kind} not configured on gateway (set gateway.auth.${kind})`;
    return { code: `AUTH_${upper}_NOT_CONFIGURED`, authReason: `${kind}_missing_config`, message, nextStep: 'update_auth_configuration' };
  }
  const word = wrongIsToken(error) ? 'mismatch' : 'missing';
  return {
    code: `AUTH_${upper}_${word.toUpperCase()}`,
    authReason: `${kind}_${word}`,
    message: `unauthorized: gateway ${kind} ${word} (${remedy(failed, { kind, word })})`,
    nextStep: word === 'missing' ? 'update_auth_configuration' : 'update_auth_credentials',
  };
}

const fixedWords: Partial<Record<ErrorCode, AuthWords>> = {
  too_many_failures: {
    code: 'AUTH_RATE_LIMITED',
    authReason: 'rate_limited',
    message: 'unauthorized: too many failed authentication attempts (retry later)',
    nextStep: 'wait_then_retry',
  },
  device_token_refused: {
    code: 'AUTH_DEVICE_TOKEN_MISMATCH',
    authReason: 'device_token_mismatch',
    message: 'unauthorized: device token mismatch (rotate/reissue device token)',
    nextStep: 'update_auth_credentials',
  },
  bootstrap_token_refused: {
    code: 'AUTH_BOOTSTRAP_TOKEN_INVALID',
    authReason: 'bootstrap_token_invalid',
    message: 'unauthorized: bootstrap token invalid or expired (this gateway hands none out; approve the device instead)',
    nextStep: 'update_auth_credentials',
  },
  auth_is_local: {
    code: 'AUTH_UNAUTHORIZED',
    authReason: 'none_is_local',
    message: 'unauthorized: gateway without auth answers its own machine only (set gateway.auth.token)',
    nextStep: 'review_auth_configuration',
  },
  proxy_identity_missing: {
    code: 'AUTH_IDENTITY_HEADER_REQUIRED',
    authReason: 'trusted_proxy_user_missing',
    message: 'unauthorized: trusted proxy sent no user (review gateway.auth.trustedProxy)',
    nextStep: 'review_auth_configuration',
  },
  proxy_user_refused: {
    code: 'AUTH_UNAUTHORIZED',
    authReason: 'trusted_proxy_user_not_allowed',
    message: 'unauthorized: user not allowed (add it to gateway.auth.trustedProxy.allowUsers)',
    nextStep: 'review_auth_configuration',
  },
};

interface Lack {
  readonly kind: 'token' | 'password';
  readonly word: 'mismatch' | 'missing';
}

/** What whoever sits before this client can do; short enough for a close reason. */
function remedy({ client, isLocal }: FailedAuth, { kind, word }: Lack): string {
  if (client.id === 'openclaw-control-ui' || client.mode === 'webchat') {
    return kind === 'token'
      ? 'open the dashboard URL and paste the token in Control UI settings'
      : 'enter the password in Control UI settings';
  }
  if (!isLocal) return `set gateway.remote.${kind} to match gateway.auth.${kind}`;
  return word === 'mismatch' ? `use this gateway's gateway.auth.${kind} or pair the device` : `provide this gateway's gateway.auth.${kind}`;
}

/** Whole characters, at most so many bytes. */
function cut(text: string, limitBytes: number): string {
  let bytes = 0;
  let kept = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > limitBytes) break;
    kept += character;
  }
  return kept;
}
