/** Rows of the error catalogue: starting, stopping, state and command lines. */
import type { ErrorEntry } from './entry.ts';

export const operationErrors = {
  bind_without_auth: {
    status: 0,
    retryable: false,
    message: 'refusing to bind to {host} without auth: anybody who reaches the port could use your providers.',
    hint: 'Set OPENCLAW_GATEWAY_TOKEN (or gateway.auth.token), or bind to loopback.',
  },
  port_in_use: {
    status: 0,
    retryable: false,
    message: 'Port {port} on {host} is in use{holder}.',
    hint: 'Stop the other program, or choose another port: --port, OPENCLAW_GATEWAY_PORT or gateway.port.',
  },
  bind_failed: {
    status: 0,
    retryable: false,
    message: 'The gateway cannot listen on {host}:{port}: {reason}.',
    hint: 'Check gateway.bind and gateway.customBindHost; ports below 1024 need privileges.',
  },
  config_invalid: {
    status: 0,
    retryable: false,
    message: '{where}: {reason}.',
    hint: '{suggestion}',
  },
  config_unreadable: {
    status: 0,
    retryable: false,
    message: 'The configuration {file} cannot be read: {reason}.',
    hint: 'Check that it exists and that its owner is who runs OpenClaw.',
  },
  config_key_unknown: {
    status: 0,
    retryable: false,
    message: 'There is no setting {path}.',
    hint: '{suggestion}',
  },
  config_key_unset: {
    status: 0,
    retryable: false,
    message: 'The setting {path} is not set.',
    hint: '`openclaw config set {path} VALUE` sets it.',
  },
  state_unwritable: {
    status: 0,
    retryable: false,
    message: 'The state directory {directory} cannot be written: {reason}.',
    hint: '{suggestion}',
  },
  state_locked: {
    status: 0,
    retryable: true,
    message: 'The state directory {directory} is held by {holder}.',
    hint: 'Stop that process, or give this one a directory of its own with OPENCLAW_STATE_DIR.',
  },
  state_filesystem: {
    status: 0,
    retryable: false,
    message: 'The state directory {directory} lies on {filesystem}, which cannot hold it safely: {reason}.',
    hint: '{suggestion}',
  },
  storage_newer: {
    status: 0,
    retryable: false,
    message: 'The database has schema {found}, and this program knows only up to {known}.',
    hint: '{suggestion}',
  },
  storage_full: {
    status: 503,
    retryable: true,
    message: 'The state directory cannot be written: {reason}.',
    hint: 'Free space on the volume; what was acknowledged before is kept.',
  },
  storage_conflict: {
    status: 409,
    retryable: true,
    message: 'The write was not made because {guard} no longer held.',
    hint: 'Read again and decide anew.',
  },
  storage_busy: {
    status: 503,
    retryable: true,
    message: 'The database is behind: {waiting} calls wait for it.',
    hint: 'Wait for Retry-After; if it lasts, the disk under the state directory is too slow.',
  },
  changes_expired: {
    status: 410,
    retryable: false,
    message: 'The changes after {after} are gone; the oldest kept is {oldest}.',
    hint: 'Read everything afresh and follow the changes from there.',
  },
  storage_failed: {
    status: 500,
    retryable: true,
    message: 'The database failed: {reason}.',
    hint: 'The log has the details; `openclaw doctor` comes with a later release.',
  },
  storage_damaged: {
    status: 0,
    retryable: false,
    message: 'The state in {directory} is damaged beyond what its journal can mend: {reason}.',
    hint: 'Restore a copy of the state directory; nothing in it was changed.',
  },
  request_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no request {requestId}; {reach}.',
    hint: '`openclaw trace` without an id lists the last requests.',
  },
  key_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no key {keyId}.',
    hint: '`openclaw keys list` shows those that exist.',
  },
  gateway_unreachable: {
    status: 0,
    retryable: true,
    message: 'The gateway at {url} does not answer: {reason}.',
    hint: 'Start it with `openclaw gateway run`, or name another with OPENCLAW_GATEWAY_URL.',
  },
  workloads_unavailable: {
    status: 0,
    retryable: false,
    message: 'clw {command} is not part of this release: OpenClaw does not run workloads yet.',
    hint: '`openclaw --help` shows the commands that there are.',
  },
  gateway_refused: {
    status: 0,
    retryable: false,
    message: 'The gateway at {url} refused: {reason}.',
    hint: "The words are the gateway's; `openclaw config get gateway.auth` shows which credential this command sent.",
  },
  command_refused: {
    status: 0,
    retryable: false,
    message: '{reason}.',
    hint: '{suggestion}',
  },
} as const satisfies Record<string, ErrorEntry>;
