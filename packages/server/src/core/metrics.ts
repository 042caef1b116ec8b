/**
 * Counters, gauges and histograms, written out in the Prometheus text format (version 0.0.4).
 *
 * The number of series is bounded: label values beyond a family's limit are counted under `other`, so that a label filled
 * from outside (a model's name) cannot fill the memory. It keeps no history, computes no rates and opens no port.
 */

export interface Counter {
  /** Adds 1, or `by`, which must not be negative. */
  increment(by?: number): void;
}

export interface Gauge {
  set(value: number): void;
  add(by: number): void;
}

export interface Histogram {
  observe(value: number): void;
}

export interface Family<Child> {
  /**
   * The series of these label values, in the order of the family's label names. Keep what it returns where the values are
   * known beforehand: a kept series costs no look-up.
   */
  labels(...values: readonly string[]): Child;
}

export interface FamilyOptions {
  readonly name: string;
  /** One sentence for the HELP line. */
  readonly help: string;
  /** @default [] */
  readonly labelNames?: readonly string[];
  /** Series before further label values are counted under `other`. @default 500 */
  readonly seriesLimit?: number;
}

export interface HistogramOptions extends FamilyOptions {
  /** Upper bounds, rising; `+Inf` is added. */
  readonly buckets: readonly number[];
}

export interface Sample {
  /** Values for `labelNames`, in their order. @default [] */
  readonly labels?: readonly string[];
  readonly value: number;
}

export interface CallbackOptions extends FamilyOptions {
  readonly type: 'counter' | 'gauge';
  /** Called for each exposition. A number is one series without labels; NaN and an empty list are no series. */
  readonly read: () => number | Iterable<Sample>;
}

export interface MetricDescription {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labelNames: readonly string[];
}

/** Registering a name twice, a bad name or a wrong number of label values is a mistake in the program and throws a TypeError. */
export interface Metrics {
  counter(options: FamilyOptions): Family<Counter>;
  gauge(options: FamilyOptions): Family<Gauge>;
  histogram(options: HistogramOptions): Family<Histogram>;
  /** A counter or gauge whose values are asked for when they are needed. */
  callback(options: CallbackOptions): void;
  /** Everything, in the text format; the content type is `metricsContentType`. */
  text(): string;
  /** What there is, also what has no series yet; in the order of its registration. */
  list(): readonly MetricDescription[];
}

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

export const metricsDefaults = { labelNames: [], seriesLimit: 500 } as const;

/** Seconds: from a hit in a cache to a long answer of a slow model. */
export const durationBuckets: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
];

type MetricType = MetricDescription['type'];

/** What a family adds to the exposition: its lines, without HELP and TYPE. */
interface Registered extends MetricDescription {
  lines(): string;
}

interface Series<Child> {
  readonly child: Child;
  /** The lines of this series; `labels` is `a="b"`, or empty. */
  readonly lines: () => string;
}

export function createMetrics(): Metrics {
  const registered = new Map<string, Registered>();

  const register = (family: Registered): void => {
    if (registered.has(family.name)) throw new TypeError(`The metric ${family.name} is registered twice`);
    registered.set(family.name, family);
  };

  const family = <Child>(type: MetricType, options: FamilyOptions, create: (labels: string) => Series<Child>): Family<Child> => {
    const { name, help, labelNames, seriesLimit } = { ...metricsDefaults, ...options };
    checkNames(type, name, labelNames);
    const series = createSeriesMap<Child>({ labelNames, seriesLimit, create, onOverflow: () => overflow.labels(name).increment() });
    register({ name, help, type, labelNames, lines: series.lines });
    return { labels: series.labels };
  };

  const metrics: Metrics = {
    counter: (options) => family('counter', options, (labels) => counterSeries(options.name, labels)),
    gauge: (options) => family('gauge', options, (labels) => gaugeSeries(options.name, labels)),
    histogram: (options) => family('histogram', options, (labels) => histogramSeries(options.name, labels, options.buckets)),
    callback(options) {
      const { name, help, type, labelNames } = { ...metricsDefaults, ...options };
      checkNames(type, name, labelNames);
      register({ name, help, type, labelNames, lines: () => callbackLines(name, labelNames, options.read()) });
    },
    text: () => Array.from(registered.values(), exposition).join(''),
    list: () => Array.from(registered.values()),
  };

  const overflow = metrics.counter({
    name: 'openclaw_metrics_series_limited_total',
    help: 'Look-ups of series that were counted under "other" because their metric has too many.',
    labelNames: ['metric'],
    seriesLimit: Number.MAX_SAFE_INTEGER,
  });
  return metrics;
}

function exposition(family: Registered): string {
  const lines = family.lines();
  if (lines === '') return '';
  return `# HELP ${family.name} ${escapeHelp(family.help)}\n# TYPE ${family.name} ${family.type}\n${lines}`;
}

interface Branch<Child> {
  readonly further: Map<string, Branch<Child>>;
  /** On the level of the last label. */
  series: Series<Child> | undefined;
}

interface SeriesMapOptions<Child> {
  readonly labelNames: readonly string[];
  readonly seriesLimit: number;
  readonly create: (labels: string) => Series<Child>;
  readonly onOverflow: () => void;
}

