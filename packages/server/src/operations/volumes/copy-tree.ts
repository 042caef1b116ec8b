/**
 * Makes a directory equal to another, file by file, each compared by its SHA-256 as it can be read back. It may be called again: what is
 * equal already is only read. Links stay links; what is neither file, directory nor link is left out and named.
 */
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { chmod, chown, lchown, lstat, mkdir, open, readdir, readlink, rm, symlink, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

export interface CopyOptions {
  readonly from: string;
  readonly to: string;
  /** Paths relative to `from` that are no part of it. */
  readonly isLeftOut: (path: string) => boolean;
  /** Somebody may write there meanwhile: what goes away while it is read is no failure. */
  readonly live: boolean;
  readonly onCopied?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface Copied {
  readonly files: number;
  readonly bytes: number;
  /** Sockets, pipes, devices. */
  readonly leftOut: readonly string[];
}

const chunkBytes = 2 ** 20;

/** @throws what the system says, and an Error that names the file where what is read back is something else */
export async function copyTree(options: CopyOptions): Promise<Copied> {
  const copy = new TreeCopy(options);
  await copy.directory('');
  return copy;
}

class TreeCopy implements Copied {
  readonly #options: CopyOptions;
  /** Root copies for somebody else, who must be able to read it. */
  readonly #isRoot = process.getuid?.() === 0;
  files = 0;
  bytes = 0;
  readonly leftOut: string[] = [];

  constructor(options: CopyOptions) {
    this.#options = options;
  }

  async directory(path: string): Promise<void> {
    const { from, to } = this.#options;
    const stats = await this.#look(path);
    if (!stats) return;
    await mkdir(join(to, path), { recursive: true, mode: 0o700 });
    const entries = await readdir(join(from, path)).catch((thrown: unknown) => this.#ifGone(thrown));
    const wanted = new Set<string>();
    for (const name of entries ?? []) {
      const below = path === '' ? name : `${path}/${name}`;
      if (this.#options.isLeftOut(below)) continue;
      if (await this.#entry(below)) wanted.add(name);
    }
    // Of an earlier pass, and gone from the source since.
    for (const name of await readdir(join(to, path))) if (!wanted.has(name)) await rm(join(to, path, name), { recursive: true });
    if (path !== '') await this.#finish(path, stats);
    await syncPath(join(to, path));
  }

  /** @returns whether it is to be there */
  async #entry(path: string): Promise<boolean> {
    this.#options.signal?.throwIfAborted();
    const stats = await this.#look(path);
    if (!stats) return false;
    await this.#clearOther(path, stats);
    if (stats.isDirectory()) await this.directory(path);
    else if (stats.isSymbolicLink()) await this.#link(path, stats);
    else if (stats.isFile()) return this.#file(path, stats);
    else {
      this.leftOut.push(path);
      return false;
    }
    return true;
  }

  async #file(path: string, stats: Stats): Promise<boolean> {
    const { from, to, onCopied } = this.#options;
    const source = await open(join(from, path), constants.O_RDONLY | constants.O_NOFOLLOW).catch((thrown: unknown) => this.#ifGone(thrown));
    if (!source) return false;
    try {
      const sum = await this.#copyUnlessEqual(source, path);
      if (!this.#options.live && sum !== (await sumOf(join(to, path)))) throw new Error(`${path} cannot be read back as it was written`);
    } finally {
      await source.close();
    }
    await this.#finish(path, stats);
    this.files += 1;
    this.bytes += stats.size;
    onCopied?.(stats.size);
    return true;
  }

  /** @returns the sum of what was read */
  async #copyUnlessEqual(source: FileHandle, path: string): Promise<string> {
    const target = join(this.#options.to, path);
    const present = await lstat(target).catch(() => undefined);
    if (present?.isFile() === true) {
      const sum = await sumUp(source, this.#options.signal);
      if (sum === (await sumOf(target))) return sum;
    }
    const handle = await open(target, 'w', 0o600);
    try {
      const sum = await sumUp(source, this.#options.signal, (chunk) => handle.writeFile(chunk));
      await handle.sync();
      return sum;
    } finally {
      await handle.close();
    }
  }

  async #link(path: string, stats: Stats): Promise<void> {
    const { from, to } = this.#options;
    const target = join(to, path);
    await rm(target, { force: true });
    await symlink(await readlink(join(from, path)), target);
    if (this.#isRoot) await lchown(target, stats.uid, stats.gid);
  }

  async #finish(path: string, { mode, uid, gid, atimeMs, mtimeMs }: Stats): Promise<void> {
    const target = join(this.#options.to, path);
    if (this.#isRoot) await chown(target, uid, gid);
    await chmod(target, mode & 0o7777);
    await utimes(target, atimeMs / 1000, mtimeMs / 1000);
  }

  /** A pass before this one may have met something of another kind under the same name. */
  async #clearOther(path: string, stats: Stats): Promise<void> {
    const target = join(this.#options.to, path);
    const present = await lstat(target).catch(() => undefined);
    if (present && (present.mode & constants.S_IFMT) !== (stats.mode & constants.S_IFMT)) await rm(target, { recursive: true });
  }

  async #look(path: string): Promise<Stats | undefined> {
    return lstat(join(this.#options.from, path)).catch((thrown: unknown) => this.#ifGone(thrown));
  }

  #ifGone(thrown: unknown): undefined {
    const isGone = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    if (!this.#options.live || !isGone) throw thrown;
  }
}

async function sumOf(path: string): Promise<string> {
  const handle = await open(path, 'r');
  try {
    return await sumUp(handle, undefined);
  } finally {
    await handle.close();
  }
}

async function sumUp(handle: FileHandle, signal: AbortSignal | undefined, use?: (chunk: Buffer) => Promise<void>): Promise<string> {
  const hash = createHash('sha256');
  for (let position = 0; ;) {
    signal?.throwIfAborted();
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(chunkBytes), { position });
    if (bytesRead === 0) return hash.digest('hex');
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    await use?.(chunk);
    position += bytesRead;
  }
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
