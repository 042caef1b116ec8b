/**
 * The one catalogue of errors: every failure that OpenClaw tells anybody about has its row here.
 *
 * It holds what is the same each time (code, HTTP status, whether another try can help, the words, the remedy).
 * It does not know how an error is thrown, logged or written to a client: see `core/errors.ts` and the dialects.
 * `docs/errors.md` is checked against this table, both ways, by a test.
 */

export interface ErrorEntry {
  /** HTTP status of the answer; 0 where the error never reaches an HTTP client (command lines, start-up). */
  readonly status: number;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** One sentence; `{name}` is filled in from the details. */
  readonly message: string;
  /** What the reader can do about it; `{name}` is filled in from the details. */
  readonly hint: string;
}

export const errorCatalogue = {
  // The request itself
  invalid_json: {
    status: 400,
    retryable: false,
    message: 'The request body is not valid JSON: {reason}.',
    hint: 'Send one JSON object with Content-Type: application/json.',
  },
  invalid_request: {
    status: 400,
    retryable: false,
    message: '{path}: {reason}.',
    hint: 'Correct the named field and send the request again.',
  },
  unsupported_feature: {
    status: 400,
    retryable: false,
    message: '{path}: {feature} cannot be carried to {target}.',
    hint: 'Leave the field out, or choose a model whose provider has it.',
  },
  nesting_too_deep: {
    status: 400,
    retryable: false,
    message: 'The request body is nested deeper than {limit} levels.',
    hint: 'Flatten the value; tool arguments and schemas rarely need more than a few dozen levels.',
  },
  body_too_large: {
    status: 413,
    retryable: false,
    message: 'The request body is larger than {limitBytes} bytes.',
    hint: 'Send less, or raise gateway.limits.bodyBytes.',
  },
  unsupported_media_type: {
    status: 415,
    retryable: false,
    message: 'The content type {contentType} is not accepted here.',
    hint: 'Send Content-Type: application/json without Content-Encoding.',
  },
  not_found: {
    status: 404,
    retryable: false,
    message: 'There is nothing at {method} {path}.',
    hint: 'The endpoints are listed in docs/http-api.md.',
  },
  method_not_allowed: {
    status: 405,
    retryable: false,
    message: '{path} does not answer {method}.',
    hint: 'Use {allow}.',
  },
  model_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no model {model}.',
    hint: '{suggestion}',
  },
  response_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no stored response {id}.',
    hint: 'Responses are kept for 30 days for the key that made them, and only where store is not false.',
  },
  previous_response_not_found: {
    status: 400,
    retryable: false,
    message: 'previous_response_id: there is no stored response {id}.',
    hint: 'Send the conversation itself as input; responses are kept for 30 days for the key that made them, where store is not false.',
  },
  request_timeout: {
    status: 408,
    retryable: true,
    message: 'The request body did not arrive within {timeoutMs} ms.',
    hint: 'Send the body without pauses.',
  },

  // Who asks
  missing_credentials: {
    status: 401,
    retryable: false,
    message: 'No credential came with the request.',
    hint: 'Send Authorization: Bearer TOKEN or x-api-key: TOKEN; `openclaw config get gateway.auth --show-secrets` shows the token.',
  },
  invalid_credentials: {
    status: 401,
    retryable: false,
    message: 'The credential in {source} is not one that this gateway knows.',
    hint: 'Use the gateway token (`openclaw config get gateway.auth --show-secrets`) or a key from `openclaw keys create`.',
  },
  unexpanded_credentials: {
    status: 401,
    retryable: false,
    message: 'The credential in {source} is the name of a variable, {credential}, and not its value.',
    hint: 'Your shell or program did not fill the variable in: use double quotes, and export it first.',
  },
  too_many_failures: {
    status: 429,
    retryable: false,
    message: 'Too many wrong credentials came from {address}.',
    hint: 'Correct the credential that the program there sends; Retry-After says when the next wrong one is looked at.',
  },
  key_revoked: {
    status: 401,
    retryable: false,
    message: 'The key {keyId} was revoked.',
    hint: 'Create another with `openclaw keys create`.',
  },
  key_expired: {
    status: 401,
    retryable: false,
    message: 'The key {keyId} expired at {expiredAt}.',
    hint: 'Create another with `openclaw keys create`.',
  },
  forbidden: {
    status: 403,
    retryable: false,
    message: 'The key {keyId} lacks the scope {scope}.',
    hint: 'Use the gateway token, or a key that was created with --scopes {scope}.',
  },
  model_forbidden: {
    status: 403,
    retryable: false,
    message: 'The key {keyId} may not use the model {model}.',
    hint: 'GET /v1/models lists what the key may use; `openclaw keys create --models …` makes one that may.',
  },
  origin_forbidden: {
    status: 403,
    retryable: false,
    message: 'A gateway without auth does not answer pages of {origin}.',
    hint: 'Set a token (OPENCLAW_GATEWAY_TOKEN), or call it from a program on this machine.',
  },

  // The provider
  upstream_refused: {
    status: 502,
    retryable: false,
    message: '{provider} refused the request: {reason}.',
    hint: "The words are the provider's; its documentation names the remedy.",
  },
  upstream_authentication: {
    status: 502,
    retryable: false,
    message: '{provider} refused the key that this gateway holds for it: {reason}.',
    hint: 'Check {keySource}; your own credential for the gateway was accepted.',
  },
  upstream_quota: {
    status: 429,
    retryable: false,
    message: 'The account behind {keySource} has nothing left to spend at {provider}: {reason}.',
    hint: 'Add credit or raise the limit at {provider}, or route to another provider; waiting does not help.',
  },
  upstream_rate_limited: {
    status: 429,
    retryable: true,
    message: '{provider} is rate limiting this gateway: {reason}.',
    hint: 'Wait for Retry-After; a route with a second provider would have taken over.',
  },
  upstream_overloaded: {
    status: 503,
    retryable: true,
    message: '{provider} is overloaded: {reason}.',
    hint: 'Wait and try again; a route with a second provider would have taken over.',
  },
  upstream_failed: {
    status: 502,
    retryable: true,
    message: '{provider} failed: {reason}.',
    hint: 'Try again; `openclaw usage` shows how often it fails.',
  },
  upstream_unreachable: {
    status: 502,
    retryable: true,
    message: '{provider} could not be reached at {origin}: {reason}.',
    hint: 'Check that it runs and that this machine may connect to it.',
  },
  upstream_timeout: {
    status: 504,
    retryable: true,
    message: '{provider} did not {awaited} within {timeoutMs} ms.',
    hint: 'Raise models.providers.{provider}.timeouts, or choose a faster model.',
  },
  upstream_truncated: {
    status: 502,
    retryable: true,
    message: 'The answer of {provider} broke off: {reason}.',
    hint: 'What arrived before is incomplete; try again.',
  },
  upstream_malformed: {
    status: 502,
    retryable: true,
    message: '{provider} sent something that is not its format: {reason}.',
    hint: 'Check that models.providers.{provider}.api and baseUrl fit each other.',
  },
  deadline_exceeded: {
    status: 504,
    retryable: true,
    message: 'The deadline of {timeoutMs} ms that came with the request passed.',
    hint: "Allow more time (the client's timeout, or x-openclaw-timeout-ms).",
  },
  client_closed: {
    status: 499,
    retryable: false,
    message: 'The client closed the connection.',
    hint: 'Nothing to do: work for it was cancelled.',
  },

  superseded: {
    status: 499,
    retryable: false,
    message: 'Another attempt answered first.',
    hint: 'Nothing to do: the client has its answer.',
  },

  // The gateway
  overloaded: {
    status: 503,
    retryable: true,
    message: 'The gateway is at its limit of {limit} {what}.',
    hint: 'Wait for Retry-After, or raise {setting}.',
  },
  admission_refused: {
    status: 429,
    retryable: true,
    message: 'Not sent: {reason}.',
    hint: 'Wait for Retry-After; a route with a second provider spreads the load, and models.queue lets more wait for longer.',
  },
  targets_unavailable: {
    status: 503,
    retryable: true,
    message: 'Not sent: {target} has failed too often and is left alone for now ({reason}).',
    hint: 'Wait for Retry-After; `openclaw models status` shows each target and its last failure.',
  },
  rate_limit_exceeded: {
    status: 429,
    retryable: true,
    message: 'The key {keyId} has used its limit of {limit} {what} per minute.',
    hint: 'Wait for Retry-After; `openclaw keys update {keyId}` raises the limit.',
  },
  budget_exceeded: {
    status: 429,
    retryable: false,
    message: 'The key {keyId} has used its budget of {limit} per {period}.',
    hint: 'It is renewed at {renewedAt}; `openclaw keys update {keyId}` raises it.',
  },
  budget_reserved: {
    status: 429,
    retryable: true,
    message: 'What the key {keyId} has left of its budget of {limit} per {period} is reserved for its requests under way.',
    hint: 'Wait for Retry-After: what they do not use is given back when they end. A lower max_tokens reserves less.',
  },
  draining: {
    status: 503,
    retryable: true,
    message: 'The gateway is shutting down.',
    hint: 'Try again in a moment: its successor answers then.',
  },
  internal_error: {
    status: 500,
    retryable: true,
    message: 'The gateway failed to answer; the log has the cause under request {requestId}.',
    hint: 'This is a bug of OpenClaw: please report the log line.',
  },

  // Starting, stopping, command lines
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

  // `@openclaw/client`
  connection_failed: {
    status: 0,
    retryable: true,
    message: '{url} could not be reached: {reason}.',
    hint: 'Check that it runs, and that baseURL names it.',
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

export type ErrorCode = keyof typeof errorCatalogue;
