/**
 * Notices that files may have changed: events of their folders, and a look every few seconds, because not every file system has events.
 *
 * Folders are watched and not files, so that what editors rename and the links that Kubernetes swaps are seen. It reads no file: it compares
 * what `stat` says. Whoever owns it decides what a change means.
 */
import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

import type { Clock, Timer } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';

export interface FileWatchOptions {
  readonly clock: Clock;
  /** After the last event of a row of them: whoever writes has finished by then. @default 100 */
  readonly quietMs?: number;
  /** A row of events that does not end is not waited for any longer. @default 1000 */
  readonly patienceMs?: number;
  /** @default 2000 */
  readonly pollIntervalMs?: number;
  /** Something may have changed. Called again only after it has settled. */
  readonly onChange: () => Promise<void>;
  /** Events are not to be had; it goes on with looks alone. */
  readonly onTrouble: (reason: string) => void;
}

export const fileWatchDefaults = { quietMs: 100, patienceMs: 1000, pollIntervalMs: 2000 } as const;

export interface FileWatch {
  /** From now on these files, of which any may be absent. */
  follow(files: Iterable<string>): void;
  close(): void;
}

interface Watched {
  readonly watcher: FSWatcher;
  readonly identity: string | undefined;
}

/** No configuration is put together from more; the look covers the rest. */
const watchedFolders = 64;

export function watchFiles(options: FileWatchOptions): FileWatch {
  const { clock, quietMs, patienceMs, pollIntervalMs } = { ...fileWatchDefaults, ...options };
  const watchers = new Map<string, Watched>();
  let firstEventMs: number | undefined;
  let quiet: Timer | undefined;
  let running: Promise<void> | undefined;
  let isDue = false;
  let closed = false;
  const poll = clock.every(pollIntervalMs, () => void call());

  function call(): Promise<void> {
    firstEventMs = undefined;
    quiet?.cancel();
    isDue = false;
    // What changes while somebody looks may have been looked at already: once more then, and not once for each event.
    if (running) isDue = true;
    running ??= options.onChange().finally(() => {
      running = undefined;
      if (isDue && !closed) void call();
    });
    return running;
  }

  function onEvent(): void {
    if (closed) return;
    const nowMs = clock.monotonicMs();
    firstEventMs ??= nowMs;
    quiet?.cancel();
    quiet = clock.after(Math.max(0, Math.min(quietMs, firstEventMs + patienceMs - nowMs)), () => void call());
  }

  function drop(folder: string): void {
    watchers.get(folder)?.watcher.close();
    watchers.delete(folder);
  }

  function add(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, onEvent);
      watcher.on('error', (error) => {
        drop(folder);
        options.onTrouble(reasonOf(error));
      });
      watchers.set(folder, { watcher, identity: identityOf(folder) });
    } catch (thrown) {
      // A folder that is not there yet is found by the look; being out of watches is worth a word.
      if (identityOf(folder) !== undefined) options.onTrouble(reasonOf(thrown));
    }
  }

  return {
    follow(files) {
      if (closed) return;
      const wanted = new Set([...foldersOf(files)].slice(0, watchedFolders));
      // A folder that was made anew under its name is another one.
      for (const [folder, { identity }] of [...watchers]) if (!wanted.has(folder) || identityOf(folder) !== identity) drop(folder);
      for (const folder of wanted) if (!watchers.has(folder)) add(folder);
    },
    close() {
      closed = true;
      poll.cancel();
      quiet?.cancel();
      for (const folder of [...watchers.keys()]) drop(folder);
    },
  };
}

/** What `stat` says of each file: another text, another file of the same name, another link all make another fingerprint. */
export function fingerprint(files: Iterable<string>): string {
  return [...files].map((file) => `${file}\0${stamp(file)}`).join('\0');
}

function stamp(file: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs, mode } = statSync(file, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs, mode].join(':');
  } catch (thrown) {
    return reasonOf(thrown);
  }
}

/** The folders that names and, behind links, the files themselves lie in. */
function foldersOf(files: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const file of files) {
    folders.add(dirname(file));
    try {
      folders.add(dirname(realpathSync(file)));
    } catch {
      // Absent: the folder of its name is watched for it.
    }
  }
  return folders;
}

/** Numbers of inodes are given again at once; the time of birth is not. */
function identityOf(folder: string): string | undefined {
  try {
    const { dev, ino, birthtimeNs } = statSync(folder, { bigint: true });
    return `${dev}:${ino}:${birthtimeNs}`;
  } catch {
    return undefined;
  }
}
