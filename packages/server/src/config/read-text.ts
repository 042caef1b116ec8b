/** Reads the small files that a configuration consists of, and nothing that only looks like one. */
import { readFileSync, statSync } from 'node:fs';

/** Whether there is anything at `path`. Unlike `existsSync` it does not take "may not look" for "no". */
export function isPresent(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Thousands of times what people write; a larger file is another file by mistake. */
const limitBytes = 2 ** 20;

/** @throws Error when it is not a regular file of text in UTF-8, or larger than 1 MiB. */
export function readText(path: string): string {
  const stat = statSync(path);
  if (!stat.isFile()) throw new Error(`${path} is not a regular file`);
  if (stat.size > limitBytes) throw new Error(`${path} is larger than ${limitBytes} bytes`);
  // The byte order mark stays, so that places in the text are places in the file.
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
}
