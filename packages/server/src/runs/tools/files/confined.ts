/**
 * Opens files below a workspace, and nothing else, whoever else changes names there meanwhile.
 *
 * A path is walked one name at a time from an open directory, and symbolic links are not followed anywhere in it. On Linux each step goes through
 * the descriptor of the directory before (`/proc/self/fd`, the `openat` that Node lacks), so that exchanging a directory for a link
 * in the middle leads nowhere. Where there is no such path, each step is looked at before it is taken, which a race can defeat.
 * Hard links are ordinary files to it.
 */
import { constants } from 'node:fs';
import { access, type FileHandle, lstat, mkdir, open } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { ToolFault } from '../fault.ts';
import { giveTo } from '../workspace.ts';

export interface ConfinedDirectory extends AsyncDisposable {
  /** The path that reaches `name` in this very directory, wherever it has been moved. */
  at(name: string): string;
}

/**
 * The names on the way from the workspace to `path`; none for the workspace itself.
 * @throws ToolFault for a path that leads outside
 */
export function namesOf(workspace: string, path: string): readonly string[] {
  if (path.includes('\0')) throw new ToolFault('The path must not contain a NUL character.');
  let rest = path;
  if (isAbsolute(path)) {
    if (path !== workspace && !path.startsWith(workspace + sep)) {
      throw new ToolFault(`${path} is outside of the workspace. Use paths that are relative to it.`);
    }
    rest = path.slice(workspace.length);
  }
  const names = rest.split(sep).filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw new ToolFault('The path must not contain `..`. Use paths that are relative to the workspace.');
  return names;
}

/** @throws ToolFault in words for the model */
export async function openDirectory(
  workspace: string,
  names: readonly string[],
  { create = false }: { readonly create?: boolean } = {},
): Promise<ConfinedDirectory> {
  const byDescriptor = await hasDescriptorPaths();
  let handle = await openStep(workspace, 'The workspace');
  let path = workspace;
  try {
    for (const [index, name] of names.entries()) {
      const next = byDescriptor ? `/proc/self/fd/${handle.fd}/${name}` : join(path, name);
      const shown = names.slice(0, index + 1).join('/');
      const isNew = create && (await mkdir(next).then(() => true, unlessExists));
      if (!byDescriptor) await refuseLink(next, shown);
      const before = handle;
      handle = await openStep(next, shown);
      if (isNew) await giveTo(handle, await before.stat());
      await before.close();
      path = next;
    }
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
  return {
    at: (name) => (byDescriptor ? `/proc/self/fd/${handle.fd}/${name}` : join(path, name)),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/** Opens an ordinary file to read it. @throws ToolFault in words for the model */
export async function openFile(directory: ConfinedDirectory, name: string, shown: string): Promise<FileHandle> {
  const path = directory.at(name);
  if (!(await hasDescriptorPaths())) await refuseLink(path, shown);
  // Without O_NONBLOCK the opening of a pipe would wait for somebody to write into it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(inWords(path, shown));
  try {
    const about = await handle.stat();
    if (about.isDirectory()) throw new ToolFault(`${shown} is a directory.`);
    if (!about.isFile()) throw new ToolFault(`${shown} is not an ordinary file.`);
    return handle;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

async function openStep(path: string, shown: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(inWords(path, shown));
}

async function refuseLink(path: string, shown: string): Promise<void> {
  const about = await lstat(path).catch(inWords(path, shown));
  if (about.isSymbolicLink()) throw linkFault(shown);
}

async function hasDescriptorPaths(): Promise<boolean> {
  return access('/proc/self/fd').then(
    () => true,
    () => false,
  );
}

function linkFault(shown: string): ToolFault {
  return new ToolFault(`${shown} is a symbolic link, and links are not followed.`);
}

/** What the system says of a path, for a model. Full disks and broken ones are not its business and thrown on. */
function inWords(path: string, shown: string): (thrown: unknown) => Promise<never> {
  return async (thrown) => {
    const isLink = await lstat(path).then(
      (about) => about.isSymbolicLink(),
      () => false,
    );
    if (isLink) throw linkFault(shown);
    throw faultOf(thrown, shown);
  };
}

const words: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist.',
  ENOTDIR: 'is not a directory, or something on the way to it is not.',
  EISDIR: 'is a directory.',
  EACCES: 'may not be opened: there is no permission.',
  EPERM: 'may not be changed: there is no permission.',
  EROFS: 'cannot be changed: the file system is read-only.',
  ENAMETOOLONG: 'has a name that is too long.',
  ELOOP: 'is a symbolic link, and links are not followed.',
  ENXIO: 'is not an ordinary file.',
  ENOTEMPTY: 'is a directory.',
};

/** @returns a fault, or what was thrown if it is not about this path */
export function faultOf(thrown: unknown, shown: string): unknown {
  const code = codeOf(thrown);
  const what = code === undefined ? undefined : words[code];
  return what === undefined ? thrown : new ToolFault(`${shown} ${what}`);
}

export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

function unlessExists(thrown: unknown): false {
  // Whether it is a directory turns out when it is opened.
  if (codeOf(thrown) !== 'EEXIST') throw thrown;
  return false;
}
