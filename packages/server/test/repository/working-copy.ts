/** A copy of the repository without its history, for tests that change files or build; and the commands that run in it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';

export const root = join(import.meta.dirname, '../../../..');

export interface CommandResult {
  readonly code: number | null;
  /** What it wrote, to either stream. */
  readonly output: string;
  readonly stdout: string;
}

export interface WorkingCopy extends Disposable {
  readonly path: string;
  write(file: string, text: string): void;
  remove(file: string): void;
  run(command: string, ...argv: readonly string[]): CommandResult;
}

const leftOut: ReadonlySet<string> = new Set(['node_modules', '.git', 'dist', 'peers']);

export function createWorkingCopy(): WorkingCopy {
  const path = mkdtempSync(join(tmpdir(), 'openclaw-copy-'));
  cpSync(root, path, { recursive: true, filter: (file) => !leftOut.has(basename(file)) });
  linkModules(join(root, 'node_modules'), join(path, 'node_modules'));
  return {
    path,
    write(file, text) {
      mkdirSync(dirname(join(path, file)), { recursive: true });
      writeFileSync(join(path, file), text);
    },
    remove: (file) => rmSync(join(path, file)),
    run: (command, ...argv) => runCommand([command, ...argv], { cwd: path }),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The installed packages as they are, but for the workspaces, which have to be those of the copy. */
function linkModules(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(source)) {
    if (name === '@openclaw') {
      for (const workspace of ['protocol', 'client', 'control-ui', 'server'])
        link(join(dirname(target), 'packages', workspace), join(target, name, workspace));
    } else {
      link(join(source, name), join(target, name));
    }
  }
}

function link(to: string, at: string): void {
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(to.startsWith(root) ? to : relative(dirname(at), to), at);
}

/** Runs a command with the project's own Node and tools first on the PATH. */
export function runCommand(
  [command = '', ...argv]: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: Readonly<Record<string, string>> },
): CommandResult {
  const { status, stdout, stderr, error } = spawnSync(command, argv, {
    cwd,
    encoding: 'utf8',
    timeout: 120_000,
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`, NO_COLOR: '1', ...env },
  });
  if (error) throw error;
  return { code: status, stdout, output: `${stdout}${stderr}` };
}
