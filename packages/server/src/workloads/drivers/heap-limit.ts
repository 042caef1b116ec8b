/**
 * A program of Node that ended at the limit of its own JavaScript heap. That is no kill of the kernel: the container may have had room. Read from the end of a unit and its last
 * words, which are the same whatever ran it.
 */
import type { UnitEnd } from './driver.ts';

export interface HeapExhaustion {
  /** What the heap held when it gave up, where the engine said so. */
  readonly heapBytes?: number;
}

const abortCode = 134;
const mebibyte = 2 ** 20;

/** Undefined where it ended otherwise. */
export function heapExhaustionOf({
  exitCode,
  signal,
  message = '',
}: Pick<UnitEnd, 'exitCode' | 'signal' | 'message'>): HeapExhaustion | undefined {
  const wasAborted = exitCode === abortCode || signal === 'SIGABRT';
  if (!wasAborted || !message.includes('JavaScript heap out of memory')) return undefined;
  // `Mark-Compact (reduce) 28.7 (31.0) -> 28.7 (31.0) MB`: what was left after the last collection.
  const left = [...message.matchAll(/-> (\d+(?:\.\d+)?) \(\d+(?:\.\d+)?\) MB/g)].at(-1)?.[1];
  return left === undefined ? {} : { heapBytes: Number(left) * mebibyte };
}
