/**
 * Whom a workspace and what is made in it belong to, where the gateway is root's: not to root, for commands in a container are not root's either, and
 * have to be able to work there.
 *
 * A gateway of any other user makes everything as that user, and none of this does anything.
 */
import { type FileHandle, chown, mkdir, realpath } from 'node:fs/promises';
import { statSync } from 'node:fs';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody`, in most images too. */
const nobody: Owner = { uid: 65_534, gid: 65_534 };

/** Makes it where it is missing. @returns its real path */
export async function makeWorkspace(directory: string): Promise<string> {
  const made = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (made !== undefined && isRoot()) await chown(directory, nobody.uid, nobody.gid);
  return realpath(directory);
}

/** What root makes belongs to whoever has the directory or the file that it takes the place of. */
export async function giveTo(
  handle: FileHandle,
  { uid, gid }: { readonly uid: number | bigint; readonly gid: number | bigint },
): Promise<void> {
  if (isRoot()) await handle.chown(Number(uid), Number(gid));
}

/**
 * As whom commands in a container run: never as root, who could leave programs in the workspace that make others root.
 * @returns undefined where there are no users @throws Error where the workspace is root's own
 */
export function commandUser(workspace: string): Owner | undefined {
  const own = process.getuid?.();
  if (own === undefined) return undefined;
  if (own !== 0) return { uid: own, gid: process.getgid?.() ?? own };
  const { uid, gid } = statSync(workspace);
  if (uid !== 0) return { uid, gid };
  throw new Error(
    `commands in a container are not run as root, and ${workspace} is root's; somebody has to give it away: chown -R ${nobody.uid}:${nobody.gid} ${workspace}`,
  );
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
