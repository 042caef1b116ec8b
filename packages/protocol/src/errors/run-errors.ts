/** Rows of the error catalogue: durable runs. */
import type { ErrorEntry } from './entry.ts';

export const runErrors = {
  run_ended: {
    status: 409,
    retryable: false,
    message: 'The run {runId} has ended ({status}).',
    hint: 'A run that failed can be retried; any run can be forked: `openclaw runs retry`, `openclaw runs fork`.',
  },
  run_not_failed: {
    status: 409,
    retryable: false,
    message: 'The run {runId} has not failed ({status}).',
    hint: 'Only a run that failed is retried; fork one that ended well, and wait for one that is under way.',
  },
  lease_lost: {
    status: 409,
    retryable: false,
    message: 'Another process has taken up the run {runId}.',
    hint: 'It goes on there; what this process did since is not in the journal.',
  },
  approval_not_found: {
    status: 404,
    retryable: false,
    message: 'The run {runId} asks for no such approval.',
    hint: '`openclaw runs show {runId}` names what it waits for.',
  },
  approval_resolved: {
    status: 409,
    retryable: false,
    message: 'The approval {approvalId} was {verdict} already, by {by}.',
    hint: 'The first answer counts; `openclaw runs show {runId}` has what came of it.',
  },
  outcome_not_open: {
    status: 409,
    retryable: false,
    message: 'The outcome of step {step} of the run {runId} is not asked for.',
    hint: '`openclaw runs show {runId}` names the steps whose outcome is unknown.',
  },
} as const satisfies Record<string, ErrorEntry>;
