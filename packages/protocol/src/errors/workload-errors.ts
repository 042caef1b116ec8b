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
} as const satisfies Record<string, ErrorEntry>;
