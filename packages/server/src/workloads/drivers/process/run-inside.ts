/** Runs another command in the place of a unit: its group, its mounts, its environment. Bounded in time and in what it may say. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemPath, type Place } from './place.ts';
import type { RunOptions } from '../driver.ts';
import type { LiveUnit } from './live-unit.ts';

/** What is kept of its output. */
const outputBytes = 16 * 1024;
/** As `timeout` says it. */
const timedOutCode = 124;
const signalBase = 128;

export interface RunInside extends RunOptions {
  readonly unit: LiveUnit;
  readonly place: Place;
  readonly numberOf: (signal: NodeJS.Signals) => number;
}

export async function runInside(
  command: readonly string[],
  options: RunInside,
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const { unit, place, timeoutMs, signal, numberOf } = options;
  const { nsenter, sh } = place.tools;
  const namespace = unit.note.hasMounts && place.mayMount ? [nsenter, `--mount=/proc/${unit.program?.pid}/ns/mnt`] : [];
  const [program, ...words] = [...namespace, sh, unit.files.path('probe'), ...command];
  const child = spawn(program ?? sh, words, { cwd: '/', env: { PATH: systemPath }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const pieces: Buffer[] = [];
  let bytes = 0;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => {
      if (bytes < outputBytes) pieces.push(piece.subarray(0, outputBytes - bytes));
      bytes += piece.length;
    });
  const timeout = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([signal, timeout]);
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
    // Somebody out of reach may hold them open.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  over.addEventListener('abort', end, { once: true });
  if (over.aborted) end();
  try {
    const [code, ended] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    signal.throwIfAborted();
    const exitCode = timeout.aborted ? timedOutCode : (code ?? signalBase + numberOf(ended ?? 'SIGKILL'));
    return { exitCode, output: Buffer.concat(pieces).toString('utf8') };
  } finally {
    over.removeEventListener('abort', end);
  }
}
