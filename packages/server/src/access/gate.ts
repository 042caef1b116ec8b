/**
 * The gateway's own auth as it is now: its mode, its secret, the proxy that it trusts, and who has guessed too often. Both doors ask it,
 * the HTTP one (`authenticator.ts`) and that of the control plane (`door.ts`), so a rotated token holds at both at once.
 *
 * It knows neither keys nor devices: they outlive every token.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { createFailures, type CredentialKind, type FailureOptions } from './failures.ts';
import type { RequestHeaders } from './request-credentials.ts';
import { createTrustedProxy, type TrustedProxy, type TrustedProxySettings } from './trusted-proxy.ts';

export interface GateSettings {
  readonly mode: 'token' | 'password' | 'trusted-proxy' | 'none';
  /** The gateway's token or password. Absent or empty: only virtual keys and devices are accepted. */
  readonly secret?: string | undefined;
  /** With mode `trusted-proxy`. */
  readonly trustedProxy?: TrustedProxySettings | undefined;
}

export interface GateOptions extends GateSettings {
  readonly clock: Clock;
  readonly failures?: FailureOptions;
}

/** Whose failures count together. */
export interface FailingCaller {
  readonly address: string;
  /** This machine's own programs are never slowed. */
  readonly isExempt: boolean;
}

export interface Gate {
  readonly mode: GateSettings['mode'];
  readonly hasSecret: boolean;
  isSecret(text: string): boolean;
  /** @throws OpenClawError `proxy_identity_missing`, `proxy_user_refused` */
  proxyUser(headers: RequestHeaders, address: string): string | undefined;
  /** How long a wrong credential of this caller is not looked at; 0 while it has failures free. */
  waitMs(caller: FailingCaller, kind: CredentialKind): number;
  noteFailure(caller: FailingCaller, kind: CredentialKind): void;
  /** From the next request on. @returns whether anything is different, so that connections made under the old settings must end */
  replace(settings: GateSettings): boolean;
}

export function createGate({ clock, failures: failureOptions, ...initial }: GateOptions): Gate {
  const failures = createFailures(clock, failureOptions);
  let settings: GateSettings = initial;
  let isSecret = createComparison(initial.secret);
  let proxy = proxyOf(initial);
  return {
    get mode() {
      return settings.mode;
    },
    get hasSecret() {
      return settings.secret !== undefined && settings.secret !== '';
    },
    isSecret: (text) => isSecret(text),
    proxyUser: (headers, address) => proxy?.userOf(headers, address),
    waitMs: ({ address, isExempt }, kind) => (isExempt ? 0 : failures.waitMs(address, kind)),
    noteFailure({ address, isExempt }, kind) {
      if (!isExempt) failures.add(address, kind);
    },
    replace(next) {
      const isDifferent = describe(next) !== describe(settings);
      // All of it or nothing: both may throw.
      const [nextComparison, nextProxy] = [createComparison(next.secret), proxyOf(next)];
      [settings, isSecret, proxy] = [next, nextComparison, nextProxy];
      return isDifferent;
    },
  };
}

function proxyOf({ mode, trustedProxy }: GateSettings): TrustedProxy | undefined {
  return mode === 'trusted-proxy' && trustedProxy ? createTrustedProxy(trustedProxy) : undefined;
}

function describe({ mode, secret = '', trustedProxy }: GateSettings): string {
  return JSON.stringify([mode, secret, mode === 'trusted-proxy' ? trustedProxy : null]);
}

/** Room for the longest credential that anybody sets; longer ones are nobody's. */
const comparedBytes = 1024;

/**
 * Compares in a time that depends on neither text: both lie in buffers of the same length, padded with zeros. Cheaper by far than
 * comparing digests, which would be taken anew with every request.
 */
function createComparison(secret: string | undefined): (text: string) => boolean {
  if (secret === undefined || secret === '') return () => false;
  if (Buffer.byteLength(secret) > comparedBytes) throw new RangeError(`the gateway's secret is longer than ${comparedBytes} bytes`);
  const expected = Buffer.alloc(comparedBytes);
  expected.write(secret);
  const candidate = Buffer.alloc(comparedBytes);
  return (text) => {
    // Three bytes a character at most, so nothing is cut off that could have differed; no credential has a NUL in it.
    if (text.length > comparedBytes / 3 && Buffer.byteLength(text) > comparedBytes) return false;
    candidate.fill(0);
    candidate.write(text);
    return timingSafeEqual(candidate, expected) && !text.includes('\0');
  };
}