function createSeriesMap<Child>(options: SeriesMapOptions<Child>): { labels: Family<Child>['labels']; lines: () => string } {
  const { labelNames, seriesLimit, create, onOverflow } = options;
  const all: Series<Child>[] = [];
  // A tree with a level for each label: joining the values to one key would cost more than the look-up.
  const root: Branch<Child> = { further: new Map(), series: undefined };

  const grow = (values: readonly string[], limit: number): Child | undefined => {
    if (all.length >= limit) return undefined;
    let branch = root;
    for (const value of values) {
      const next = branch.further.get(value) ?? { further: new Map(), series: undefined };
      branch.further.set(value, next);
      branch = next;
    }
    branch.series = create(labelPairs(labelNames, values));
    all.push(branch.series);
    return branch.series.child;
  };

  const find = (values: readonly string[], limit: number): Child | undefined => {
    let branch: Branch<Child> | undefined = root;
    for (const value of values) branch = branch?.further.get(value);
    return branch?.series?.child ?? grow(values, limit);
  };

  if (labelNames.length === 0) find([], 1);
  return {
    labels(...values) {
      if (values.length !== labelNames.length) {
        throw new TypeError(`${values.length} label values were given for (${labelNames.join(', ')})`);
      }
      const child = find(values, seriesLimit);
      if (child !== undefined) return child;
      onOverflow();
      return find(
        values.map(() => 'other'),
        Number.POSITIVE_INFINITY,
      )!;
    },
    lines: () => all.map((series) => series.lines()).join(''),
  };
}

function counterSeries(name: string, labels: string): Series<Counter> {
  let value = 0;
  const prefix = linePrefix(name, labels);
  return {
    child: {
      increment(by = 1) {
        // NaN fails the comparison too: one bad addend would otherwise spoil the sum for good.
        if (!(by >= 0)) throw new TypeError(`The counter ${name} cannot change by ${by}`);
        value += by;
      },
    },
    lines: () => `${prefix}${formatNumber(value)}\n`,
  };
}

function gaugeSeries(name: string, labels: string): Series<Gauge> {
  let value = 0;
  const prefix = linePrefix(name, labels);
  return {
    child: {
      set(to) {
        value = to;
      },
      add(by) {
        value += by;
      },
    },
    lines: () => `${prefix}${formatNumber(value)}\n`,
  };
}

function histogramSeries(name: string, labels: string, buckets: readonly number[]): Series<Histogram> {
  if (buckets.some((bound, index) => index > 0 && bound <= buckets[index - 1]!)) throw new TypeError(`The buckets of ${name} do not rise`);
  const counts = new Float64Array(buckets.length + 1);
  let sum = 0;
  const separator = labels === '' ? '' : ',';
  const bucketPrefixes = [...buckets, Infinity].map((bound) =>
    linePrefix(`${name}_bucket`, `${labels}${separator}le="${formatNumber(bound)}"`),
  );
  const sumPrefix = linePrefix(`${name}_sum`, labels);
  const countPrefix = linePrefix(`${name}_count`, labels);
  return {
    child: {
      observe(value) {
        if (Number.isNaN(value)) throw new TypeError(`The histogram ${name} cannot observe NaN`);
        let index = 0;
        while (index < buckets.length && value > buckets[index]!) index += 1;
        counts[index]! += 1;
        sum += value;
      },
    },
    lines() {
      let total = 0;
      let text = '';
      for (const [index, prefix] of bucketPrefixes.entries()) {
        total += counts[index]!;
        text += `${prefix}${total}\n`;
      }
      return `${text}${sumPrefix}${formatNumber(sum)}\n${countPrefix}${total}\n`;
    },
  };
}

function callbackLines(name: string, labelNames: readonly string[], samples: number | Iterable<Sample>): string {
  const list = typeof samples === 'number' ? [{ value: samples }] : samples;
  let text = '';
  for (const { labels = [], value } of list) {
    if (labels.length !== labelNames.length) throw new TypeError(`The metric ${name} was read with ${labels.length} label values`);
    if (!Number.isNaN(value)) text += `${linePrefix(name, labelPairs(labelNames, labels))}${formatNumber(value)}\n`;
  }
  return text;
}

function linePrefix(name: string, labels: string): string {
  return labels === '' ? `${name} ` : `${name}{${labels}} `;
}

function labelPairs(names: readonly string[], values: readonly string[]): string {
  return names.map((name, index) => `${name}="${escapeLabelValue(values[index]!)}"`).join(',');
}

/** In label values a backslash, a quote and a line feed are escaped; nothing else is, or readers would keep the backslash. */
function escapeLabelValue(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

/** In HELP lines quotes stay as they are. */
function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => (character === '\n' ? '\\n' : '\\\\'));
}

function formatNumber(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}

function checkNames(type: MetricType, name: string, labelNames: readonly string[]): void {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw new TypeError(`${name} cannot be the name of a metric`);
  if (type === 'counter' && !name.endsWith('_total')) throw new TypeError(`The name of the counter ${name} does not end in _total`);
  for (const label of labelNames) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) || label.startsWith('__') || (type === 'histogram' && label === 'le')) {
      throw new TypeError(`${label} cannot be a label of ${name}`);
    }
  }
}
