/**
 * The thread of one search: walks a directory, tries a regular expression on every line, and sends what it finds at once, because it may be ended at
 * any moment. A pattern that never comes to an end is the reason why it is a thread.
 */
import { opendir } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { codeOf, openDirectory, openFile } from './confined.ts';
import { temporaryPrefix } from './text-file.ts';

export interface SearchOrder {
  readonly workspace: string;
  readonly names: readonly string[];
  readonly pattern: string;
  readonly ignoreCase: boolean;
  /** Of files, with `*` for anything: `*.ts`. */
  readonly files: string | undefined;
  readonly matchLimit: number;
}

export type SearchNews =
  | { readonly kind: 'match'; readonly line: string }
  /** A file that was not looked into, and why. */
  | { readonly kind: 'skipped'; readonly why: 'binary' | 'large' | 'unreadable' }
  | { readonly kind: 'end'; readonly files: number; readonly isCut: boolean }
  | { readonly kind: 'fault'; readonly text: string };

const fileLimitBytes = 8 * 1024 * 1024;
const lineLimitCharacters = 500;
/** Nobody looks for their own text in there; they can still be named as `path`. */
const skippedDirectories: ReadonlySet<string> = new Set(['.git', 'node_modules']);

interface Search {
  readonly order: SearchOrder;
  readonly pattern: RegExp;
  readonly wanted: RegExp | undefined;
  matches: number;
  files: number;
}

function tell(news: SearchNews): void {
  parentPort?.postMessage(news);
}

async function run(order: SearchOrder): Promise<void> {
  const search: Search = {
    order,
    pattern: new RegExp(order.pattern, order.ignoreCase ? 'i' : ''),
    wanted: order.files === undefined ? undefined : toPattern(order.files),
    matches: 0,
    files: 0,
  };
  const isFile = order.names.length > 0 && (await searchNamedFile(search));
  if (!isFile) await searchDirectory(search, order.names);
  tell({ kind: 'end', files: search.files, isCut: isFull(search) });
}

function isFull({ matches, order }: Search): boolean {
  return matches >= order.matchLimit;
}

/** `*.ts` as a regular expression; nothing in it needs to be tried twice. */
function toPattern(files: string): RegExp {
  const parts = files.replace(/\*+/g, '*').split('*');
  return new RegExp(`^${parts.map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&')).join('.*')}$`);
}

async function searchNamedFile(search: Search): Promise<boolean> {
  const { workspace, names } = search.order;
  await using directory = await openDirectory(workspace, names.slice(0, -1));
  try {
    await using handle = await openFile(directory, names.at(-1) ?? '', names.join('/'));
    await handle.stat();
  } catch (thrown) {
    if (thrown instanceof Error && thrown.message.endsWith('is a directory.')) return false;
    throw thrown;
  }
  await searchFile(search, names);
  return true;
}

async function searchDirectory(search: Search, names: readonly string[]): Promise<void> {
  await using directory = await openDirectory(search.order.workspace, names);
  const entries = [];
  for await (const entry of await opendir(directory.at('.'))) entries.push(entry);
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const entry of entries) {
    if (isFull(search)) return;
    const path = [...names, entry.name];
    if (entry.isDirectory() && !skippedDirectories.has(entry.name)) await searchDirectory(search, path).catch(skip);
    else if (entry.isFile() && !entry.name.startsWith(temporaryPrefix) && search.wanted?.test(entry.name) !== false) {
      await searchFile(search, path).catch(skip);
    }
  }
}

/** One file that cannot be read, or is gone by now, ends no search. */
function skip(thrown: unknown): void {
  if (codeOf(thrown) === 'EMFILE') throw thrown;
  tell({ kind: 'skipped', why: 'unreadable' });
}

async function searchFile(search: Search, names: readonly string[]): Promise<void> {
  await using directory = await openDirectory(search.order.workspace, names.slice(0, -1));
  await using handle = await openFile(directory, names.at(-1) ?? '', names.join('/'));
  const { size } = await handle.stat();
  if (size > fileLimitBytes) return tell({ kind: 'skipped', why: 'large' });
  const bytes = await handle.readFile();
  if (bytes.includes(0)) return tell({ kind: 'skipped', why: 'binary' });
  search.files += 1;
  const shown = names.join('/');
  for (const [index, line] of bytes.toString('utf8').split('\n').entries()) {
    if (isFull(search)) return;
    if (!search.pattern.test(line)) continue;
    search.matches += 1;
    const text = line.length > lineLimitCharacters ? `${line.slice(0, lineLimitCharacters).toWellFormed()}…` : line;
    tell({ kind: 'match', line: `${shown}:${index + 1}: ${text.trimEnd()}` });
  }
}

run(workerData as SearchOrder).catch((thrown: unknown) =>
  tell({ kind: 'fault', text: thrown instanceof Error ? thrown.message : String(thrown) }),
);
