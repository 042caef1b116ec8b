/** A state directory with something in it, a place for its backups, and what lies in a directory, to see whether anything was changed. */
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { openState } from '../../storage/index.ts';
import { ensureStateIdentity } from '../state-identity/index.ts';
import { decode, type OpenWith } from './coding.ts';
import type { ArchiveToRead } from './restore.ts';

export interface Workbench extends Disposable {
  readonly directory: string;
  /** Of a gateway, with a configuration, credentials and records. */
  readonly state: string;
  /** Empty. */
  readonly place: string;
  path(name: string): string;
}

export const secretText = 'sk-very-secret-4711';

export async function createWorkbench(): Promise<Workbench> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-backup-test-'));
  const state = join(directory, 'state-directory');
  mkdirSync(state, { mode: 0o700 });
  put(state, 'openclaw.json', '{ gateway: { port: 0 } }\n');
  put(state, 'credentials/gateway-token', `${secretText}\n`);
  put(state, `workspaces/main/${'long '.repeat(30)}/Grüße 世界.txt`, 'of an agent');
  put(state, 'workspaces/main/run.sh', '#!/bin/sh\n');
  chmodSync(join(state, 'workspaces/main/run.sh'), 0o755);
  mkdirSync(join(state, 'workspaces', 'empty'));
  put(state, 'logs/gateway.log', 'a line');
  await note(state, ['first', 'second']);
  ensureStateIdentity(state, systemClock);
  return {
    directory,
    state,
    place: join(directory, 'place'),
    path: (name) => join(directory, name),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text, { mode: 0o600 });
}

/** Opens the state, writes a record for each key, and closes it. */
export async function note(state: string, keys: readonly string[]): Promise<void> {
  const opened = await openState(state);
  try {
    for (const key of keys) await opened.database.write({ statements: [], changes: [{ topic: 'noted', key }] });
  } finally {
    await opened.close();
  }
}

/** The keys that were noted in a state. */
export async function notedIn(state: string): Promise<string[]> {
  const opened = await openState(state);
  try {
    const keys: string[] = [];
    for (let after = 0; ;) {
      const changes = await opened.database.changes(after, 10_000);
      if (changes.length === 0) return keys;
      keys.push(...changes.filter(({ topic }) => topic === 'noted').map(({ key }) => key));
      after = changes.at(-1)?.position ?? 0;
    }
  } finally {
    await opened.close();
  }
}

export function archiveAt(path: string, openWith: OpenWith = {}): ArchiveToRead {
  return { name: path, readTar: () => decode(createReadStream(path) as AsyncIterable<Buffer>, openWith) };
}

/** Every path with its kind, mode and content. The lock is left out: looking at who holds it makes it. */
export function contentsOf(directory: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name === 'lock.db') continue;
    const path = join(directory, name);
    const stats = lstatSync(path);
    found.set(name, `${stats.mode.toString(8)} ${stats.isFile() ? readFileSync(path, 'base64') : ''}`);
  }
  return found;
}
