/** The program as an operator starts it: a process of its own, in a home of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../bin/openclaw.js', import.meta.url));

export interface Program extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly home: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with what stdout says once the banner is there. */
  ready(): Promise<{ url: string; token: string }>;
  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface ProgramOptions {
  readonly home?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** Another one than the test's, where the test may choose. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

export async function startProgram({ home: existing, args = ['gateway', 'run'], env = {}, user }: ProgramOptions = {}): Promise<Program> {
  const home = existing ?? (await mkdtemp(join(tmpdir(), 'openclaw-program-')));
  const child = spawn(process.execPath, [launcher, ...args], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      XDG_CACHE_HOME: join(tmpdir(), 'openclaw-test-cache'),
      OPENCLAW_GATEWAY_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exit = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    child,
    home,
    stdout: () => stdout,
    stderr: () => stderr,
    async ready() {
      while (!/^ {2}(?:try it|mend it) {2}/m.test(stdout)) {
        const [ended] = await Promise.race([once(child.stdout, 'data').then(() => [false]), exit.then(() => [true])]);
        if (ended === true) throw new Error(`it ended before it was ready: ${stderr}`);
      }
      const url = /listens on (\S+)/.exec(stdout)?.[1] ?? '';
      const token = await readFile(join(home, '.openclaw/credentials/gateway-token'), 'utf8').catch(() => '');
      return { url, token: token.trim() };
    },
    async exited() {
      const [code, signal] = await exit;
      return { code, signal };
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exit;
      if (existing === undefined) await rm(home, { recursive: true, force: true });
    },
  };
}
