/**
 * Counts wrong credentials per address and kind of credential, so that guessing becomes slow: some within a window, and the address is
 * locked out. In memory, and bounded: a restart forgets, and so does a crowd of more addresses than fit.
 *
 * It knows nothing of credentials and refuses nothing: see `gate.ts`.
 */
import { isIPv6 } from 'node:net';
import type { Clock } from '../core/clock.ts';

export interface FailureOptions {
  /** Wrong credentials in one window that an address has free. @default 10 */
  readonly allowed?: number;
  /** @default 60_000 */
  readonly windowMs?: number;
  /** How long an address waits that has used them up. @default 300_000 */
  readonly lockoutMs?: number;
  /** Addresses remembered; the oldest are forgotten first. About 100 bytes each. @default 10_000 */
  readonly addressLimit?: number;
}

export const failureDefaults = { allowed: 10, windowMs: 60_000, lockoutMs: 300_000, addressLimit: 10_000 } as const;

/** Kinds are counted apart: a program with an old device token, or an old secret of a webhook, does not lock out the person beside it. */
export type CredentialKind = 'secret' | 'device-token' | 'signature';

export interface Failures {
  /** Notes a wrong credential. */
  add(address: string, kind: CredentialKind): void;
  /** How long the address has to wait; 0 while it has failures free. */
  waitMs(address: string, kind: CredentialKind): number;
}

interface Window {
  readonly endsMs: number;
  readonly count: number;
}

export function createFailures(clock: Clock, options: FailureOptions = {}): Failures {
  const { allowed, windowMs, lockoutMs, addressLimit } = { ...failureDefaults, ...options };
  // In the order in which the windows began, so the first is the oldest.
  const windows = new Map<string, Window>();

  const currentWindow = (name: string): Window | undefined => {
    const window = windows.get(name);
    if (window === undefined || clock.monotonicMs() < window.endsMs) return window;
    windows.delete(name);
    return undefined;
  };

  return {
    add(address, kind) {
      const name = `${kind} ${networkOf(address)}`;
      const window = currentWindow(name);
      // Whoever is locked out does not lengthen it: the answer has said when it ends.
      if (window !== undefined && window.count >= allowed) return;
      const [oldest] = windows.keys();
      if (window === undefined && windows.size >= addressLimit && oldest !== undefined) windows.delete(oldest);
      const count = (window?.count ?? 0) + 1;
      const endsMs = count >= allowed ? clock.monotonicMs() + lockoutMs : (window?.endsMs ?? clock.monotonicMs() + windowMs);
      windows.set(name, { endsMs, count });
    },
    waitMs(address, kind) {
      const window = currentWindow(`${kind} ${networkOf(address)}`);
      return window === undefined || window.count < allowed ? 0 : window.endsMs - clock.monotonicMs();
    },
  };
}

/** An IPv4 address, or the /64 of an IPv6 address: one household or machine has all the addresses of it. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const groupsOf = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  const groups = [...before, ...zeros, ...after].slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
  return `${groups.join(':')}::/64`;
}

/** Without a zone, in lower case, and IPv4 as such also where it comes in IPv6. */
export function plainAddress(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1] ?? plain;
}
