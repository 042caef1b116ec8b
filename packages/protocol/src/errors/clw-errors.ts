/** Rows of the error catalogue: what `clw` says by itself, about files, names and the gateway that it asks. */
import type { ErrorEntry } from './entry.ts';

export const clwErrors = {
  manifest_invalid: {
    status: 0,
    retryable: false,
    message: '{where}: {reason}',
    hint: '{suggestion}',
  },
  workload_nowhere: {
    status: 0,
    retryable: false,
    message: 'No namespace has a {resource} "{name}".',
    hint: '{suggestion}',
  },
  workload_name_ambiguous: {
    status: 0,
    retryable: false,
    message: 'Several namespaces have a {resource} "{name}": {namespaces}.',
    hint: 'Name one with -n, or set it once: `clw config set-context --current -n NAMESPACE`.',
  },
  workload_credential_refused: {
    status: 0,
    retryable: false,
    message: 'The gateway at {url} does not accept {credential}: {reason}.',
    hint: '{suggestion}',
  },
  workload_api_forbidden: {
    status: 0,
    retryable: false,
    message: 'The gateway at {url} does not allow that with {credential}: {reason}.',
    hint: "Use the gateway's own token, or a key that was made for workloads: `openclaw keys create --scopes admin`.",
  },
  workload_api_missing: {
    status: 0,
    retryable: false,
    message: 'The server at {url} has no workload API: {reason}.',
    hint: 'Check the address with `clw config view`; the gateway there may be of an older release: `clw version` shows both.',
  },
  workload_wait_expired: {
    status: 0,
    retryable: true,
    message: '{what} has not come about within {timeout}: {state}.',
    hint: '{suggestion}',
  },
} as const satisfies Record<string, ErrorEntry>;
