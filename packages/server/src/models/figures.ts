/** Figures that the parts of the model path keep themselves, shown as metrics whenever they are asked for. It keeps nothing. */
import type { Metrics, Sample } from '../core/metrics.ts';
import type { Admission, TargetStatus } from './admission/contract.ts';
import type { PoolFigures } from './http/http-upstream.ts';
import type { RetryBudget } from './retry-budget.ts';

export interface FigureSources {
  readonly admission: Pick<Admission, 'status' | 'figures'>;
  readonly pools: () => readonly PoolFigures[];
  /** The one that holds now. */
  readonly retryBudget: () => RetryBudget['figures'];
  /** `undefined` while there is no cache. */
  readonly cache: () => CacheFigures | undefined;
}

export interface CacheFigures {
  readonly hits: number;
  readonly misses: number;
  /** Requests that waited for the answer to another one that was the same. */
  readonly joined: number;
  readonly bytes: number;
  readonly entries: number;
}

/** Rows of targets; those asked after them are in `openclaw models status` alone. */
const rowLimit = 500;

export function showFigures(metrics: Metrics, sources: FigureSources): void {
  showTargets(metrics, sources.admission);
  showQueue(metrics, sources.admission);
  showPools(metrics, sources.pools);
  metrics.callback({
    type: 'gauge',
    name: 'openclaw_model_retry_budget_left',
    help: 'Requests beyond those of clients that the retry budget still allows.',
    read: () => sources.retryBudget().left,
  });
  showCache(metrics, sources.cache);
}

function showTargets(metrics: Metrics, admission: FigureSources['admission']): void {
  const gauge = (name: string, help: string, read: (status: TargetStatus) => number): void => {
    metrics.callback({
      ...{ type: 'gauge', name, help, labelNames: ['provider', 'model', 'key'] },
      read: () => rowsOf(admission).map((status) => ({ labels: labelsOf(status), value: read(status) })),
    });
  };
  gauge('openclaw_model_target_limit', 'Requests that a target may have under way, as learnt.', ({ limit }) => limit);
  gauge('openclaw_model_target_requests_under_way', 'Requests that a target has under way.', ({ underWay }) => underWay);
  gauge('openclaw_model_target_requests_waiting', 'Requests that would take a place at the target.', ({ waiting }) => waiting);
  gauge('openclaw_model_target_pause_seconds', 'Until a target may be asked again; 0: now.', ({ pausedMs }) => pausedMs / 1000);
  metrics.callback({
    ...{ type: 'gauge', name: 'openclaw_model_target_breaker', help: '1 for the state that the breaker of a target is in.' },
    labelNames: ['provider', 'model', 'key', 'state'],
    read: () => rowsOf(admission).map((status) => ({ labels: [...labelsOf(status), status.breaker], value: 1 })),
  });
}

function rowsOf(admission: FigureSources['admission']): readonly TargetStatus[] {
  return admission.status().slice(0, rowLimit);
}

/** A model's own name may have slashes; a provider's has none. */
function labelsOf({ target, key }: Pick<TargetStatus, 'target' | 'key'>): [provider: string, model: string, key: string] {
  const slash = target.indexOf('/');
  return [target.slice(0, slash), target.slice(slash + 1), key];
}

function showQueue(metrics: Metrics, admission: FigureSources['admission']): void {
  metrics.callback({
    ...{ type: 'gauge', name: 'openclaw_model_queue_requests', help: 'Requests that wait for a place at a target.' },
    read: () => admission.figures.waiting,
  });
  metrics.callback({
    ...{ type: 'counter', name: 'openclaw_model_queue_refused_total', help: 'Requests for which there was no place and no room to wait.' },
    read: () => admission.figures.refused,
  });
  metrics.callback({
    ...{ type: 'counter', name: 'openclaw_model_queue_admitted_total', help: 'Attempts that got a place at a target.' },
    read: () => admission.figures.admitted,
  });
}

function showPools(metrics: Metrics, pools: FigureSources['pools']): void {
  metrics.callback({
    ...{ type: 'gauge', name: 'openclaw_model_pool_connections', help: 'Connections to providers by origin.', labelNames: ['origin'] },
    read: () => byOrigin(pools(), ({ connected }) => connected),
  });
  metrics.callback({
    ...{
      type: 'gauge',
      name: 'openclaw_model_pool_requests',
      help: 'Requests to providers by origin and whether they are sent or wait for a connection.',
    },
    labelNames: ['origin', 'state'],
    read: () => [
      ...byOrigin(pools(), ({ running }) => running).map(({ labels = [], value }) => ({ labels: [...labels, 'running'], value })),
      ...byOrigin(pools(), ({ waiting }) => waiting).map(({ labels = [], value }) => ({ labels: [...labels, 'waiting'], value })),
    ],
  });
}

/** An origin has a pool for each connect timeout that its providers have. */
function byOrigin(pools: readonly PoolFigures[], read: (pool: PoolFigures) => number): Sample[] {
  const sums = new Map<string, number>();
  for (const pool of pools) sums.set(pool.origin, (sums.get(pool.origin) ?? 0) + read(pool));
  return Array.from(sums, ([origin, value]) => ({ labels: [origin], value }));
}

function showCache(metrics: Metrics, cache: FigureSources['cache']): void {
  const show = (read: (figures: CacheFigures) => Sample[]) => (): Sample[] => {
    const figures = cache();
    return figures ? read(figures) : [];
  };
  metrics.callback({
    ...{ type: 'counter', name: 'openclaw_model_cache_requests_total', help: 'Requests that the cache could answer, by how it did.' },
    labelNames: ['result'],
    read: show((figures) => (['hits', 'misses', 'joined'] as const).map((name) => ({ labels: [resultOf[name]], value: figures[name] }))),
  });
  metrics.callback({
    ...{ type: 'gauge', name: 'openclaw_model_cache_bytes', help: 'Memory that cached answers take.' },
    read: show(({ bytes }) => [{ value: bytes }]),
  });
  metrics.callback({
    ...{ type: 'gauge', name: 'openclaw_model_cache_entries', help: 'Cached answers.' },
    read: show(({ entries }) => [{ value: entries }]),
  });
}

const resultOf = { hits: 'hit', misses: 'miss', joined: 'joined' } as const;
