/** Rows of the error catalogue: sessions, and the messages in them. */
import type { ErrorEntry } from './entry.ts';

export const turnErrors = {
  run_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no run {runId}.',
    hint: 'Runs that ended are known for a while, 30 days unless `retention.runsMs` says otherwise; `openclaw sessions list` names the conversations that there are.',
  },
  session_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no session {sessionKey}.',
    hint: '`openclaw sessions list` names those that there are; the first message to a new key begins one.',
  },
  agent_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no agent {agentId}.',
    hint: '`agents.list` names those that there are.',
  },
  idempotency_key_reused: {
    status: 409,
    retryable: false,
    message: 'The idempotencyKey {runId} belongs to another message.',
    hint: 'Send each message with a key of its own, and the same message again with the same key.',
  },
  not_in_release: {
    status: 501,
    retryable: false,
    message: '{what}: not in this release.',
    hint: '{suggestion}',
  },
} as const satisfies Record<string, ErrorEntry>;
