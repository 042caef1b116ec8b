/** How the analysis says sizes, times and intervals to people. */
import { formatMemory, type MemoryAnalysis, type MemoryVerdict } from '@openclaw/protocol';

import { hourMs, minuteMs } from './units.ts';

export const verdictWords: Readonly<Record<MemoryVerdict, string>> = {
  'too-short': 'too short to judge',
  steady: 'steady',
  'warming-up': 'warming up',
  'cache-like': 'cache-like (flattening)',
  'load-driven': 'load-driven',
  growing: 'growing (watching)',
  leak: 'leak',
};

/** `12.4Mi an hour`, with as many digits as say something. */
export function perHour(bytesPerHour: number): string {
  return `${amount(bytesPerHour)} an hour`;
}

export function amount(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  if (Math.abs(mebibytes) >= 100) return formatMemory(bytes);
  if (Math.abs(mebibytes) >= 1) return `${mebibytes.toFixed(1)}Mi`;
  return `${rounded(bytes / 1024)}Ki`;
}

/** Two digits where there are few, none after the point where there are many. */
export function rounded(value: number): string {
  return Math.abs(value) >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}

export function duration(ms: number): string {
  if (ms < 2 * minuteMs) return `${Math.round(ms / 1000)} s`;
  if (ms < 2 * hourMs) return `${Math.round(ms / minuteMs)} min`;
  if (ms < 72 * hourMs) return `${rounded(ms / hourMs)} h`;
  return `${rounded(ms / hourMs / 24)} days`;
}

/** `9–14 h`; rounded outwards. */
export function hoursBetween(earliest: number, latest: number | undefined): string {
  const end = latest ?? earliest;
  const [unit, name] = end >= 72 && earliest >= 24 ? [24, 'days'] : end >= 2 ? [1, 'h'] : [1 / 60, 'min'];
  const from = Math.floor(earliest / unit);
  if (latest === undefined) return `${from} ${name} or later`;
  const to = Math.max(Math.ceil(latest / unit), from + 1);
  return `${from}–${to} ${name}`;
}

export function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function summaryOf(verdict: MemoryVerdict, hoursToLimit: MemoryAnalysis['hoursToLimit']): string {
  if (verdict !== 'leak') return verdictWords[verdict];
  return hoursToLimit === undefined
    ? 'leak, with no limit to reach'
    : `leak, OOM in ${hoursBetween(hoursToLimit.earliest, hoursToLimit.latest)}`;
}
