/** The model path's metrics: which there are, and how a finished request moves them. What others count is shown by `figures.ts`. */
import { durationBuckets, type Counter, type Family, type Histogram, type Metrics } from '../core/metrics.ts';
import { outcomeOfAttempt } from './sight/outcome.ts';
import type { AttemptReport, RequestReport } from './report.ts';
import type { Target } from './target.ts';

export interface Telemetry {
  finished(report: RequestReport): void;
}

const tokenKinds = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const;

/** Codes of refusals that the gateway itself decided, before it asked anybody. */
const ownRefusals: ReadonlySet<string> = new Set([
  ...['rate_limit_exceeded', 'budget_exceeded', 'admission_refused', 'targets_unavailable', 'memory_pressure'],
]);

interface TargetName {
  readonly provider: string;
  readonly model: string;
}

interface TargetSeries {
  readonly duration: Histogram;
  readonly firstOutput: Histogram;
  readonly cost: Counter;
  readonly requests: (outcome: string) => Counter;
  readonly tokens: (kind: string) => Counter;
  /** By key. */
  readonly attempts: Map<string, AttemptSeries>;
}

interface AttemptSeries {
  readonly outcomes: (outcome: string) => Counter;
  readonly retries: Counter;
  readonly hedges: (result: string) => Counter;
}

export function createTelemetry(metrics: Metrics): Telemetry {
  const families = register(metrics);
  const none = createSeries(families, { provider: 'none', model: 'none' });
  const seriesOf = new WeakMap<object, Map<string, TargetSeries>>();

  const find = (target: Target): TargetSeries => {
    let ofProvider = seriesOf.get(target.provider);
    if (!ofProvider) seriesOf.set(target.provider, (ofProvider = new Map()));
    // Clients may ask for any name: those in no list share one, so that they push none out that is.
    const model = target.known ? target.model : 'other';
    let series = ofProvider.get(model);
    if (!series) ofProvider.set(model, (series = createSeries(families, { provider: target.provider.id, model })));
    return series;
  };

  const findAttempt = (target: Target): AttemptSeries => {
    const { attempts } = find(target);
    let series = attempts.get(target.key.id);
    if (!series) {
      const model = target.known ? target.model : 'other';
      attempts.set(target.key.id, (series = createAttemptSeries(families, [target.provider.id, model, target.key.id])));
    }
    return series;
  };

  return {
    finished({ call, stream, target, outcome, observed, attempts, totalMs, firstOutputMs, queueMs, costNanoUsd }) {
      const series = target ? find(target) : none;
      series.requests(outcome.kind === 'completed' ? 'completed' : outcome.error.code).increment();
      if (outcome.kind === 'failed' && ownRefusals.has(outcome.error.code))
        families.refusals.labels(call.caller.id, outcome.error.code).increment();
      for (let index = 0; index < attempts.length; index += 1) countAttempt(findAttempt(attempts[index]!.target), attempts[index]!, index);
      families.queueWait.labels().observe(queueMs / 1000);
      // Quick, and no model does it: it would hide how long answers take.
      if (call.operation !== 'countTokens') series.duration.observe(totalMs / 1000);
      if (stream && firstOutputMs !== undefined) series.firstOutput.observe(firstOutputMs / 1000);
      if (observed.usage) for (const kind of tokenKinds) if (observed.usage[kind] > 0) series.tokens(kind).increment(observed.usage[kind]);
      if (costNanoUsd !== undefined) series.cost.increment(costNanoUsd / 1e9);
    },
  };
}

function countAttempt(series: AttemptSeries, attempt: AttemptReport, index: number): void {
  series.outcomes(outcomeOfAttempt(attempt)).increment();
  if (attempt.hedge) series.hedges(attempt.error ? 'lost' : 'won').increment();
  else if (index > 0) series.retries.increment();
}

/** Finding a series costs more than moving it, and a target meets the same few again and again. */
function createSeries(families: Families, { provider, model }: TargetName): TargetSeries {
  return {
    duration: families.duration.labels(provider, model),
    firstOutput: families.firstOutput.labels(provider, model),
    cost: families.cost.labels(provider, model),
    requests: byWord(families.requests, [provider, model]),
    tokens: byWord(families.tokens, [provider, model]),
    attempts: new Map(),
  };
}

function createAttemptSeries(families: Families, labels: readonly [provider: string, model: string, key: string]): AttemptSeries {
  return {
    outcomes: byWord(families.attempts, labels),
    retries: families.retries.labels(...labels),
    hedges: byWord(families.hedges, labels),
  };
}

/** Words are codes of the catalogue, kinds of tokens and the like: a bounded set. */
function byWord(family: Family<Counter>, labels: readonly string[]): (word: string) => Counter {
  const counters = new Map<string, Counter>();
  return (word) => {
    let counter = counters.get(word);
    if (!counter) counters.set(word, (counter = family.labels(...labels, word)));
    return counter;
  };
}

interface Families {
  readonly requests: Family<Counter>;
  readonly refusals: Family<Counter>;
  readonly attempts: Family<Counter>;
  readonly retries: Family<Counter>;
  readonly hedges: Family<Counter>;
  readonly queueWait: Family<Histogram>;
  readonly duration: Family<Histogram>;
  readonly firstOutput: Family<Histogram>;
  readonly tokens: Family<Counter>;
  readonly cost: Family<Counter>;
}

const targetLabels = ['provider', 'model'];
const keyLabels = [...targetLabels, 'key'];

function register(metrics: Metrics): Families {
  const counter = (name: string, help: string, labelNames: readonly string[]): Family<Counter> =>
    metrics.counter({ name, help, labelNames });
  const histogram = (name: string, help: string, labelNames: readonly string[]): Family<Histogram> =>
    metrics.histogram({ name, help, labelNames, buckets: durationBuckets });
  return {
    requests: counter('openclaw_model_requests_total', 'Finished requests by target and outcome.', [...targetLabels, 'outcome']),
    refusals: counter('openclaw_model_refusals_total', 'Requests that the gateway itself refused, by caller and code.', ['caller', 'code']),
    attempts: counter('openclaw_model_attempts_total', 'Requests to providers by outcome; more than requests when there were retries.', [
      ...keyLabels,
      'outcome',
    ]),
    retries: counter(
      'openclaw_model_retries_total',
      'Requests to providers after an earlier one for the same client request failed.',
      keyLabels,
    ),
    hedges: counter('openclaw_model_hedges_total', 'Requests to providers beside a slow one, by whether they answered first.', [
      ...keyLabels,
      'result',
    ]),
    queueWait: histogram(
      'openclaw_model_queue_wait_seconds',
      'How long requests waited for a place at a target, over all their attempts.',
      [],
    ),
    duration: histogram(
      'openclaw_model_request_seconds',
      'From the request to the end of the answer; without counts of tokens.',
      targetLabels,
    ),
    firstOutput: histogram(
      'openclaw_model_first_output_seconds',
      'From the request to the first output of the model, where the answer is streamed.',
      targetLabels,
    ),
    tokens: counter('openclaw_model_tokens_total', 'Tokens by target and kind.', [...targetLabels, 'kind']),
    cost: counter('openclaw_model_cost_usd_total', 'US$ for requests whose price is known.', targetLabels),
  };
}
