/** What the kernel has written about memory and crashes: its records, with the time of day that each has. It judges nothing. */
import type { Quote } from '../evidence.ts';

/** `6,1234,5140900,-;text`: urgency, number, microseconds since the start of the machine, flags. */
const record = /^\d+,\d+,(\d+),[^;]*;(.*)$/;
const telling =
  /out of memory|oom-kill|killed process|segfault|general protection|invalid opcode|traps:|i\/o error|remounting filesystem read-only|hung task|blocked for more than/i;
const mostLines = 60;

export interface KernelTimes {
  /** When it was read, and how long the machine had run then. */
  readonly atMs: number;
  readonly uptimeSeconds: number;
}

/** @param sinceMs older ones are of no interest */
export function kernelLines(text: string, { atMs, uptimeSeconds }: KernelTimes, sinceMs: number): readonly Quote[] {
  const bootMs = atMs - uptimeSeconds * 1000;
  return text
    .split('\n')
    .flatMap((line): Quote[] => {
      const [, microseconds, words = ''] = record.exec(line) ?? [];
      const saidMs = bootMs + Number(microseconds) / 1000;
      return microseconds !== undefined && telling.test(words) && saidMs >= sinceMs
        ? [{ source: 'kernel log', text: words, atMs: saidMs }]
        : [];
    })
    .slice(-mostLines);
}
