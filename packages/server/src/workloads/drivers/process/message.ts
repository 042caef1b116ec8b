/** The end of a unit's standard error on the disk, as its last words. */
import { open } from 'node:fs/promises';
import { lastWords, wordsReadBytes } from '../last-words.ts';
import { readSegments, segmentPath } from './spool.ts';

/** Empty where it said nothing. */
export async function messageOf(directory: string): Promise<string> {
  const last = (await readSegments(directory, 'stderr')).findLast(({ bytes }) => bytes > 0);
  if (last === undefined) return '';
  const handle = await open(segmentPath(directory, 'stderr', last.number), 'r').catch(() => undefined);
  if (handle === undefined) return '';
  try {
    const start = Math.max(0, last.bytes - wordsReadBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(wordsReadBytes), 0, wordsReadBytes, start);
    return lastWords(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await handle.close();
  }
}
