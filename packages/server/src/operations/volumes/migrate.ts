/**
 * Brings a state directory to another place: everything is copied there, compared and opened once, and only then it takes the place, by the
 * same renames as a restore. The old one is only read; which one is in force is for the setting that names it, and that is not changed here.
 */
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { chown, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import {
  abandonReplacement,
  acquireStateLock,
  commitReplacement,
  finishReplacement,
  placeLiveDatabase,
  prepareReplacement,
  proveState,
  type RecoveryReport,
  type StateLock,
} from '../../storage/index.ts';
import { sizeInWords } from '../backup/create.ts';
import { copyTree, type Copied } from './copy-tree.ts';
import { measure } from './measure.ts';

export interface MigrateOptions {
  readonly from: string;
  readonly to: string;
  readonly clock: Clock;
  /** Copies beside a running gateway first, and then what has changed, once the gateway has ended. */
  readonly live?: { readonly waitMs: number; onWait(): void };
  readonly onProgress?: (doneBytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface Migrated extends Copied {
  readonly from: string;
  readonly to: string;
  readonly recovery: RecoveryReport;
}

/** What a start makes anew: the lock, and the live database, which is rebuilt from snapshot and journal. */
const madeAnew =
  /^(lock\.db(-journal)?|owner\.json(\.new)?|\.restoring|state\/(openclaw\.sqlite(-wal|-shm|-journal)?|live\.json(\.new)?))$/;
/** What may lie in the target: of the file system, and of an attempt that was cut off. */
const mayLieThere: ReadonlySet<string> = new Set([
  'lost+found',
  'lock.db',
  'lock.db-journal',
  'owner.json',
  'owner.json.new',
  '.restoring',
]);

/** @throws OpenClawError `volume_target`, `volume_copy`, `state_locked`, `state_filesystem`, `storage_damaged`; the old state is in force then */
export async function migrateState(options: MigrateOptions): Promise<Migrated> {
  const from = realpathSync(options.from);
  const existed = existsSync(options.to);
  let isDone = false;
  const to = makeTarget(options, from);
  try {
    refuseTarget(from, to);
    await checkRoom(from, to);
    const migrated = await copyAll({ ...options, from, to });
    isDone = true;
    return migrated;
  } finally {
    // It came into being with this attempt.
    if (!isDone && !existed) rmSync(to, { recursive: true, force: true });
  }
}

async function copyAll(options: MigrateOptions): Promise<Migrated> {
  const { from, to, clock, signal } = options;
  const target = await acquireStateLock(to, { clock });
  let isDone = false;
  try {
    finishReplacement(target.directory);
    const work = prepareReplacement(target.directory);
    if (options.live) await naming(options, () => copyTree({ ...copyOptions(options, work), live: true }));
    // From here on nobody writes to the old one until it is done.
    const source = await lockSource(options);
    try {
      const copied = await naming(options, () => copyTree({ ...copyOptions(options, work), live: false }));
      const recovery = await proveState(work, clock);
      signal?.throwIfAborted();
      await giveToOwner(from, work);
      commitReplacement(target.directory, 'before');
      isDone = true;
      return { ...{ from, to, recovery }, files: copied.files, bytes: copied.bytes, leftOut: copied.leftOut };
    } finally {
      source.release();
    }
  } finally {
    if (!isDone) abandonReplacement(target.directory);
    target.release();
    for (const name of ['lock.db', 'owner.json']) rmSync(join(to, name), { force: true });
    if (isDone) await giveToOwner(from, to);
  }
}

function copyOptions({ from, onProgress, signal }: MigrateOptions, to: string): Omit<Parameters<typeof copyTree>[0], 'live'> {
  let done = 0;
  const onCopied = (bytes: number): void => onProgress?.((done += bytes));
  return { from, to, isLeftOut: (path) => madeAnew.test(path), onCopied, signal };
}

async function lockSource({ from, clock, live, signal }: MigrateOptions): Promise<StateLock> {
  if (!live) return acquireStateLock(from, { clock });
  return acquireStateLock(from, { clock, waitMs: live.waitMs, onWait: () => live.onWait(), ...(signal && { signal }) });
}

/** @returns the real path of the target, which exists from then on */
function makeTarget({ to: given }: MigrateOptions, from: string): string {
  const to = resolve(given);
  try {
    mkdirSync(to, { recursive: true, mode: 0o700 });
    return realpathSync(to);
  } catch (thrown) {
    const suggestion = 'Name a directory that you may make and write, with --to.';
    throw refusal({ target: to, directory: from, reason: reasonOf(thrown), suggestion }, thrown);
  }
}

function refuseTarget(from: string, to: string): void {
  const refuse = (reason: string, suggestion: string): never => {
    throw refusal({ target: to, directory: from, reason, suggestion });
  };
  if (from === to) refuse('it lies there already', 'Name another directory with --to.');
  if (isBelow(to, from)) refuse(`it lies within ${from}, which would be copied into itself`, 'Name a directory beside it with --to.');
  if (isBelow(from, to)) refuse(`${from} lies within it`, 'Name another directory with --to.');
  const found = readdirSync(to).filter((name) => !mayLieThere.has(name) && !(name === 'state' && readdirSync(join(to, name)).length === 0));
  if (found.length > 0)
    refuse(
      `it is not empty: it has ${found.slice(0, 4).join(', ')}${found.length > 4 ? ' and more' : ''}`,
      'Name an empty directory with --to.',
    );
  placeLiveDatabase(to);
}

function isBelow(path: string, above: string): boolean {
  return path.startsWith(above === '/' ? '/' : `${above}/`);
}

/** What is there, and as much again of the store for the database that is built from it. */
async function checkRoom(from: string, to: string): Promise<void> {
  const { areas } = await measure({ stateDirectory: from, elsewhere: [], mountInfo: '' });
  const needed = areas.reduce((sum, { name, bytes }) => sum + (name === 'snapshots' || name === 'journal' ? 2 * bytes : bytes), 0);
  const { bavail, bsize } = await statfs(to);
  if (bavail * bsize > needed) return;
  const reason = `${sizeInWords(bavail * bsize)} are free there, and up to ${sizeInWords(needed)} are needed`;
  throw refusal({ target: to, directory: from, reason, suggestion: 'Free space there, or name another directory with --to.' });
}

/** Where root does it for another user. */
async function giveToOwner(from: string, to: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(from);
  await chown(to, uid, gid);
  const store = join(to, 'state');
  for (const path of existsSync(store) ? [store, ...readdirSync(store).map((name) => join(store, name))] : []) await chown(path, uid, gid);
}

async function naming<Result>({ from, to, signal }: MigrateOptions, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (thrown) {
    if (thrown instanceof OpenClawError) throw thrown;
    const reason = signal?.aborted === true ? reasonOf(signal.reason) : reasonOf(thrown);
    throw new OpenClawError('volume_copy', { details: { target: to, directory: from, reason }, cause: thrown });
  }
}

interface RefusalDetails {
  readonly target: string;
  readonly directory: string;
  readonly reason: string;
  readonly suggestion: string;
}

function refusal(details: RefusalDetails, cause?: unknown): OpenClawError {
  return new OpenClawError('volume_target', { details: { ...details }, ...(cause === undefined ? {} : { cause }) });
}
