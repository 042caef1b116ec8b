/**
 * Reads the end of the log file, and what has come since. A place in it is one number, which also says in which file it is: when the file
 * was replaced meanwhile, the rest of the old one is read first.
 *
 * It reads a bounded piece and keeps nothing. It does not know what a line means.
 */
import { type FileHandle, open } from 'node:fs/promises';

export interface TailQuestion {
  /** Where the last answer ended. @default the end of the file */
  readonly cursor?: number | undefined;
  readonly limit: number;
  readonly maxBytes: number;
}

export interface Tail {
  readonly file: string;
  readonly cursor: number;
  readonly size: number;
  readonly lines: readonly string[];
  /** Lines before these are left out. */
  readonly truncated: boolean;
  /** The place is gone: it goes on at the beginning of the file. */
  readonly reset: boolean;
}

/** 40 bits for a place in a file, and twelve for the file: a number holds 53. */
const placeSize = 2 ** 40;
const fileMarks = 2 ** 12;
const lineFeed = 0x0a;

/** @param path of the current file; the one before it is `path.1` */
export async function tailLog(path: string, question: TailQuestion): Promise<Tail> {
  await using current = await openFile(path);
  if (!current) return { file: path, cursor: 0, size: 0, lines: [], truncated: false, reset: false };
  const { cursor } = question;
  if (cursor === undefined) return await endOf(path, current, question);
  const mark = Math.floor(cursor / placeSize);
  const place = cursor % placeSize;
  if (mark === current.mark && place <= current.size) return { ...(await since(path, current, { ...question, place })), reset: false };
  await using earlier = await openFile(`${path}.1`);
  if (earlier?.mark !== mark || place > earlier.size)
    return { ...(await since(path, current, { ...question, place: 0 })), reset: cursor > 0 };
  const rest = await since(path, earlier, { ...question, place });
  const isMore = rest.cursor % placeSize < earlier.size && rest.lines.length > 0;
  // The next question goes on in the new file, once there is nothing left in the old one.
  return { ...rest, cursor: isMore ? rest.cursor : current.mark * placeSize, size: current.size, reset: false };
}

interface OpenFile extends AsyncDisposable {
  readonly handle: FileHandle;
  readonly size: number;
  readonly mark: number;
}

async function openFile(path: string): Promise<OpenFile | undefined> {
  const handle = await open(path, 'r').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined;
    throw thrown;
  });
  if (!handle) return undefined;
  const { ino, birthtimeMs, size } = await handle.stat();
  const mark = (ino * 31 + Math.floor(birthtimeMs)) % fileMarks;
  return { handle, size, mark, [Symbol.asyncDispose]: () => handle.close() };
}

async function endOf(path: string, file: OpenFile, { limit, maxBytes }: TailQuestion): Promise<Tail> {
  const start = Math.max(0, file.size - maxBytes);
  const bytes = await readPiece(file, start, file.size - start);
  const end = bytes.lastIndexOf(lineFeed) + 1;
  // Cut in the middle of a line, whose end is of no use.
  const first = start === 0 ? 0 : bytes.indexOf(lineFeed) + 1;
  const lines = linesIn(bytes.subarray(first, end));
  const kept = lines.slice(-limit);
  return answer(path, file, { place: start + end, lines: kept, truncated: start > 0 || kept.length < lines.length });
}

/** From a place on, as much as is asked for; whole lines only. */
async function since(path: string, file: OpenFile, { place, limit, maxBytes }: TailQuestion & { readonly place: number }): Promise<Tail> {
  const bytes = await readPiece(file, place, Math.min(maxBytes, file.size - place));
  const end = bytes.lastIndexOf(lineFeed) + 1;
  // A line that does not fit is passed over: it would be asked for for ever.
  if (end === 0 && bytes.length === maxBytes) return answer(path, file, { place: place + bytes.length, lines: [], truncated: true });
  const lines = linesIn(bytes.subarray(0, end));
  if (lines.length <= limit) return answer(path, file, { place: place + end, lines, truncated: false });
  const kept = lines.slice(0, limit);
  const taken = kept.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  return answer(path, file, { place: place + Math.min(end, taken), lines: kept, truncated: false });
}

function answer(file: string, { mark, size }: OpenFile, part: { place: number; lines: readonly string[]; truncated: boolean }): Tail {
  return { file, size, cursor: mark * placeSize + part.place, lines: part.lines, truncated: part.truncated, reset: false };
}

async function readPiece({ handle }: OpenFile, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

function linesIn(bytes: Buffer): string[] {
  return bytes.length === 0 ? [] : bytes.toString('utf8').replace(/\n$/, '').split('\n');
}
