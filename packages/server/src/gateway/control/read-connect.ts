/**
 * What the first message says: the parameters of `connect`, or the refusal that it gets.
 *
 * Who may come in is the `Door`'s to say; this is only about form, version and role.
 */
import { closeCodes, connectSchema, probeProtocolVersion, protocolVersion, type ConnectParams, type WireError } from '@openclaw/protocol';
import { findFault, sayFault } from '../../core/check-shape.ts';
import { readFrame, type CheckedRequest, type Message } from './read-frame.ts';
import type { WireEnd } from './wire.ts';

export interface Refusal extends WireEnd {
  /** For the metric. */
  readonly cause: string;
  /** Told before the connection is closed, where the message was a request at all. */
  readonly answer?: { readonly id: string; readonly error: WireError };
}

export type ReadConnect = { readonly id: string; readonly params: ConnectParams } | Refusal;

export function readConnect(message: Message): ReadConnect {
  const frame = readFrame(message);
  if (frame.kind === 'unreadable') return { cause: 'unreadable', code: closeCodes.normal, reason: '' };
  if (frame.kind === 'misshapen') {
    return { cause: 'misshapen', code: closeCodes.refused, reason: `invalid request frame: ${frame.reason}` };
  }
  const { request } = frame;
  if (request.method !== 'connect') return refuse(request, 'not_connect', 'invalid handshake: first request must be connect');
  const fault = findFault(connectSchema, request.params);
  if (fault !== undefined) return refuse(request, 'parameters', `invalid connect params: ${sayFault(fault)}`);
  // The schema has been held against it.
  const params = request.params as unknown as ConnectParams;
  if (!speaksOurVersion(params)) return refuseVersion(request, params);
  const role: string = params.role ?? 'operator';
  if (role !== 'operator' && role !== 'node') return refuse(request, 'role', 'invalid role');
  return { id: request.id, params };
}

/** Those who only look, and nodes, may be a version older. */
function speaksOurVersion({ minProtocol, maxProtocol, client, role }: ConnectParams): boolean {
  const oldest = client.mode === 'probe' || role === 'node' ? probeProtocolVersion : protocolVersion;
  return minProtocol <= protocolVersion && maxProtocol >= oldest && minProtocol <= maxProtocol;
}

function refuseVersion({ id }: CheckedRequest, { minProtocol, maxProtocol }: ConnectParams): Refusal {
  const reason = 'protocol mismatch';
  const details = {
    code: 'PROTOCOL_MISMATCH',
    clientMinProtocol: minProtocol,
    clientMaxProtocol: maxProtocol,
    expectedProtocol: protocolVersion,
    minimumProbeProtocol: probeProtocolVersion,
  };
  const error: WireError = { code: 'INVALID_REQUEST', message: reason, details };
  return { cause: 'protocol', code: closeCodes.protocolMismatch, reason, answer: { id, error } };
}

function refuse({ id }: CheckedRequest, cause: string, reason: string): Refusal {
  return { cause, code: closeCodes.refused, reason, answer: { id, error: { code: 'INVALID_REQUEST', message: reason } } };
}
