/**
 * Many samples as one text: a column for each field, a first value and the differences that follow. Readings change little from one to the next, so it
 * takes a fifth of the room of the same samples as JSON, and is exact.
 */
import type { MemorySample } from '@openclaw/protocol';

const always = ['at', 'usageBytes', 'workingSetBytes', 'rssBytes', 'anonymousBytes', 'fileBytes', 'swapBytes', 'restarts'] as const;
const sometimes = ['heapAfterGcBytes', 'externalBytes', 'requests', 'threads', 'fileDescriptors', 'sockets', 'cpuSeconds'] as const;

type Name = (typeof always)[number] | (typeof sometimes)[number];
type Cell = number | null;

/** Fractions are kept to the thousandth. */
const scaleOf = (name: string): number => (name === 'cpuSeconds' || name === 'some' || name === 'full' ? 1000 : 1);

export function pack(samples: readonly MemorySample[]): string {
  const columns: Record<string, readonly Cell[]> = {};
  for (const name of always)
    columns[name] = differences(
      samples.map((sample) => sample[name]),
      name,
    );
  for (const name of sometimes) {
    if (samples.some((sample) => sample[name] !== undefined))
      columns[name] = differences(
        samples.map((sample) => sample[name] ?? null),
        name,
      );
  }
  if (samples.some(({ psi }) => psi !== undefined)) {
    columns['some'] = differences(
      samples.map(({ psi }) => psi?.some ?? null),
      'some',
    );
    columns['full'] = differences(
      samples.map(({ psi }) => psi?.full ?? null),
      'full',
    );
  }
  return JSON.stringify(columns);
}

export function unpack(text: string): MemorySample[] {
  const columns = JSON.parse(text) as Readonly<Record<string, readonly Cell[]>>;
  const sums = Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, sumsOf(cells, name)]));
  return (sums['at'] ?? []).map((_at, index) => {
    const value = (name: string): number | undefined => sums[name]?.[index] ?? undefined;
    const sample: Partial<Record<Name, number>> & { psi?: NonNullable<MemorySample['psi']> } = {};
    for (const name of always) sample[name] = value(name) ?? 0;
    for (const name of sometimes) {
      const found = value(name);
      if (found !== undefined) sample[name] = found;
    }
    const [some, full] = [value('some'), value('full')];
    if (some !== undefined && full !== undefined) sample.psi = { some, full };
    return sample as MemorySample;
  });
}

function differences(values: readonly Cell[], name: string): Cell[] {
  const scale = scaleOf(name);
  let before = 0;
  return values.map((value) => {
    if (value === null) return null;
    const scaled = Math.round(value * scale);
    const difference = scaled - before;
    before = scaled;
    return difference;
  });
}

function sumsOf(cells: readonly Cell[], name: string): Cell[] {
  const scale = scaleOf(name);
  let sum = 0;
  return cells.map((cell) => {
    if (cell === null) return null;
    sum += cell;
    return scale === 1 ? sum : sum / scale;
  });
}
