/**
 * Why a command got nothing from a gateway, and what to try next: refused, wrong credential, pairing, not ready. The gateway's own words first.
 *
 * For programs the code is in the details: `-o json` prints it.
 */
import { ControlError, OpenClawError as ClientError } from '@openclaw/client/control';
import { OpenClawError } from '../../core/errors.ts';
import type { GatewayTarget } from '../gateway-target.ts';

export interface FailureContext {
  readonly target: GatewayTarget;
  readonly timeoutMs: number;
}

/** Everything else comes back as it is: a signal's reason, a fault of our own. */
export function toCommandError(thrown: unknown, { target, timeoutMs }: FailureContext): unknown {
  const { url } = target;
  if (!(thrown instanceof ClientError)) return thrown;
  const told = (code: 'gateway_unreachable' | 'gateway_not_ready', reason: string): OpenClawError =>
    new OpenClawError(code, { details: { url, reason }, cause: thrown });
  if (thrown.code === 'deadline_exceeded') return told('gateway_unreachable', `no answer within ${timeoutMs} ms`);
  if (!(thrown instanceof ControlError)) return thrown;
  if (thrown.wireCode === undefined) return unreachable(thrown, { target, timeoutMs });
  if (thrown.wireCode === 'UNAVAILABLE' && thrown.retryable) return told('gateway_not_ready', sentence(thrown.message));
  return new OpenClawError('control_refused', {
    details: {
      url,
      code: thrown.code,
      reason: sentence(thrown.message),
      suggestion: suggestionFor(thrown, target),
      ...(thrown.pairingRequestId === undefined ? {} : { requestId: thrown.pairingRequestId }),
    },
    cause: thrown,
  });
}

function unreachable(error: ControlError, { target: { url } }: FailureContext): OpenClawError {
  if (error.closeCode === 1013) return new OpenClawError('gateway_not_ready', { details: { url, reason: 'it is starting' }, cause: error });
  const reason = reasonIn(error);
  const details = { url, reason };
  if (error.code === 'unreadable_answer' || /Unexpected server response/.test(reason)) {
    return new OpenClawError('control_refused', {
      details: { ...details, code: error.code, suggestion: 'Something else answers there: check the address, and a proxy in between.' },
      cause: error,
    });
  }
  return new OpenClawError('gateway_unreachable', { details, cause: error });
}

/** Without the address, which the sentence around it names. */
function reasonIn(error: ControlError): string {
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const words = systemWords[code] ?? (cause instanceof Error ? cause.message : error.message);
  return sentence(words.replace(/^The connection to \S+ ended: |^\S+ could not be reached: /, ''));
}

const systemWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused, nothing listens there (ECONNREFUSED)',
  ENOTFOUND: 'no such host (ENOTFOUND)',
  EHOSTUNREACH: 'no route to that host (EHOSTUNREACH)',
  ETIMEDOUT: 'no answer (ETIMEDOUT)',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is signed by itself alone; NODE_EXTRA_CA_CERTS names one to trust (DEPTH_ZERO_SELF_SIGNED_CERT)',
};

function suggestionFor(error: ControlError, { auth, credentialFrom, problem, isLoopback }: GatewayTarget): string {
  const { code } = error;
  const hint = error.hint ?? '';
  if (code === 'PAIRING_REQUIRED') return hint;
  if (code.endsWith('_MISMATCH') && credentialFrom !== undefined) return `The credential came from ${credentialFrom}. ${hint}`.trim();
  const sentNothing = auth.token === undefined && auth.password === undefined;
  if (sentNothing && (/_MISSING$|_REQUIRED$/.test(code) || code === 'AUTH_UNAUTHORIZED')) {
    const why = problem
      ? `The configuration could not be read (${sentence(problem.message)}). `
      : isLoopback
        ? ''
        : 'Only --token and the environment are sent to other machines. ';
    return `No credential was sent. ${why}Pass --token, or set OPENCLAW_GATEWAY_TOKEN.`;
  }
  return hint;
}

function sentence(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/\.$/, '');
}
