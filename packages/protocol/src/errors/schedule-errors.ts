/** Rows of the error catalogue: runs that begin at set times. */
import type { ErrorEntry } from './entry.ts';

export const scheduleErrors = {
  schedule_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no schedule {id}.',
    hint: '`openclaw cron list --all` names those that there are.',
  },
  schedule_exists: {
    status: 409,
    retryable: false,
    message: 'There is a schedule called {name} already.',
    hint: 'Choose another name, or remove that one first: `openclaw cron remove {name}`.',
  },
  schedule_limit: {
    status: 409,
    retryable: false,
    message: 'There are {limit} schedules already, and no more are kept.',
    hint: 'Remove one that is over or not needed: `openclaw cron list --all`, `openclaw cron remove NAME`.',
  },
  schedule_busy: {
    status: 409,
    retryable: true,
    message: 'The schedule {name} has a run under way: {runId}.',
    hint: 'A schedule has one run at a time; wait for it, or cancel it.',
  },
} as const satisfies Record<string, ErrorEntry>;
