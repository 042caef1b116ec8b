/** Rows of the error catalogue: what is wrong with a request. */
import type { ErrorEntry } from './entry.ts';

export const requestErrors = {
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
} as const satisfies Record<string, ErrorEntry>;
