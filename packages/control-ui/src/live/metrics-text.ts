/** Reads the text of `/metrics`: the format of Prometheus, version 0.0.4, as far as this gateway writes it. */

export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export type MetricSamples = ReadonlyMap<string, readonly MetricSample[]>;

const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const escapes: Readonly<Record<string, string>> = { n: '\n' };

/** @param wanted names of series; all others are passed over, because there may be thousands */
export function parseMetrics(text: string, wanted: ReadonlySet<string>): MetricSamples {
  const samples = new Map<string, MetricSample[]>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const nameEnd = line.search(/[{ ]/);
    const name = line.slice(0, nameEnd);
    if (!wanted.has(name)) continue;
    const valueStart = line.lastIndexOf(' ');
    const list = samples.get(name) ?? [];
    list.push({ labels: readLabels(line.slice(nameEnd, valueStart)), value: Number(line.slice(valueStart + 1)) });
    samples.set(name, list);
  }
  return samples;
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(labelPattern)) {
    labels[name] = value.replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
  }
  return labels;
}

/** The sum of all series of a name, of those that match; undefined where there is none. */
export function sumOf(
  samples: MetricSamples,
  name: string,
  matches: (labels: Readonly<Record<string, string>>) => boolean = () => true,
): number | undefined {
  const found = (samples.get(name) ?? []).filter(({ labels }) => matches(labels));
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}
