/** The tool `list`: what is in a directory of the workspace. It follows no links. */
import { lstat, opendir } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import type { Tool, ToolCall } from '../contract.ts';
import { answering } from '../fault.ts';
import { type ConfinedDirectory, faultOf, namesOf, openDirectory } from './confined.ts';
import { temporaryPrefix } from './text-file.ts';

const entryLimit = 1000;
const depthLimit = 6;

export function createListTool(): Tool {
  return {
    name: 'list',
    description: `Lists a directory of the workspace: directories end in a slash, files come with their size. At most ${entryLimit} entries.`,
    parameters: {
      type: 'object',
      properties: {
        path: { type: 'string', description: 'The directory. Default: the workspace itself.' },
        depth: { type: 'integer', minimum: 1, maximum: depthLimit, description: 'Levels of directories to show. Default 1.' },
      },
      additionalProperties: false,
    },
    effect: 'read',
    run: (call) => answering(call.signal, () => list(call)),
  };
}

interface Listing {
  readonly lines: string[];
  readonly signal: AbortSignal;
  readonly workspace: string;
  readonly depth: number;
}

async function list({ workspace, arguments: args, signal }: ToolCall): Promise<string> {
  const names = namesOf(workspace, typeof args['path'] === 'string' ? args['path'] : '.');
  const listing: Listing = { lines: [], signal, workspace, depth: typeof args['depth'] === 'number' ? args['depth'] : 1 };
  await addDirectory(listing, names, 0);
  if (listing.lines.length === 0) return `${names.join('/') || 'The workspace'} is empty.`;
  const more = listing.lines.length > entryLimit ? `\n[only the first ${entryLimit} entries are shown; list a directory below]` : '';
  return listing.lines.slice(0, entryLimit).join('\n') + more;
}

async function addDirectory(listing: Listing, names: readonly string[], level: number): Promise<void> {
  await using directory = await openDirectory(listing.workspace, names);
  for (const entry of await entriesOf(directory, names.join('/'))) {
    listing.signal.throwIfAborted();
    if (listing.lines.length > entryLimit) return;
    listing.lines.push(`${'  '.repeat(level)}${await describe(directory, entry)}`);
    if (!entry.isDirectory() || level + 1 >= listing.depth) continue;
    // It may be gone, or not for us: then its name alone is shown.
    await addDirectory(listing, [...names, entry.name], level + 1).catch(() => listing.signal.throwIfAborted());
  }
}

/** In the order of their names; a bounded number of them, however many there are. */
async function entriesOf(directory: ConfinedDirectory, shown: string): Promise<readonly Dirent[]> {
  const entries: Dirent[] = [];
  const opened = await opendir(directory.at('.')).catch((thrown: unknown) => {
    throw faultOf(thrown, shown);
  });
  for await (const entry of opened) {
    if (!entry.name.startsWith(temporaryPrefix)) entries.push(entry);
    if (entries.length > 10 * entryLimit) break;
  }
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
}

async function describe(directory: ConfinedDirectory, entry: Dirent): Promise<string> {
  const name = JSON.stringify(entry.name).slice(1, -1);
  if (entry.isDirectory()) return `${name}/`;
  if (entry.isSymbolicLink()) return `${name} (a symbolic link)`;
  if (!entry.isFile()) return `${name} (not an ordinary file)`;
  const about = await lstat(directory.at(entry.name)).catch(() => undefined);
  return about === undefined ? name : `${name} (${about.size} bytes)`;
}
