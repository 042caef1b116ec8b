import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { acquireStateLock, readStateOwner } from './state-lock.ts';

const newDirectory = (): string => mkdtempSync(join(tmpdir(), 'openclaw-lock-'));
const lockModule = new URL('./state-lock.ts', import.meta.url).href;

/** Another process that takes the lock and keeps it until it is killed. */
async function startHolder(directory: string): Promise<{ pid: number; kill(): Promise<void> }> {
  const program = `const { acquireStateLock } = await import(${JSON.stringify(lockModule)});
    const lock = await acquireStateLock(${JSON.stringify(directory)});
    await lock.setAddress('http://127.0.0.1:18789');
    process.stdout.write('held');
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** What another process meets: POSIX locks hold between processes, so only one can tell. */
async function exitCodeOfRival(directory: string): Promise<unknown> {
  const program = `const { acquireStateLock } = await import(${JSON.stringify(lockModule)});
    await acquireStateLock(${JSON.stringify(directory)}).catch((thrown) => process.exit(thrown.code === 'state_locked' ? 7 : 1));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'exit')) as unknown[];
  return code;
}

function isLockedBy(words: RegExp): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof OpenClawError);
    assert.equal(thrown.code, 'state_locked');
    assert.match(thrown.message, words);
    return true;
  };
}

test('a second process is refused with the name of the first, and its death frees the directory', async () => {
  const directory = newDirectory();
  const holder = await startHolder(directory);
  await assert.rejects(
    acquireStateLock(directory),
    isLockedBy(new RegExp(`process ${holder.pid} on .* since 20.*, the gateway at http://127.0.0.1:18789`)),
  );
  const owner = await readStateOwner(directory);
  assert.deepEqual([owner?.pid, owner?.address], [holder.pid, 'http://127.0.0.1:18789']);
  await holder.kill();
  assert.equal(await readStateOwner(directory), undefined, 'what a dead owner left behind is no owner');
  const lock = await acquireStateLock(directory);
  assert.equal((await readStateOwner(directory))?.pid, process.pid);
  lock.release();
  rmSync(directory, { recursive: true });
});

test('a waiting process gets the directory when the first lets go, and not before', async () => {
  const directory = newDirectory();
  const first = await acquireStateLock(directory);
  let got = false;
  const second = acquireStateLock(directory, { waitMs: 10_000 }).then((lock) => {
    got = true;
    return lock;
  });
  assert.equal((await readStateOwner(directory))?.pid, process.pid);
  assert.equal(got, false);
  first.release();
  first.release();
  const lock = await second;
  await assert.rejects(acquireStateLock(directory), isLockedBy(/held by process/));
  lock.release();
  rmSync(directory, { recursive: true });
});

test('looking at the owner does not take its lock away', async () => {
  const directory = newDirectory();
  const holder = await acquireStateLock(directory);
  for (let look = 0; look < 5; look += 1) assert.equal((await readStateOwner(directory))?.pid, process.pid);
  assert.equal(await exitCodeOfRival(directory), 7);
  assert.equal((await readStateOwner(directory))?.pid, process.pid);
  holder.release();
  rmSync(directory, { recursive: true });
});

test('an abort ends the wait with its reason', async () => {
  const directory = newDirectory();
  const holder = await acquireStateLock(directory);
  const controller = new AbortController();
  const waiting = acquireStateLock(directory, { waitMs: 60_000, signal: controller.signal });
  controller.abort(new Error('stopped by the operator'));
  await assert.rejects(waiting, /stopped by the operator/);
  holder.release();
  rmSync(directory, { recursive: true });
});

test('directory and files are for their owner alone, and nothing is left that names a past owner', async () => {
  const parent = newDirectory();
  const directory = join(parent, 'not', 'yet');
  const lock = await acquireStateLock(directory);
  const modeOf = (path: string): number => statSync(path).mode & 0o777;
  assert.deepEqual([modeOf(directory), modeOf(join(directory, 'lock.db')), modeOf(join(directory, 'owner.json'))], [0o700, 0o600, 0o600]);
  lock.release();
  assert.equal(existsSync(join(directory, 'owner.json')), false);
  assert.equal(await readStateOwner(join(parent, 'nowhere')), undefined);
  rmSync(parent, { recursive: true });
});

test('a volume without room is a refusal in words, and not a crash', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    rmSync(directory, { recursive: true });
    context.skip('needs the right to mount a tmpfs');
    return;
  }
  try {
    const before = await acquireStateLock(directory);
    before.release();
    const filler = join(directory, 'filler');
    assert.throws(() => writeFileSync(filler, Buffer.alloc(1024 * 1024)), /ENOSPC/);
    // A page is enough for the lock, and not for the name of its owner.
    for (const freeBytes of [0, 4096]) {
      truncateSync(filler, statSync(filler).size - freeBytes);
      await assert.rejects(acquireStateLock(directory), (thrown) => thrown instanceof OpenClawError && thrown.code === 'state_unwritable');
    }
    truncateSync(filler);
    (await acquireStateLock(directory)).release();
  } finally {
    execFileSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true });
  }
});
