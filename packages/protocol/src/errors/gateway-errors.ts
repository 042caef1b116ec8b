/** Rows of the error catalogue: the gateway itself: it is at its limit, stopping, or wrong. */
import type { ErrorEntry } from './entry.ts';

export const gatewayErrors = {
  overloaded: {
    status: 503,
    retryable: true,
    message: 'The gateway is at its limit of {limit} {what}.',
    hint: 'Wait for Retry-After, or raise {setting}.',
  },
  admission_refused: {
    status: 429,
    retryable: true,
    message: 'Not sent: {reason}.',
    hint: 'Wait for Retry-After; a route with a second provider spreads the load, and models.queue lets more wait for longer.',
  },
  targets_unavailable: {
    status: 503,
    retryable: true,
    message: 'Not sent: {target} has failed too often and is left alone for now ({reason}).',
    hint: 'Wait for Retry-After; `openclaw models status` shows each target and its last failure.',
  },
  target_removed: {
    status: 503,
    retryable: true,
    message: 'Not sent: {target} was taken out of the configuration.',
    hint: 'Ask again: the request goes where the configuration leads now.',
  },
  memory_pressure: {
    status: 503,
    retryable: true,
    message: 'The gateway is short of memory ({reason}) and takes no new work for now.',
    hint: 'Wait for Retry-After; with more memory, or with fewer and smaller requests at once, it takes more.',
  },
  rate_limit_exceeded: {
    status: 429,
    retryable: true,
    message: 'The key {keyId} has used its limit of {limit} {what} per minute.',
    hint: 'Wait for Retry-After; `openclaw keys update {keyId}` raises the limit.',
  },
  budget_exceeded: {
    status: 429,
    retryable: false,
    message: 'The key {keyId} has used its budget of {limit} per {period}.',
    hint: 'It is renewed at {renewedAt}; `openclaw keys update {keyId}` raises it.',
  },
  budget_reserved: {
    status: 429,
    retryable: true,
    message: 'What the key {keyId} has left of its budget of {limit} per {period} is reserved for its requests under way.',
    hint: 'Wait for Retry-After: what they do not use is given back when they end. A lower max_tokens reserves less.',
  },
  draining: {
    status: 503,
    retryable: true,
    message: 'The gateway is shutting down.',
    hint: 'Try again in a moment: its successor answers then.',
  },
  rescue_mode: {
    status: 503,
    retryable: true,
    message: 'The gateway runs in rescue mode and serves no models: {reason}.',
    hint: 'Mend {file}, or open the Control UI and mend it there; the gateway goes on by itself, without a restart.',
  },
  tls_invalid: {
    status: 500,
    retryable: false,
    message: 'HTTPS cannot be served: {reason}.',
    hint: 'gateway.tls.certFile and gateway.tls.keyFile must be PEM and belong together; without them a certificate is made.',
  },
  not_ready: {
    status: 503,
    retryable: true,
    message: 'The gateway is starting: {reason}.',
    hint: 'Wait for Retry-After; /readyz answers 200 once it is ready.',
  },
  gateway_held: {
    status: 503,
    retryable: false,
    message: 'The gateway does not serve: {reason}.',
    hint: '{suggestion}',
  },
  too_many_handshakes: {
    status: 503,
    retryable: true,
    message: 'Too many connections wait for their handshake.',
    hint: 'Send connect right after the challenge; Retry-After says when to try again.',
  },
  internal_error: {
    status: 500,
    retryable: true,
    message: 'The gateway failed to answer; the log has the cause under request {requestId}.',
    hint: 'This is a bug of OpenClaw: please report the log line.',
  },
} as const satisfies Record<string, ErrorEntry>;
