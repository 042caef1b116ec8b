/** Closed log files of the gateway: which there are, from when they are, and giving them up. The one that is written to is never touched. */
import { open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject } from '../../core/json.ts';
import type { Amount, RetentionRule } from './contract.ts';
import type { ColdStorage, LogAbout } from './cold-storage.ts';

export interface LogFile {
  readonly path: string;
  readonly bytes: number;
  /** When it was last written to. */
  readonly atMs: number;
}

const closed = /^gateway\.log\.[1-9]\d*$/;
/** A line is at most some 16 KiB. */
const pieceBytes = 64 * 1024;

/** The oldest first. */
export async function closedLogFiles(directory: string): Promise<readonly LogFile[]> {
  const names = await readdir(directory).catch(() => []);
  const files: LogFile[] = [];
  for (const name of names.filter((each) => closed.test(each))) {
    const path = join(directory, name);
    const stats = await stat(path).catch(() => undefined);
    if (stats?.isFile() === true) files.push({ path, bytes: stats.size, atMs: stats.mtimeMs });
  }
  return files.toSorted((one, other) => one.atMs - other.atMs);
}

export interface LogRuleOptions {
  readonly keepMs: () => number;
  readonly cold: () => ColdStorage | undefined;
}

export function logRule(directory: string, { keepMs, cold }: LogRuleOptions): RetentionRule {
  const old = async (beforeMs: number): Promise<readonly LogFile[]> =>
    (await closedLogFiles(directory)).filter(({ atMs }) => atMs < beforeMs);
  return {
    ...{ kind: 'logs', setting: 'retention.logsMs', keepMs },
    stale: async (beforeMs) => amountOf(await old(beforeMs)),
    async giveUp(beforeMs, { limit }) {
      const files = (await old(beforeMs)).slice(0, limit);
      const storage = cold();
      for (const { path, bytes } of files) {
        const about = storage && (await aboutLog(path, bytes).catch(ifGone));
        // Where it is not there yet, and cannot be brought there, it stays.
        if (storage && about) await storage.keepLog(path, about);
        await unlink(path).catch(ifGone);
      }
      return amountOf(files);
    },
  };
}

/** Each closed file once, so that it is there when its time is over, or when there are too many of them. @returns how many were stored */
export async function keepLogsCold(directory: string, cold: ColdStorage, signal: AbortSignal): Promise<number> {
  let stored = 0;
  for (const { path, bytes } of await closedLogFiles(directory)) {
    if (signal.aborted) return stored;
    const about = await aboutLog(path, bytes).catch(ifGone);
    if (about && (await cold.keepLog(path, about))) stored += 1;
  }
  return stored;
}

/** Undefined for a file without a line that says when it is from. */
export async function aboutLog(path: string, bytes: number): Promise<LogAbout | undefined> {
  const handle = await open(path, 'r');
  try {
    const piece = async (start: number): Promise<readonly string[]> => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(pieceBytes, bytes)), { position: start });
      return buffer.subarray(0, bytesRead).toString('utf8').split('\n');
    };
    const sinceMs = (await piece(0)).map(timeOf).find((time) => time !== undefined);
    const untilMs = (await piece(Math.max(0, bytes - pieceBytes))).map(timeOf).findLast((time) => time !== undefined);
    return sinceMs === undefined || untilMs === undefined ? undefined : { sinceMs, untilMs, bytes };
  } finally {
    await handle.close();
  }
}

/** When a line of the log was written; undefined for anything else. */
export function timeOf(line: string): number | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const time = isJsonObject(value) && typeof value['time'] === 'string' ? Date.parse(value['time']) : Number.NaN;
    return Number.isNaN(time) ? undefined : time;
  } catch {
    return undefined;
  }
}

function amountOf(files: readonly LogFile[]): Amount {
  return { items: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Turned away while it was looked at. */
function ifGone(thrown: unknown): undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || thrown.code !== 'ENOENT') throw thrown;
}
