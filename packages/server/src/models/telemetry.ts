/** The model path's metrics: which there are, and how a finished request moves them. */
import { durationBuckets, type Counter, type Family, type Histogram, type Metrics } from '../core/metrics.ts';
import type { RequestReport } from './service.ts';
import type { Target } from './target.ts';

export interface Telemetry {
  finished(report: RequestReport, costNanoUsd: number | undefined): void;
}

const tokenKinds = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const;

/** Models of one provider whose series are kept at hand; more are looked up each time. */
const keptModels = 500;

interface TargetName {
  readonly provider: string;
  readonly model: string;
}

interface TargetSeries {
  readonly duration: Histogram;
  readonly firstOutput: Histogram;
  readonly cost: Counter;
  readonly requests: (outcome: string) => Counter;
  readonly attempts: (outcome: string) => Counter;
  readonly tokens: (kind: string) => Counter;
}

export function createTelemetry(metrics: Metrics): Telemetry {
  const families = register(metrics);
  const none = createSeries(families, { provider: 'none', model: 'none' });
  const seriesOf = new WeakMap<object, Map<string, TargetSeries>>();

  const find = (target: Target): TargetSeries => {
    let ofProvider = seriesOf.get(target.provider);
    if (!ofProvider) seriesOf.set(target.provider, (ofProvider = new Map()));
    let series = ofProvider.get(target.model);
    if (!series) {
      series = createSeries(families, { provider: target.provider.id, model: target.model });
      // Names come from clients; beyond the bound the families themselves say `other`.
      if (ofProvider.size < keptModels) ofProvider.set(target.model, series);
    }
    return series;
  };

  return {
    finished({ target, outcome, observed, attempts: made, totalMs, firstOutputMs }, costNanoUsd) {
      const series = target ? find(target) : none;
      series.requests(outcome.kind === 'completed' ? 'completed' : outcome.error.code).increment();
      for (const attempt of made)
        find(attempt.target)
          .attempts(attempt.error?.code ?? 'completed')
          .increment();
      series.duration.observe(totalMs / 1000);
      if (firstOutputMs !== undefined) series.firstOutput.observe(firstOutputMs / 1000);
      if (observed.usage) for (const kind of tokenKinds) if (observed.usage[kind] > 0) series.tokens(kind).increment(observed.usage[kind]);
      if (costNanoUsd !== undefined) series.cost.increment(costNanoUsd / 1e9);
    },
  };
}

/** Finding a series costs more than moving it, and a target meets the same few again and again. */
function createSeries(families: Families, { provider, model }: TargetName): TargetSeries {
  const counterOf = (family: Family<Counter>): ((word: string) => Counter) => {
    // Words are codes of the catalogue and kinds of tokens: a bounded set.
    const counters = new Map<string, Counter>();
    return (word) => {
      let counter = counters.get(word);
      if (!counter) counters.set(word, (counter = family.labels(provider, model, word)));
      return counter;
    };
  };
  return {
    duration: families.duration.labels(provider, model),
    firstOutput: families.firstOutput.labels(provider, model),
    cost: families.cost.labels(provider, model),
    requests: counterOf(families.requests),
    attempts: counterOf(families.attempts),
    tokens: counterOf(families.tokens),
  };
}

interface Families {
  readonly requests: Family<Counter>;
  readonly attempts: Family<Counter>;
  readonly duration: Family<Histogram>;
  readonly firstOutput: Family<Histogram>;
  readonly tokens: Family<Counter>;
  readonly cost: Family<Counter>;
}

function register(metrics: Metrics): Families {
  return {
    requests: metrics.counter({
      name: 'openclaw_model_requests_total',
      help: 'Finished requests by target and outcome.',
      labelNames: ['provider', 'model', 'outcome'],
    }),
    attempts: metrics.counter({
      name: 'openclaw_model_attempts_total',
      help: 'Requests to providers by outcome; more than requests when there were retries.',
      labelNames: ['provider', 'model', 'outcome'],
    }),
    duration: metrics.histogram({
      name: 'openclaw_model_request_seconds',
      help: 'From the request to the end of the answer.',
      labelNames: ['provider', 'model'],
      buckets: durationBuckets,
    }),
    firstOutput: metrics.histogram({
      name: 'openclaw_model_first_output_seconds',
      help: 'From the request to the first output of the model.',
      labelNames: ['provider', 'model'],
      buckets: durationBuckets,
    }),
    tokens: metrics.counter({
      name: 'openclaw_model_tokens_total',
      help: 'Tokens by target and kind.',
      labelNames: ['provider', 'model', 'kind'],
    }),
    cost: metrics.counter({
      name: 'openclaw_model_cost_usd_total',
      help: 'US$ for requests whose price is known.',
      labelNames: ['provider', 'model'],
    }),
  };
}
