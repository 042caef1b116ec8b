/** Rows of the error catalogue: who asks, and what they may still use. */
import type { ErrorEntry } from './entry.ts';

export const callerErrors = {
  missing_credentials: {
    status: 401,
    retryable: false,
    message: 'No credential came with the request from {from}.',
    hint: 'Send Authorization: Bearer TOKEN or x-api-key: TOKEN; `openclaw config get gateway.auth --show-secrets` shows the token.',
  },
  invalid_credentials: {
    status: 401,
    retryable: false,
    message: 'The credential in {source}, sent from {from}, is not one that this gateway knows.',
    hint: 'Use the gateway token (`openclaw config get gateway.auth --show-secrets`), a key from `openclaw keys create`, or the token of a paired device.',
  },
  unexpanded_credentials: {
    status: 401,
    retryable: false,
    message: 'The credential in {source}, sent from {from}, is the name of a variable, {credential}, and not its value.',
    hint: 'Your shell or program did not fill the variable in: use double quotes, and export it first.',
  },
  too_many_failures: {
    status: 429,
    retryable: false,
    message: 'Too many wrong credentials came from {address}.',
    hint: 'Correct the credential that the program there sends; Retry-After says when the next wrong one is looked at.',
  },
  key_revoked: {
    status: 401,
    retryable: false,
    message: 'The key {keyId} was revoked.',
    hint: 'Create another with `openclaw keys create`.',
  },
  key_expired: {
    status: 401,
    retryable: false,
    message: 'The key {keyId} expired at {expiredAt}.',
    hint: 'Create another with `openclaw keys create`.',
  },
  forbidden: {
    status: 403,
    retryable: false,
    message: 'The key {keyId} lacks the scope {scope}.',
    hint: 'Use the gateway token, or a key that was created with --scopes {scope}.',
  },
  model_forbidden: {
    status: 403,
    retryable: false,
    message: 'The key {keyId} may not use the model {model}.',
    hint: 'GET /v1/models lists what the key may use; `openclaw keys create --models …` makes one that may.',
  },
  origin_forbidden: {
    status: 403,
    retryable: false,
    message: 'Pages of {origin} may not use this gateway.',
    hint: 'Open the Control UI at the address of the gateway itself, or list the origin: openclaw config set gateway.controlUi.allowedOrigins \'["https://…"]\'.',
  },
  host_unknown: {
    status: 403,
    retryable: false,
    message: 'This gateway is not known as {host}.',
    hint: 'If the name is yours, list it: openclaw config set gateway.controlUi.allowedHosts \'["{host}"]\'. Otherwise open it by its IP address. Without auth it answers to names of this machine alone.',
  },
} as const satisfies Record<string, ErrorEntry>;
