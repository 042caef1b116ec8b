/** The model path's metrics: which there are, and how a finished request moves them. */
import { durationBuckets, type Metrics } from '../core/metrics.ts';
import type { RequestReport } from './service.ts';

export interface Telemetry {
  finished(report: RequestReport, costNanoUsd: number | undefined): void;
}

export function createTelemetry(metrics: Metrics): Telemetry {
  const requests = metrics.counter({
    name: 'openclaw_model_requests_total',
    help: 'Finished requests by target and outcome.',
    labelNames: ['provider', 'model', 'outcome'],
  });
  const attempts = metrics.counter({
    name: 'openclaw_model_attempts_total',
    help: 'Requests to providers by outcome; more than requests when there were retries.',
    labelNames: ['provider', 'model', 'outcome'],
  });
  const duration = metrics.histogram({
    name: 'openclaw_model_request_seconds',
    help: 'From the request to the end of the answer.',
    labelNames: ['provider', 'model'],
    buckets: durationBuckets,
  });
  const firstOutput = metrics.histogram({
    name: 'openclaw_model_first_output_seconds',
    help: 'From the request to the first output of the model.',
    labelNames: ['provider', 'model'],
    buckets: durationBuckets,
  });
  const tokens = metrics.counter({
    name: 'openclaw_model_tokens_total',
    help: 'Tokens by target and kind.',
    labelNames: ['provider', 'model', 'kind'],
  });
  const cost = metrics.counter({
    name: 'openclaw_model_cost_usd_total',
    help: 'US$ for requests whose price is known.',
    labelNames: ['provider', 'model'],
  });

  return {
    finished(report, costNanoUsd) {
      const provider = report.target?.provider.id ?? 'none';
      const model = report.target?.model ?? 'none';
      const { outcome, observed } = report;
      requests.labels(provider, model, outcome.kind === 'completed' ? 'completed' : outcome.error.code).increment();
      for (const { target, error } of report.attempts) {
        attempts.labels(target.provider.id, target.model, error?.code ?? 'completed').increment();
      }
      duration.labels(provider, model).observe(report.totalMs / 1000);
      if (report.firstOutputMs !== undefined) firstOutput.labels(provider, model).observe(report.firstOutputMs / 1000);
      if (observed.usage) {
        for (const kind of ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const) {
          if (observed.usage[kind] > 0) tokens.labels(provider, model, kind).increment(observed.usage[kind]);
        }
      }
      if (costNanoUsd !== undefined) cost.labels(provider, model).increment(costNanoUsd / 1e9);
    },
  };
}
