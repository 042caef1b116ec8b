/**
 * Reads what the kernel tells in small files of `/proc` and of control groups, at once and into one buffer: they lie in memory, and handing the work to
 * another thread would cost more than the work. It is not for files on disks.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import type { ReadText } from '../../../core/process-memory.ts';

let buffer: Buffer | undefined;

/** Undefined where there is no such file, or no longer. */
export const readKernelFile: ReadText = (path) => {
  buffer ??= Buffer.allocUnsafeSlow(64 * 1024);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    let length = readSync(descriptor, buffer, 0, buffer.length, null);
    // Longer ones are tables of processes, which are read to their end.
    if (length < 4096) return buffer.toString('latin1', 0, length);
    for (let more = length; more > 0 && length < buffer.length; length += more)
      more = readSync(descriptor, buffer, length, buffer.length - length, null);
    return buffer.toString('latin1', 0, length);
  } catch {
    // Its process has ended, its group was removed, or it is another user's.
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
};

/** Open files of a process; undefined where this process may not know. */
export function countDescriptors(pid: number): number | undefined {
  const path = `/proc/${pid}/fd`;
  try {
    // From Linux 6.2 on the size of the directory is their number.
    return statSync(path).size || readdirSync(path).length;
  } catch {
    return undefined;
  }
}

/** One of the figures of a file with `name value` per line, as `memory.stat`; undefined where it is not among them. Most of them nobody wants. */
export function findFigure(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const start = text.startsWith(`${name} `) ? 0 : text.indexOf(`\n${name} `) + 1;
  if (start === 0 && !text.startsWith(`${name} `)) return undefined;
  const value = Number.parseInt(text.slice(start + name.length + 1, start + name.length + 24), 10);
  return Number.isNaN(value) ? undefined : value;
}

/** A file that holds one number; undefined where it holds none, such as `max`. */
export function parseNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}
