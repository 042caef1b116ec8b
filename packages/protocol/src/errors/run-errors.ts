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
  outcome_unknown: {
    status: 409,
    retryable: false,
    message: 'Step {step} of the run {runId}, {name}, was begun and may not be repeated, and nobody knows whether it was done.',
    hint: 'Look, then say what came of it: `openclaw runs outcome {runId} {step} done|repeat|failed`; a step with `reconcile` looks by itself.',
  },
  run_diverged: {
    status: 409,
    retryable: false,
    message: 'The program is not the one that the run {runId} was begun with: at step {step} {difference}.',
    hint: 'Let it run to its end as it was, or open another run under another key.',
  },
  step_not_open: {
    status: 409,
    retryable: false,
    message: 'Step {step} of the run {runId} was not begun, or has ended another way.',
    hint: 'Open the run again: what the journal has of it is given back step by step.',
  },
  step_failed: {
    status: 500,
    retryable: false,
    message: 'Step {step}, {name}, failed: {reason}.',
    hint: 'It is in the journal; a program that opens the run again does this step again, unless a person said that it failed.',
  },
  step_result_too_large: {
    status: 413,
    retryable: false,
    message: 'The result of the step {name} has {bytes} bytes as JSON, and {limitBytes} at most are kept.',
    hint: 'Raise runs.resultBytes, or put it into a file or a store and let the step give its name.',
  },
  step_result_lost: {
    status: 500,
    retryable: false,
    message: 'The result of a step of the run {runId} is not in {file}: {reason}.',
    hint: 'Bring the file back from a copy of the state directory, and start the program again; without it, cancel the run and open another one under another key.',
  },
  run_of_program: {
    status: 409,
    retryable: false,
    message: 'The run {runId} is of a program of its own, which alone goes on with it.',
    hint: 'Start that program again: it goes on where it stopped.',
  },
  price_unknown: {
    status: 400,
    retryable: false,
    message: 'No price is known of {target}, so the limit of US$ {usd} could not be kept.',
    hint: 'Write its `cost` into the configuration (`models.providers`; 0 where it costs nothing), choose a model with a price, or leave `usd` out of the limits of the agent and of the request.',
  },
  context_too_small: {
    status: 400,
    retryable: false,
    message: 'The instructions and the latest turn take {tokens} tokens; the context window of the model has room for {roomTokens}.',
    hint: 'Send less at once, or choose a model with a larger context window; `contextWindow` of a model in the configuration says how large it is.',
  },
} as const satisfies Record<string, ErrorEntry>;
