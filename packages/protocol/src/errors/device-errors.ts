/** Rows of the error catalogue: devices, their pairing, and callers whom a proxy names. */
import type { ErrorEntry } from './entry.ts';

export const deviceErrors = {
  device_token_refused: {
    status: 401,
    retryable: false,
    message: 'The device token in {source}, sent from {from}, does not hold: it was replaced or revoked, or it is that of another device.',
    hint: 'Connect once with the gateway token, or make another: openclaw devices rotate.',
  },
  bootstrap_token_refused: {
    status: 401,
    retryable: false,
    message: 'The bootstrap token sent from {from} opens nothing: this gateway hands none out.',
    hint: 'Use the gateway token (`openclaw config get gateway.auth --show-secrets`), and approve the device with `openclaw devices approve`.',
  },
  key_is_for_models: {
    status: 401,
    retryable: false,
    message: 'The credential in {source}, sent from {from}, is a virtual key: it opens the HTTP API and not the control plane.',
    hint: 'Use the gateway token (`openclaw config get gateway.auth --show-secrets`) or the token of a paired device.',
  },
  secret_not_configured: {
    status: 401,
    retryable: false,
    message: 'The credential in {source}, sent from {from}, cannot be checked: {setting} is not set.',
    hint: 'Set {setting}, or use a key from `openclaw keys create` or the token of a paired device.',
  },
  auth_is_local: {
    status: 401,
    retryable: false,
    message: 'This gateway runs without auth, for programs on its own machine alone; the request came from {from}.',
    hint: 'Set a token (OPENCLAW_GATEWAY_TOKEN or gateway.auth.token) and send it.',
  },
  proxy_identity_missing: {
    status: 401,
    retryable: false,
    message: 'The trusted proxy {from} did not say who asks: the header {header} is missing.',
    hint: 'Let the proxy set it (gateway.auth.trustedProxy), or send the token of a paired device.',
  },
  proxy_user_refused: {
    status: 403,
    retryable: false,
    message: 'The user {user}, named by the trusted proxy {from}, may not call.',
    hint: 'Add the user to gateway.auth.trustedProxy.allowUsers.',
  },
  pairing_request_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no pairing request {requestId}.',
    hint: '`openclaw devices list` shows those that wait; a device that asks anew gets another.',
  },
  device_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no paired device {deviceId}.',
    hint: '`openclaw devices list` shows those that are paired.',
  },
  beyond_own_scopes: {
    status: 403,
    retryable: false,
    message: '{approver} lacks {scope}, and so can neither give it to a device nor decide about one that has it.',
    hint: 'Decide it with a credential that has the scope, such as the gateway token.',
  },
  too_many_devices: {
    status: 409,
    retryable: false,
    message: 'There are {limit} paired devices, and no more fit.',
    hint: 'Remove some: openclaw devices remove.',
  },
} as const satisfies Record<string, ErrorEntry>;
