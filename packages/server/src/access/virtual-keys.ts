/**
 * Virtual keys: credentials that an operator hands to programs, each with its own scopes and models.
 *
 * A key is 256 random bits, so a plain SHA-256 of it is as hard to turn back as a slow one; only that is stored. All keys are held
 * in memory: finding one touches no disk. A change is durable before it is in force here, and other processes on the same
 * store hear of it. The limits of a key are stored here and kept in `allowances.ts`.
 */
import { hash, randomBytes } from 'node:crypto';
import type { CreatedKey, KeyRecord, KeyUse, Scope } from '@openclaw/protocol';
import type { Clock, Timer } from '../core/clock.ts';
import { type OpenClawError, reasonOf } from '../core/errors.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Database } from '../storage/index.ts';
import type { Allowances } from './allowances.ts';
import type { AuditSink } from './audit-sink.ts';
import { createHeldKeys, keyPrefix } from './held-keys.ts';
import { showLimits } from './key-limits.ts';
import { readKeyChanges, readKeyRequest } from './key-request.ts';
import { keyChannel, readKeys, revokeKeyWrite, type StoredKey, updateKeyWrite, writeKey } from './key-store.ts';
import type { Principal } from './principal.ts';

export interface VirtualKeysOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'key'>;
  /** Is told the limits of every key, and asked what is used of them. */
  readonly allowances: Pick<Allowances, 'setLimits' | 'use'>;
  /** Learns of every change. @default nobody does */
  readonly audit?: AuditSink;
  /** Where it is said that another process's change could not be read. @default nowhere */
  readonly log?: Log;
}

export interface VirtualKeys {
  /** Who holds this key; an error if it is revoked or expired; undefined if there is none. Touches no disk. */
  find(key: string): Principal | OpenClawError | undefined;
  /** In the order of their creation; revoked and expired ones too. */
  list(): Promise<KeyRecord[]>;
  /** @throws OpenClawError `key_not_found` */
  get(id: string): Promise<KeyRecord>;
  /**
   * @param wanted a `CreateKeyRequest`, which is checked here
   * @param actor who asks, for the audit log; here and below. @default 'cli'
   * @throws OpenClawError `invalid_request` that names the field
   */
  create(wanted: Readonly<Record<string, unknown>>, actor?: string): Promise<CreatedKey>;
  /**
   * What changes is in force from the moment it resolves.
   * @param wanted an `UpdateKeyRequest`, which is checked here
   * @throws OpenClawError `key_not_found`, `invalid_request` that names the field
   */
  update(id: string, wanted: Readonly<Record<string, unknown>>, actor?: string): Promise<KeyRecord>;
  /**
   * From the moment it resolves the key is refused. Revoking twice changes nothing.
   * @throws OpenClawError `key_not_found`
   */
  revoke(id: string, actor?: string): Promise<KeyRecord>;
  /** Stops listening to other processes. */
  close(): void;
}

/** Characters shown of a key: enough to tell keys apart, and far too few to help a guess. */
const shownCharacters = keyPrefix.length + 6;
/** How soon a change that could not be read is asked for again. */
const reloadDelayMs = 1000;

/** Whoever opens the state itself. */
const defaultActor = 'cli';

