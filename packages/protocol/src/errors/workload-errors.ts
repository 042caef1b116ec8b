/** Rows of the error catalogue: workloads, their objects and what runs them. */
import type { ErrorEntry } from './entry.ts';

export const workloadErrors = {
  workload_not_found: {
    status: 404,
    retryable: false,
    message: '{resource} "{name}" not found in the namespace {namespace}.',
    hint: '`clw get {resource} -A` names those that there are.',
  },
  workload_exists: {
    status: 409,
    retryable: false,
    message: '{resource} "{name}" already exists in the namespace {namespace}.',
    hint: '`clw apply -f FILE` changes what is there.',
  },
  workload_conflict: {
    status: 409,
    retryable: true,
    message: '{resource} "{name}" was changed by somebody else meanwhile.',
    hint: 'Read it again, and make the change on what is there now.',
  },
  workload_invalid: {
    status: 422,
    retryable: false,
    message: '{kind} "{name}" is invalid: {reason}',
    hint: '`clw explain {kind}` shows the fields. Nothing was changed.',
  },
  workload_version_gone: {
    status: 410,
    retryable: true,
    message: 'Changes after the version {resourceVersion} are no longer kept.',
    hint: 'List again, and watch from the version of that list.',
  },
  workload_image_not_runnable: {
    status: 409,
    retryable: false,
    message: 'The process driver has no command for the image {image}.',
    hint: 'Map it to a command of this machine in `workloads.images`, give the container a `command`, or use `driver: docker`.',
  },
  workload_cannot_run: {
    status: 409,
    retryable: true,
    message: 'The container {container} of {workload} cannot be started: {reason}',
    hint: '`clw describe workload {workload}` shows what was tried.',
  },
  workload_driver_unavailable: {
    status: 503,
    retryable: true,
    message: 'The driver {driver} cannot run anything here: {reason}',
    hint: 'Choose another with `spec.driver`, or mend what is said; the workload waits and is tried again.',
  },
  memory_trace_recording: {
    status: 409,
    retryable: true,
    message: 'The memory trace {name} is still being recorded: {progress}.',
    hint: 'Wait until it is complete: `clw get memorytrace {name} -w`.',
  },
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
  memory_trace_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no recording of memory {name} in the namespace {namespace}.',
    hint: '`clw get memorytraces -A` names those that there are; `clw debug workload NAME --memory-profile` makes one.',
  },
  workload_patch_unsupported: {
    status: 415,
    retryable: false,
    message: 'A patch of the type {contentType} is not served: {reason}.',
    hint: '{suggestion}',
  },
  workload_insight_unavailable: {
    status: 503,
    retryable: true,
    message: 'Nothing is measured and nothing is run here yet.',
    hint: 'Try again once the gateway has started; `openclaw logs` says what keeps it.',
  },
  workload_image_missing: {
    status: 409,
    retryable: true,
    message: 'Docker cannot run the image {image}: {reason}.',
    hint: '`docker pull {image}` fetches it; or let the gateway fetch what is missing: `workloads.docker.pull: missing`.',
  },
} as const satisfies Record<string, ErrorEntry>;
