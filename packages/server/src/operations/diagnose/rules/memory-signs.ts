/** What the rules about memory ask for: which lives the kernel ended, how long they lasted, and what the program said of its own memory and queue. */
import type { Evidence, Life, Quote } from '../evidence.ts';
import { endedLives, uptimeMs } from '../last-words.ts';
import { quoteEvents, quoteSetting, size } from '../signs.ts';

export const killedCode = 137;
export const heapMessage = /JavaScript heap out of memory|Reached heap limit Allocation failed|Allocation failed - (?:process|JavaScript)/;

/** Lives whose first process the kernel ended because the container had used up its limit. */
export function endedForMemory(evidence: Evidence): readonly Life[] {
  return endedLives(evidence).filter(({ outOfMemory, exitCode }) => outOfMemory && exitCode === killedCode);
}

export function lastEndedForMemory(evidence: Evidence): boolean {
  const last = endedLives(evidence).at(-1);
  return last !== undefined && endedForMemory(evidence).includes(last);
}

/** The engine's word for it, the limit, and what the kernel wrote about it. */
export function quoteMemoryEnd(evidence: Evidence): readonly Quote[] {
  const { memoryBytes } = evidence.limits;
  const kernel = evidence.host.kernel.filter(
    ({ text }) => text.startsWith('Memory cgroup out of memory: Killed process') && isNear(evidence, text),
  );
  return [
    ...quoteEvents(evidence, 'oom', 1),
    ...(memoryBytes === undefined ? [] : [quoteSetting(evidence, `memory limit ${size(memoryBytes)}`)]),
    ...kernel.slice(-1),
  ];
}

/** Of the kernel's lines only one that came with an end of this container: two lines apart it names the group, and so the container. */
function isNear({ lives, host }: Evidence, text: string): boolean {
  const line = host.kernel.find((each) => each.text === text);
  return lives.some(
    ({ endedAtMs, outOfMemory }) => outOfMemory && endedAtMs !== undefined && Math.abs(endedAtMs - (line?.atMs ?? 0)) < 2000,
  );
}

export interface Reading {
  readonly value: number;
  readonly quote: Quote;
}

const units: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** What the program itself has logged under a name, in one life: `rss 120 MB`, `heapUsed=40MB`, `queue length 17`. */
export function readings({ lines }: Life, name: string): readonly Reading[] {
  const pattern = new RegExp(`\\b${name}["']?[ :=]*(\\d+(?:\\.\\d+)?) ?([kmg])?i?b?\\b`, 'i');
  return lines.flatMap(({ text, atMs }) => {
    const [, number, unit] = pattern.exec(text) ?? [];
    if (number === undefined) return [];
    const value = Number(number) * (unit === undefined ? 1 : (units[unit.toLowerCase()] ?? 1));
    return [{ value, quote: { source: 'log', text: text.trim(), ...(atMs === undefined ? {} : { atMs }) } }];
  });
}

/** First and last of a series, where it has enough of them to say anything. */
export function growth(series: readonly Reading[]): { readonly from: Reading; readonly to: Reading } | undefined {
  const [from, to] = [series[0], series.at(-1)];
  return series.length >= 3 && from !== undefined && to !== undefined ? { from, to } : undefined;
}

/** The lives last about as long as each other: something fills at the same pace each time. */
export function evenUptimesMs(lives: readonly Life[]): number | undefined {
  const uptimes = lives.flatMap((life) => uptimeMs(life) ?? []);
  if (uptimes.length < 2) return undefined;
  const mean = uptimes.reduce((sum, each) => sum + each, 0) / uptimes.length;
  return uptimes.every((each) => Math.abs(each - mean) < 0.35 * mean) ? mean : undefined;
}
