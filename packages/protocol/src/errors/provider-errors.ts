/** Rows of the error catalogue: what providers did, and what became of a request on its way to them. */
import type { ErrorEntry } from './entry.ts';

export const providerErrors = {
  upstream_refused: {
    status: 502,
    retryable: false,
    message: '{provider} refused the request: {reason}.',
    hint: "The words are the provider's; its documentation names the remedy.",
  },
  upstream_authentication: {
    status: 502,
    retryable: false,
    message: '{provider} refused the key that this gateway holds for it: {reason}.',
    hint: 'Check {keySource}; your own credential for the gateway was accepted.',
  },
  upstream_quota: {
    status: 429,
    retryable: false,
    message: 'The account behind {keySource} has nothing left to spend at {provider}: {reason}.',
    hint: 'Add credit or raise the limit at {provider}, or route to another provider; waiting does not help.',
  },
  upstream_rate_limited: {
    status: 429,
    retryable: true,
    message: '{provider} is rate limiting this gateway: {reason}.',
    hint: 'Wait for Retry-After; a route with a second provider would have taken over.',
  },
  upstream_overloaded: {
    status: 503,
    retryable: true,
    message: '{provider} is overloaded: {reason}.',
    hint: 'Wait and try again; a route with a second provider would have taken over.',
  },
  upstream_failed: {
    status: 502,
    retryable: true,
    message: '{provider} failed: {reason}.',
    hint: 'Try again; `openclaw usage` shows how often it fails.',
  },
  upstream_unreachable: {
    status: 502,
    retryable: true,
    message: '{provider} could not be reached at {origin}: {reason}.',
    hint: 'Check that it runs and that this machine may connect to it.',
  },
  upstream_timeout: {
    status: 504,
    retryable: true,
    message: '{provider} did not {awaited} within {timeoutMs} ms.',
    hint: 'Raise models.providers.{provider}.timeouts, or choose a faster model.',
  },
  upstream_truncated: {
    status: 502,
    retryable: true,
    message: 'The answer of {provider} broke off: {reason}.',
    hint: 'What arrived before is incomplete; try again.',
  },
  upstream_malformed: {
    status: 502,
    retryable: true,
    message: '{provider} sent something that is not its format: {reason}.',
    hint: 'Check that models.providers.{provider}.api and baseUrl fit each other.',
  },
  answer_too_large: {
    status: 502,
    retryable: false,
    message: '{provider} answered with more than {limitBytes} bytes.',
    hint: 'Ask for less at once: fewer inputs or answers, or vectors as base64.',
  },
  deadline_exceeded: {
    status: 504,
    retryable: true,
    message: 'The deadline of {timeoutMs} ms that came with the request passed.',
    hint: "Allow more time (the client's timeout, or x-openclaw-timeout-ms).",
  },
  client_closed: {
    status: 499,
    retryable: false,
    message: 'The client closed the connection.',
    hint: 'Nothing to do: work for it was cancelled.',
  },

  superseded: {
    status: 499,
    retryable: false,
    message: 'Another attempt answered first.',
    hint: 'Nothing to do: the client has its answer.',
  },
} as const satisfies Record<string, ErrorEntry>;
