/** What of turns is counted. The documentation of each is in `docs/metrics.md`. */
import type { Metrics } from '../core/metrics.ts';
import type { TurnEvent } from './contract.ts';
import type { Lanes } from './lanes.ts';

/** @returns takes the events of turns */
export function observeTurns(metrics: Metrics, lanes: Pick<Lanes, 'size' | 'sessions'>): (event: TurnEvent) => void {
  metrics.callback({
    name: 'openclaw_turns',
    type: 'gauge',
    help: 'Turns of conversations that have not ended, by whether they are under way or wait for the one before.',
    labelNames: ['state'],
    read: () => [
      { labels: ['running'], value: lanes.sessions },
      { labels: ['waiting'], value: lanes.size - lanes.sessions },
    ],
  });
  const ended = metrics.counter({
    name: 'openclaw_turns_total',
    help: 'Turns of conversations that have ended, by outcome: ok, aborted, or the code of an error.',
    labelNames: ['outcome'],
  });
  return (event) => {
    if (event.kind === 'ended') ended.labels(event.result.error?.code ?? event.result.status).increment();
  };
}
