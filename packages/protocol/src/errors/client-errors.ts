/** Rows of the error catalogue: `@openclaw/client`, and wrong words on a command line or in options. */
import type { ErrorEntry } from './entry.ts';

export const clientErrors = {
  connection_failed: {
    status: 0,
    retryable: true,
    message: '{url} could not be reached: {reason}.',
    hint: 'Check that it runs, and that this is its address.',
  },
  circuit_open: {
    status: 0,
    retryable: true,
    message: 'Not sent: the last {failures} calls have failed.',
    hint: 'Wait for retryAfterMs: one call is let through then, to see whether the server is well again.',
  },
  queue_full: {
    status: 0,
    retryable: true,
    message: 'Not sent: {limit} calls are under way, and {queueLimit} wait already.',
    hint: 'Ask for less at once, or raise limit or queueLimit of the limiter.',
  },
  answer_broken: {
    status: 0,
    retryable: true,
    message: 'The answer of {url} broke off: {reason}.',
    hint: 'Try again.',
  },
  stream_broken: {
    status: 0,
    retryable: true,
    message: 'The stream broke off: {reason}.',
    hint: 'What arrived before is incomplete; ask again.',
  },
  unreadable_answer: {
    status: 0,
    retryable: false,
    message: '{url} sent something that is not of this API: {reason}.',
    hint: 'Check baseURL: of a gateway it ends with /v1.',
  },
  connection_lost: {
    status: 0,
    retryable: true,
    message: 'The connection to {url} ended: {reason}.',
    hint: 'What was under way may have been carried out; look before asking again.',
  },
  not_connected: {
    status: 0,
    retryable: true,
    message: 'Not sent: there is no connection to {url}.',
    hint: 'Call connect() first.',
  },
  connect_aborted: {
    status: 0,
    retryable: false,
    message: 'Not connected: {reason}.',
    hint: 'Mend the options of the client, the device that signs among them.',
  },
  unsendable: {
    status: 0,
    retryable: false,
    message: '{method} was not sent: {reason}.',
    hint: 'Send less at once.',
  },
  client_disposed: {
    status: 0,
    retryable: false,
    message: 'This client was closed.',
    hint: 'Close it after its last call, or create another.',
  },

  // Wrong words, on a command line or in options
  usage_error: {
    status: 0,
    retryable: false,
    message: '{reason}.',
    hint: '{suggestion}',
  },
} as const satisfies Record<string, ErrorEntry>;
