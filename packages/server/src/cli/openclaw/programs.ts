/** Starts other programs for commands: systemctl, and a browser. Both may be missing, which is an answer and no failure. */
import { spawn } from 'node:child_process';

export interface Ended {
  readonly stdout: string;
  readonly code: number;
}

const longestMs = 90_000;

/** @returns undefined where the program is not there */
export function run(program: string, words: readonly string[]): Promise<Ended | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'], timeout: longestMs });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve({ stdout, code: code ?? 1 }));
  });
}

/** Where somebody sits at a desktop. @returns whether one was started */
export async function openBrowser(url: string, env: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const isDesktop = process.platform === 'darwin' || (env['DISPLAY'] ?? '') !== '' || (env['WAYLAND_DISPLAY'] ?? '') !== '';
  if (!isDesktop) return false;
  const ended = await run(process.platform === 'darwin' ? 'open' : 'xdg-open', [url]);
  return ended?.code === 0;
}