/** Loads all keys. */
export async function createVirtualKeys(options: VirtualKeysOptions): Promise<VirtualKeys> {
  const { database, clock, ids, allowances, audit } = options;
  const held = createHeldKeys();
  const hold = (key: StoredKey): void => {
    held.hold(key);
    allowances.setLimits(key.id, key.limits);
  };
  const show = async (stored: StoredKey): Promise<KeyRecord> => recordOf(stored, clock.now(), (await allowances.use(stored.id)) ?? null);
  const reload = async (id: string): Promise<void> => (await readKeys(database, id)).forEach(hold);

  // Listening begins before the first reading: a change in between is heard, and read again.
  const listener = createReloader({ ...options, reload });
  for (const stored of await readKeys(database)) hold(stored);

  return {
    find: (key) => held.find(key, clock.now()),
    async list() {
      return (await Promise.all(held.all().map(show))).sort(byCreation);
    },
    get: async (id) => show(held.get(id)),
    async create(wanted, actor = defaultActor) {
      const request = readKeyRequest(wanted, clock.now());
      const key = keyPrefix + randomBytes(32).toString('base64url');
      const stored: StoredKey = {
        ...request,
        id: ids.key(),
        hash: hash('sha256', key),
        prefix: key.slice(0, shownCharacters),
        createdAtMs: clock.now(),
        revokedAtMs: undefined,
      };
      await database.write(writeKey(stored));
      hold(stored);
      await listener.announce(stored.id);
      const { scopes } = request;
      await audit?.record({ actor, action: 'key.created', subject: stored.id, detail: detailOf({ ...wanted, scopes }) });
      // Nothing more may fail: the key is shown only now.
      return { ...recordOf(stored, clock.now(), null), key };
    },
    async update(id, wanted, actor = defaultActor) {
      held.get(id);
      const { limits, ...changes } = readKeyChanges(wanted, clock.now());
      await database.write(updateKeyWrite(id, { ...changes, limits }));
      const stored = held.get(id);
      hold({ ...stored, ...changes, limits: { ...stored.limits, ...limits } });
      await listener.announce(id);
      await audit?.record({ actor, action: 'key.updated', subject: id, detail: detailOf(wanted) });
      return show(held.get(id));
    },
    async revoke(id, actor = defaultActor) {
      const stored = held.get(id);
      if (stored.revokedAtMs === undefined) {
        const revokedAtMs = clock.now();
        await database.write(revokeKeyWrite(id, revokedAtMs));
        hold({ ...held.get(id), revokedAtMs });
        await listener.announce(id);
        await audit?.record({ actor, action: 'key.revoked', subject: id, detail: { name: stored.name } });
      }
      return show(held.get(id));
    },
    close: () => listener.close(),
  };
}

interface ReloaderOptions extends VirtualKeysOptions {
  readonly reload: (id: string) => Promise<void>;
}

interface Reloader {
  /** Tells the other processes. They hear it at most once, so a failure here is only logged: the change itself is stored. */
  announce(id: string): Promise<void>;
  close(): void;
}

/** Reads a key again when another process says that it changed, until that succeeds: it may have been revoked. */
function createReloader({ database, clock, log, reload }: ReloaderOptions): Reloader {
  const retries = new Set<Timer>();
  let closed = false;

  const read = async (id: string): Promise<void> => {
    try {
      await reload(id);
    } catch (thrown) {
      if (closed) return;
      log?.warn('a changed key could not be read; it is tried again', { keyId: id, reason: reasonOf(thrown) });
      const timer = clock.after(reloadDelayMs, () => {
        retries.delete(timer);
        void read(id);
      });
      retries.add(timer);
    }
  };
  const unsubscribe = database.subscribe(keyChannel, (id) => void read(id));

  return {
    async announce(id) {
      try {
        await database.publish(keyChannel, id);
      } catch (thrown) {
        log?.warn('other processes could not be told of a changed key', { keyId: id, reason: reasonOf(thrown) });
      }
    },
    close() {
      closed = true;
      unsubscribe();
      for (const timer of retries) timer.cancel();
    },
  };
}

/** What was asked for, after it was checked; nothing of it is secret. */
function detailOf(wanted: Readonly<Record<string, unknown>>): Record<string, string | number | boolean | null> {
  return Object.fromEntries(
    Object.entries(wanted).map(([field, value]) => [
      field,
      typeof value === 'string' || typeof value === 'number' || value === null
        ? value
        : Array.isArray(value)
          ? value.join(' ')
          : String(value),
    ]),
  );
}

function recordOf(stored: StoredKey, nowMs: number, used: KeyUse | null): KeyRecord {
  const { id, name, prefix, scopes, models, createdAtMs, expiresAtMs, revokedAtMs } = stored;
  const expired = expiresAtMs !== undefined && nowMs >= expiresAtMs;
  return {
    id,
    name,
    prefix,
    scopes: scopes as readonly Scope[],
    models: models ?? null,
    state: revokedAtMs !== undefined ? 'revoked' : expired ? 'expired' : 'active',
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: isoOrNull(expiresAtMs),
    revokedAt: isoOrNull(revokedAtMs),
    limits: showLimits(stored.limits),
    used,
  };
}

function isoOrNull(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString();
}

function byCreation(left: KeyRecord, right: KeyRecord): number {
  const [first, second] = [left.createdAt + left.id, right.createdAt + right.id];
  return first < second ? -1 : first > second ? 1 : 0;
}
