/** Rows of the error catalogue: secrets that lie elsewhere. No row has a place for a value. */
import type { ErrorEntry } from './entry.ts';

export const secretErrors = {
  secret_missing: {
    status: 0,
    retryable: false,
    message: '{where} has no such secret: {reason}.',
    hint: 'Compare its name, path and key with what is there; `openclaw secrets check` tries each.',
  },
  secret_refused: {
    status: 0,
    retryable: false,
    message: '{where} does not let the gateway read it: {reason}.',
    hint: 'Look at the credential that the gateway comes with and at what it may read there: docs/secrets.md.',
  },
  secret_source_down: {
    status: 0,
    retryable: true,
    message: '{where} could not be asked: {reason}.',
    hint: 'What was read last stays in use while the gateway runs; it asks again by itself.',
  },
  secret_unusable: {
    status: 0,
    retryable: false,
    message: '{where} answered with what cannot be used: {reason}.',
    hint: 'A secret is a text of at most 64 KiB; of several in one JSON object, `key` names the one that is meant.',
  },
} as const satisfies Record<string, ErrorEntry>;
