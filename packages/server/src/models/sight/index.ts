/**
 * Sight: what is seen of the requests that are over. One call for each, and answers for operators: statistics, early warnings,
 * findings about the traffic, and trails. In memory and bounded; what lasts is in `../usage/usage.ts`.
 */
import type { RequestTrail, RequestTrails, TrafficReport, Warning } from '@openclaw/protocol';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Metrics } from '../../core/metrics.ts';
import { createProcessLoad, type ProcessLoad } from '../../core/process-load.ts';
import type { Redactor } from '../../core/redact.ts';
import { createConnectionWatch, type CallerConnections } from './connection-watch.ts';
import { createFindingLog } from './finding-log.ts';
import { createPromptWatch } from './prompt-watch.ts';
import type { RequestReport } from '../report.ts';
import { createRetryWatch } from './retry-watch.ts';
import { createStatistics, type Statistics } from './statistics.ts';
import { createTrafficReport } from './traffic.ts';
import { createTrails, trailText } from './trail.ts';
import { createWarnings, type Warnings } from './warnings.ts';

export interface Sight {
  /** Of every request that is over, once. @returns what its usage row is to keep as `trail`, if it has more to tell than the row */
  finished(request: RequestReport): string | undefined;
  readonly statistics: Statistics;
  warnings(): readonly Warning[];
  traffic(): TrafficReport;
  /** One of the last requests; `undefined` for one that is unknown or older. */
  trail(id: string): RequestTrail | undefined;
  trails(limit: number): RequestTrails;
  /** Lets trails go: those that are asked for are read from their rows. */
  shed(): void;
  /** From now on connections are watched too. */
  watchConnections(open: () => ReadonlyMap<string, number>): void;
  close(): void;
}

export interface SightOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly redactor: Redactor;
  /** @default this process */
  readonly processLoad?: () => ProcessLoad;
}

/** How often warnings are judged; five minutes of traffic do not change faster. */
const judgeEveryMs = 15_000;
const lookEveryMs = 60_000;
/** So long after the last request everything has been forgotten that a warning could be about. */
const quietAfterMs = 660_000;

export function createSight({ clock, log, metrics, redactor, ...options }: SightOptions): Sight {
  const statistics = createStatistics({ clock });
  const warnings = createWarnings({ clock, log, statistics });
  const trails = createTrails({ clock, redactor });
  const retries = createRetryWatch();
  const prompts = createPromptWatch();
  const gateway = createGatewayWatch(clock, options.processLoad ?? createProcessLoad(clock));
  const findingLog = createFindingLog({ clock, log });
  let timer: Timer | undefined;
  let lastRequestMs = -Infinity;

  const examine = (): TrafficReport => {
    const nowMs = clock.monotonicMs();
    return createTrafficReport({
      at: new Date(clock.now()).toISOString(),
      callers: statistics.callers('5m'),
      targets: statistics.recentTargets(),
      process: gateway.load(),
      connections: gateway.connections(),
      retries: retries.callers(nowMs),
      prompts: prompts.prompts(nowMs),
      warnings: warnings.list(),
    });
  };
  const tick = (): void => {
    warnings.judge();
    if (gateway.look()) findingLog.note(examine().findings);
    if (clock.monotonicMs() - lastRequestMs < quietAfterMs) return;
    timer?.cancel();
    timer = undefined;
  };
  showWarnings(metrics, warnings);

  return {
    finished(request) {
      const nowMs = clock.monotonicMs();
      statistics.finished(request);
      trails.finished(request);
      retries.finished(request, nowMs);
      prompts.finished(request, nowMs);
      lastRequestMs = nowMs;
      timer ??= clock.every(judgeEveryMs, tick);
      return trailText(request, redactor);
    },
    statistics,
    warnings: warnings.list,
    traffic() {
      // Without traffic nobody has looked lately.
      gateway.look();
      return examine();
    },
    trail: trails.find,
    trails: trails.recent,
    shed: trails.clear,
    watchConnections: gateway.watchConnections,
    close() {
      timer?.cancel();
      timer = undefined;
    },
  };
}

interface GatewayWatch {
  /** Reads what changes slowly, if a minute has passed. @returns whether it did */
  look(): boolean;
  load(): ProcessLoad;
  connections(): CallerConnections[];
  watchConnections(open: () => ReadonlyMap<string, number>): void;
}

function createGatewayWatch(clock: Clock, readLoad: () => ProcessLoad): GatewayWatch {
  const connections = createConnectionWatch();
  let openConnections: (() => ReadonlyMap<string, number>) | undefined;
  let load = readLoad();
  let lookedMs = -Infinity;
  return {
    look() {
      const nowMs = clock.monotonicMs();
      if (nowMs - lookedMs < lookEveryMs) return false;
      lookedMs = nowMs;
      load = readLoad();
      if (openConnections) connections.sample(openConnections(), nowMs);
      return true;
    },
    load: () => load,
    connections: connections.callers,
    watchConnections(open) {
      openConnections = open;
    },
  };
}

function showWarnings(metrics: Metrics, warnings: Warnings): void {
  metrics.callback({
    type: 'gauge',
    name: 'openclaw_model_warnings',
    help: 'Early warnings that are up, by target and what is wrong with it.',
    labelNames: ['provider', 'model', 'key', 'code'],
    read: () => warnings.list().map(({ code, target, key }) => ({ labels: [...partsOf(target), key, code], value: 1 })),
  });
}

/** A model's own name may have slashes; a provider's has none. */
function partsOf(target: string): [provider: string, model: string] {
  const slash = target.indexOf('/');
  return slash === -1 ? [target, 'other'] : [target.slice(0, slash), target.slice(slash + 1)];
}
