/**
 * From the bytes of one message to a request, or to what is wrong with it. Bounded in depth, closed in names.
 *
 * It answers nothing and closes nothing: before the handshake that ends the connection, afterwards it does not.
 */
import { requestSchema, type RequestFrame } from '@openclaw/protocol';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { OpenClawError } from '../../core/errors.ts';
import { parseJsonBody } from '../../core/parse-json.ts';
import { findFault, sayFault } from '../../core/check-shape.ts';

export interface Message {
  readonly bytes: Buffer;
  readonly isBinary: boolean;
}

/** A request of which the gateway knows that `params` is an object. */
export type CheckedRequest = Omit<RequestFrame, 'params'> & { readonly params: JsonObject };

export type ReadFrame =
  | { readonly kind: 'request'; readonly request: CheckedRequest }
  /** No request, though it may be JSON. */
  | { readonly kind: 'misshapen'; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Deeper than any configuration or tool schema; every later walk over the value is recursive. */
const depthLimit = 128;

export function readFrame({ bytes, isBinary }: Message): ReadFrame {
  if (isBinary) return { kind: 'unreadable', reason: 'must be a text frame' };
  const value = parse(bytes);
  if (value instanceof OpenClawError) return { kind: value.code === 'invalid_json' ? 'unreadable' : 'misshapen', reason: wordsOf(value) };
  const fault = findFault(requestSchema, value);
  if (fault !== undefined) return { kind: 'misshapen', reason: sayFault(fault) };
  const params = value['params'] ?? {};
  if (!isJsonObject(params)) return { kind: 'misshapen', reason: 'at /params: must be an object' };
  // The schema has been held against it, so the fields are what the type says.
  return { kind: 'request', request: { ...(value as unknown as RequestFrame), params } };
}

function parse(bytes: Buffer): JsonObject | OpenClawError {
  try {
    return parseJsonBody(bytes, { depthLimit });
  } catch (thrown) {
    if (thrown instanceof OpenClawError) return thrown;
    throw thrown;
  }
}

/** The catalogue speaks of bodies of requests; here it is a frame. */
function wordsOf({ code, details, message }: OpenClawError): string {
  if (code === 'invalid_json') return `is not valid JSON: ${details['reason'] ?? ''}`;
  if (code === 'nesting_too_deep') return `is nested deeper than ${depthLimit} levels`;
  return message;
}
