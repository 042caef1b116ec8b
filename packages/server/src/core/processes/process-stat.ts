/** A line of `/proc/PID/stat`: who a process is, whose child, and what it has used. It reads no files. */

export interface ProcessStat {
  readonly pid: number;
  /** In ticks since the machine was started. A number of a process is given out again; with this it names one until then. */
  readonly startTicks: number;
  readonly parentPid: number;
  readonly session: number;
  /** Has ended, and nobody has asked yet how. */
  readonly isDead: boolean;
  /** Its own, and those of children that have ended; as is the time. */
  readonly majorFaults: number;
  readonly cpuSeconds: number;
  readonly threads: number;
  readonly residentPages: number;
}

/** Of `/proc`, on every platform of Linux that Node runs on. */
const ticksPerSecond = 100;

/** Undefined where it is cut off. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  // The name of the program stands in parentheses and may have any character in it.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  if (end < 0 || fields.length < 22) return undefined;
  /** As proc(5) numbers them. */
  const number = (field: number): number => Number(fields[field - 3]);
  return {
    pid: Number.parseInt(text, 10),
    startTicks: number(22),
    parentPid: number(4),
    session: number(6),
    isDead: fields[0] === 'Z' || fields[0] === 'X',
    majorFaults: number(12) + number(13),
    cpuSeconds: (number(14) + number(15) + number(16) + number(17)) / ticksPerSecond,
    threads: number(20),
    residentPages: number(24),
  };
}
