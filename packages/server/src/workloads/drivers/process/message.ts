/** The last words of a unit: the end of its standard error, for people who ask why it ended. */
import { open } from 'node:fs/promises';
import { readSegments, segmentPath } from './spool.ts';

const messageBytes = 2048;

/** Whole lines where they fit; empty where it said nothing. */
export async function messageOf(directory: string): Promise<string> {
  const last = (await readSegments(directory, 'stderr')).findLast(({ bytes }) => bytes > 0);
  if (last === undefined) return '';
  const handle = await open(segmentPath(directory, 'stderr', last.number), 'r').catch(() => undefined);
  if (handle === undefined) return '';
  try {
    const start = Math.max(0, last.bytes - messageBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(messageBytes), 0, messageBytes, start);
    const text = buffer.toString('utf8', 0, bytesRead);
    const firstLineEnd = text.indexOf('\n');
    const isCut = start > 0 && firstLineEnd >= 0 && firstLineEnd < text.length - 1;
    return (isCut ? text.slice(firstLineEnd + 1) : text).trimEnd();
  } finally {
    await handle.close();
  }
}
