/**
 * Counts wrong credentials per address, so that guessing becomes slow. In memory, and bounded: a restart forgets, and so does
 * a crowd of more addresses than fit.
 *
 * It knows nothing of credentials and refuses nothing: see `authenticator.ts`.
 */
import { isIPv6 } from 'node:net';
import type { Clock } from '../core/clock.ts';

export interface FailureOptions {
  /** Wrong credentials in one window that an address has free. @default 10 */
  readonly allowed?: number;
  /** @default 60_000 */
  readonly windowMs?: number;
  /** Addresses remembered; the oldest are forgotten first. About 100 bytes each. @default 10_000 */
  readonly addressLimit?: number;
}

export const failureDefaults = { allowed: 10, windowMs: 60_000, addressLimit: 10_000 } as const;

export interface Failures {
  /** Notes a wrong credential. */
  add(address: string): void;
  /** How long the address has to wait; 0 while it has failures free. */
  waitMs(address: string): number;
}

interface Window {
  readonly endsMs: number;
  count: number;
}

export function createFailures(clock: Clock, options: FailureOptions = {}): Failures {
  const { allowed, windowMs, addressLimit } = { ...failureDefaults, ...options };
  // In the order in which the windows began, so the first is the oldest.
  const windows = new Map<string, Window>();

  const currentWindow = (network: string): Window | undefined => {
    const window = windows.get(network);
    if (window === undefined || clock.monotonicMs() < window.endsMs) return window;
    windows.delete(network);
    return undefined;
  };

  return {
    add(address) {
      const network = networkOf(address);
      const window = currentWindow(network);
      if (window !== undefined) {
        window.count += 1;
        return;
      }
      const [oldest] = windows.keys();
      if (windows.size >= addressLimit && oldest !== undefined) windows.delete(oldest);
      windows.set(network, { endsMs: clock.monotonicMs() + windowMs, count: 1 });
    },
    waitMs(address) {
      const window = currentWindow(networkOf(address));
      return window === undefined || window.count < allowed ? 0 : window.endsMs - clock.monotonicMs();
    },
  };
}

/** An IPv4 address, or the /64 of an IPv6 address: one household or machine has all the addresses of it. */
export function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain);
  if (mapped) return mapped[1]!;
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const groupsOf = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  const groups = [...before, ...zeros, ...after].slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
  return `${groups.join(':')}::/64`;
}
