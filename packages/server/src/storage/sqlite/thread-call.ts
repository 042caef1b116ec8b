/** Calls into a thread of the store and their answers: messages with a number, errors of the catalogue as data. */
import { existsSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { CallName, Calls, CallMessage, ReplyMessage } from './thread.ts';

export interface StorageThread {
  /** @throws OpenClawError what the thread threw, or `storage_failed` if it ended */
  call<Name extends CallName>(name: Name, ...args: Parameters<Calls[Name]>): Promise<ReturnType<Calls[Name]>>;
  /** Calls that are not answered yet. */
  readonly pending: number;
  /** Whether it is gone, for whatever reason: every later call fails. */
  readonly ended: boolean;
  /** Ends it; what was not answered fails. A statement under way is waited for: SQLite cannot be interrupted from here. */
  end(): Promise<void>;
}

interface PendingCall {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
}

/** Starts booting at once; calls made meanwhile are answered when it is up. */
export function startStorageThread(): StorageThread {
  const source = new URL('./thread.ts', import.meta.url);
  // The published package has compiled files.
  const file = existsSync(source) ? source : new URL('./thread.js', import.meta.url);
  const worker = new Worker(fileURLToPath(file), { env: threadVariables(), name: 'storage' });
  const pending = new Map<number, PendingCall>();
  let lastId = 0;
  let ended: OpenClawError | undefined;

  const fail = (reason: string): void => {
    ended ??= new OpenClawError('storage_failed', { details: { reason } });
    for (const { reject } of pending.values()) reject(ended);
    pending.clear();
  };
  worker.on('message', (reply: ReplyMessage) => {
    const call = pending.get(reply.id);
    pending.delete(reply.id);
    if ('error' in reply) call?.reject(new OpenClawError(reply.error.code, reply.error));
    else call?.resolve(reply.value as never);
  });
  worker.on('error', (thrown) => fail(`its thread ended: ${reasonOf(thrown)}`));
  worker.on('exit', () => fail('its thread has ended'));

  return {
    call(name, ...args) {
      if (ended) return Promise.reject(ended);
      lastId += 1;
      const { promise, resolve, reject } = Promise.withResolvers<ReturnType<Calls[typeof name]>>();
      pending.set(lastId, { resolve, reject });
      worker.postMessage({ id: lastId, name, args } satisfies CallMessage);
      return promise;
    },
    get pending() {
      return pending.size;
    },
    get ended() {
      return ended !== undefined;
    },
    async end() {
      fail('the database is closed');
      await worker.terminate();
    },
  };
}

/** The compile cache halves a thread's start; threads do not inherit it by themselves. Nothing else of the environment is needed. */
function threadVariables(): Record<string, string> {
  const directory = getCompileCacheDir();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) };
}
