/** Small questions to the machine beneath this program: a file of the kernel, whose a path is, how much room there is. It writes nothing. */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { open, opendir, stat, statfs } from 'node:fs/promises';
import type { JsonValue } from '../../../core/json.ts';
import type { RoomAnswer, StatAnswer } from '../answers.ts';
import type { Question } from '../contract.ts';
import { NotSeen } from '../not-seen.ts';

type HostQuestion = Extract<Question, { from: 'host' }>;

/** Where the kernel keeps its own log: each reading is one record, and the last one is told by there being no more. */
export const kernelLog = '/dev/kmsg';
const mostTextBytes = 256 * 1024;
const mostKernelBytes = 2 ** 20;
const mostRecordBytes = 8192;
const mostNames = 3;

/** @throws NotSeen */
export async function askHost({ as, path }: HostQuestion): Promise<JsonValue> {
  try {
    if (as === 'stat') return await statOf(path);
    if (as === 'room') return await roomOf(path);
    if (as === 'names') return await firstNames(path);
    return path === kernelLog ? readKernelLog() : await readText(path);
  } catch (thrown) {
    const { code = '', message } = thrown as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : code === 'EACCES' || code === 'EPERM' ? 'forbidden' : 'refused';
    throw new NotSeen(reason, message, { cause: thrown });
  }
}

async function statOf(path: string): Promise<StatAnswer> {
  const found = await stat(path);
  return { uid: found.uid, gid: found.gid, mode: found.mode & 0o7777, isDirectory: found.isDirectory() };
}

async function roomOf(path: string): Promise<RoomAnswer> {
  const { bsize, bavail, blocks, ffree, files } = await statfs(path);
  return { freeBytes: bsize * bavail, totalBytes: bsize * blocks, freeInodes: ffree, totalInodes: files };
}

async function firstNames(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of await opendir(path)) {
    names.push(entry.name);
    if (names.length === mostNames) break;
  }
  return names;
}

async function readText(path: string): Promise<string> {
  await using file = await open(path);
  const buffer = Buffer.alloc(mostTextBytes);
  let length = 0;
  // Files of the kernel have no size: they are read until they end.
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, mostTextBytes - length);
    if (bytesRead === 0) return buffer.toString('utf8', 0, length);
    length += bytesRead;
  }
}

function readKernelLog(): string {
  const file = openSync(kernelLog, constants.O_RDONLY | constants.O_NONBLOCK);
  const records: string[] = [];
  let bytes = 0;
  const record = Buffer.alloc(mostRecordBytes);
  try {
    for (;;) {
      const length = readRecord(file, record);
      if (length === undefined) return records.join('');
      records.push(record.toString('utf8', 0, length));
      bytes += length;
      while (bytes > mostKernelBytes) bytes -= Buffer.byteLength(records.shift() ?? '');
    }
  } finally {
    closeSync(file);
  }
}

/** Undefined where there is none left. What was overwritten while it was read is left out. */
function readRecord(file: number, into: Buffer): number | undefined {
  try {
    return readSync(file, into, 0, into.length, null);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return undefined;
    if (code === 'EPIPE') return 0;
    throw thrown;
  }
}
