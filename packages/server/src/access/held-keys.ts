/** All keys in memory, found by their hash and by their id. It reads and writes no database: see `virtual-keys.ts`. */
import { hash } from 'node:crypto';
import { OpenClawError } from '../core/errors.ts';
import type { StoredKey } from './key-store.ts';
import type { Principal } from './principal.ts';

export interface HeldKeys {
  /** Takes a key in, or what has become of it. */
  hold(key: StoredKey): void;
  /** Who holds this key; an error if it is revoked or expired; undefined if there is none. */
  find(key: string, nowMs: number): Principal | OpenClawError | undefined;
  /** @throws OpenClawError `key_not_found` */
  get(id: string): StoredKey;
  all(): StoredKey[];
}

/** The prefix makes a key recognisable in files that should not hold one. */
export const keyPrefix = 'ock_';

interface HeldKey {
  readonly stored: StoredKey;
  readonly principal: Principal;
}

export function createHeldKeys(): HeldKeys {
  const byHash = new Map<string, HeldKey>();
  const byId = new Map<string, HeldKey>();
  return {
    hold(read) {
      const { id, scopes, models } = read;
      // A row that was read before a revocation may arrive after it; nothing makes a revoked key valid again.
      const stored = { ...read, revokedAtMs: byId.get(id)?.stored.revokedAtMs ?? read.revokedAtMs };
      const held = { stored, principal: Object.freeze<Principal>({ kind: 'key', id, scopes: new Set(scopes), models }) };
      byHash.set(stored.hash, held);
      byId.set(id, held);
    },
    find(key, nowMs) {
      if (!key.startsWith(keyPrefix)) return undefined;
      const held = byHash.get(hash('sha256', key));
      if (held === undefined) return undefined;
      const { id, revokedAtMs, expiresAtMs } = held.stored;
      if (revokedAtMs !== undefined) return new OpenClawError('key_revoked', { details: { keyId: id } });
      if (expiresAtMs === undefined || nowMs < expiresAtMs) return held.principal;
      return new OpenClawError('key_expired', { details: { keyId: id, expiredAt: new Date(expiresAtMs).toISOString() } });
    },
    get(id) {
      const held = byId.get(id);
      if (held === undefined) throw new OpenClawError('key_not_found', { details: { keyId: id } });
      return held.stored;
    },
    all: () => Array.from(byId.values(), ({ stored }) => stored),
  };
}
