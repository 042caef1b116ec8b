/** What of runs is counted. The documentation of each is in `docs/metrics.md`. */
import type { Metrics } from '../core/metrics.ts';
import type { RunEngine } from './engine/engine.ts';
import type { Journal } from './journal/contract.ts';

/** @returns ends the counting */
export function observeRuns(metrics: Metrics, { engine, journal }: { readonly engine: RunEngine; readonly journal: Journal }): () => void {
  metrics.callback({
    name: 'openclaw_runs',
    type: 'gauge',
    help: 'Runs that this process has, by whether they are under way or wait for their turn.',
    labelNames: ['state'],
    read: () => [
      { labels: ['running'], value: engine.underWay },
      { labels: ['waiting'], value: engine.waiting },
    ],
  });
  const ended = metrics.counter({
    name: 'openclaw_runs_total',
    help: 'Runs that have ended, by outcome: finished, cancelled, or the code of an error.',
    labelNames: ['outcome'],
  });
  return journal.observe((events, view) => {
    for (const { kind } of events)
      if (kind === 'run.finished' || kind === 'run.cancelled' || kind === 'run.failed')
        ended.labels(view.error?.code ?? view.status).increment();
  });
}
