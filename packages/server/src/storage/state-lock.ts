/**
 * One owner per state directory: an exclusive SQLite transaction on `lock.db`, which the kernel releases when its owner dies,
 * whatever its process id is called inside a container. `owner.json` beside it says who that is and where it listens.
 *
 * Nothing else in this process may open `lock.db`: closing any handle of it would give the lock up (POSIX).
 */
import { closeSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MessageChannel } from 'node:worker_threads';
import { sleep, systemClock, type Clock } from '../core/clock.ts';
import { OpenClawError, reasonOf } from '../core/errors.ts';
import { prepareStateDirectory } from './state-directory.ts';

export interface StateOwner {
  readonly pid: number;
  readonly host: string;
  /** Wall clock, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Base URL of the gateway; absent until it listens, and where the owner is no gateway. */
  readonly address?: string;
}

export interface StateLock {
  readonly directory: string;
  /** Tells the CLI where the gateway listens. */
  setAddress(url: string): Promise<void>;
  /** Safe to call twice. */
  release(): void;
}

export interface StateLockOptions {
  /** How long to wait for another owner to end. @default 0 */
  readonly waitMs?: number;
  /** Called once if it has to wait, with who is waited for; not for a moment that somebody who only looks takes. */
  readonly onWait?: (owner: StateOwner | undefined) => void;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

export const stateLockDefaults = { waitMs: 0 } as const;
/** How soon a lock that became free is noticed; looking costs about 50 µs. */
const lookEveryMs = 50;
/** Somebody who only looks holds the lock for a moment too. */
const leastWaitMs = 150;
const sqliteBusy = 5;

/**
 * Makes the directory where it is missing, and takes it.
 * @throws OpenClawError `state_locked` with the holder after `waitMs`, `state_unwritable`
 */
export async function acquireStateLock(given: string, options: StateLockOptions = {}): Promise<StateLock> {
  const { waitMs = stateLockDefaults.waitMs, clock = systemClock, signal = new AbortController().signal } = options;
  const directory = prepareStateDirectory(given);
  createLockFile(directory);
  const tellAtMs = clock.monotonicMs() + leastWaitMs;
  const giveUpAtMs = clock.monotonicMs() + Math.max(waitMs, leastWaitMs);
  let told = false;
  // The clock's timers do not keep a process alive, and a command may wait for nothing else than this.
  const { port1: alive } = new MessageChannel();
  alive.ref();
  try {
    for (;;) {
      signal.throwIfAborted();
      const held = tryLock(directory, 'hold');
      if (held) return await own(directory, held, clock);
      if (clock.monotonicMs() >= giveUpAtMs) throw locked(directory);
      if (!told && clock.monotonicMs() >= tellAtMs) {
        told = true;
        options.onWait?.(readOwner(directory));
      }
      await sleep(clock, Math.min(lookEveryMs, giveUpAtMs - clock.monotonicMs()), signal);
    }
  } finally {
    alive.close();
  }
}

/** Who holds the directory now; undefined if nobody does. It changes nothing and needs no right to write. */
export async function readStateOwner(directory: string): Promise<StateOwner | undefined> {
  if (statSync(lockPath(directory), { throwIfNoEntry: false }) === undefined) return undefined;
  const free = tryLock(directory, 'look');
  free?.close();
  return free ? undefined : readOwner(directory);
}

async function own(directory: string, held: DatabaseSync, clock: Clock): Promise<StateLock> {
  const path = join(directory, 'owner.json');
  const owner: StateOwner = { pid: process.pid, host: hostname(), startedAtMs: clock.now() };
  let released = false;
  const write = async (text: StateOwner): Promise<void> => {
    // Renamed in, for a reader must not meet half of it.
    await writeFile(`${path}.new`, `${JSON.stringify(text)}\n`, { mode: 0o600 });
    await rename(`${path}.new`, path);
  };
  try {
    await write(owner);
  } catch (thrown) {
    held.close();
    throw unwritable(directory, thrown);
  }
  return {
    directory,
    setAddress: (address) => write({ ...owner, address }),
    release() {
      if (released) return;
      released = true;
      rmSync(path, { force: true });
      held.close();
    },
  };
}

/** @returns the connection that holds the lock, or undefined if somebody else holds it */
function tryLock(directory: string, purpose: 'hold' | 'look'): DatabaseSync | undefined {
  const database = new DatabaseSync(lockPath(directory), { timeout: 0, readOnly: purpose === 'look' });
  try {
    database.exec(purpose === 'hold' ? 'BEGIN EXCLUSIVE' : 'BEGIN; SELECT 1 FROM sqlite_schema');
    return database;
  } catch (thrown) {
    database.close();
    if (isBusy(thrown)) return undefined;
    throw unwritable(directory, thrown);
  }
}

function unwritable(directory: string, thrown: unknown): OpenClawError {
  const suggestion = 'Check that its volume has room and is mounted writable, and who owns it.';
  return new OpenClawError('state_unwritable', { details: { directory, reason: reasonOf(thrown), suggestion }, cause: thrown });
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && typeof thrown.errcode === 'number' && (thrown.errcode & 0xff) === sqliteBusy;
}

function lockPath(directory: string): string {
  return join(directory, 'lock.db');
}

/** Before SQLite does, for the sake of its mode; and only where it is missing, for the sake of the lock. */
function createLockFile(directory: string): void {
  const path = lockPath(directory);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) closeSync(openSync(path, 'a', 0o600));
}

function readOwner(directory: string): StateOwner | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'owner.json'), 'utf8')) as StateOwner;
  } catch {
    // Written just after the lock was taken: a moment's absence says only that it is new.
    return undefined;
  }
}

function locked(directory: string): OpenClawError {
  const owner = readOwner(directory);
  const since = owner && new Date(owner.startedAtMs).toISOString();
  const holder = owner
    ? `process ${owner.pid} on ${owner.host} since ${since}${owner.address === undefined ? '' : `, the gateway at ${owner.address}`}`
    : 'another process';
  return new OpenClawError('state_locked', { details: { directory, holder } });
}
