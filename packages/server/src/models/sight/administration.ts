/** What operators may ask of sight and of admission, checked: the functions behind `/admin/v1/targets`, `…/requests` and their neighbours. */
import {
  statisticsWindows,
  type CallerFigures,
  type RequestTrail,
  type RequestTrails,
  type StatisticsWindow,
  type TargetRow,
  type TrafficReport,
  type Warning,
} from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { Admission } from '../admission/contract.ts';
import type { Sight } from './index.ts';
import type { StoredTrails } from './stored-trails.ts';
import { joinTargets } from './targets.ts';

export interface SightAdministration {
  /** @throws OpenClawError `invalid_request` for a window that there is not */
  targets(window: string): TargetRow[];
  callers(window: string): CallerFigures[];
  /** @returns how many targets it concerned */
  overrideBreaker(target: string, action: 'open' | 'reset'): number;
  warnings(): readonly Warning[];
  traffic(): TrafficReport;
  requests(limit: number): Promise<RequestTrails>;
  /** @throws OpenClawError `request_not_found` */
  request(id: string): Promise<RequestTrail>;
}

export interface SightAdministrationOptions {
  readonly sight: Sight;
  readonly stored: StoredTrails;
  /** Writes down what waits for it, so that `stored` knows all that is over. */
  readonly settle: () => Promise<void>;
  readonly admission: Pick<Admission, 'status' | 'override'>;
}

export function createSightAdministration({ sight, stored, settle, admission }: SightAdministrationOptions): SightAdministration {
  return {
    targets: (window) => joinTargets(admission.status(), sight.statistics.targets(windowOf(window))),
    callers: (window) => sight.statistics.callers(windowOf(window)),
    overrideBreaker: (target, action) => admission.override(target, action),
    warnings: () => sight.warnings(),
    traffic: () => sight.traffic(),
    async requests(limit) {
      const recent = sight.trails(limit);
      if (recent.requests.length >= limit) return recent;
      // Memory holds the last few, and none after a start.
      await settle();
      return merge(recent, await stored.recent(limit), limit);
    },
    async request(id) {
      const kept = sight.trail(id);
      if (kept) return kept;
      await settle();
      return findStored(stored, id);
    },
  };
}

/** @throws OpenClawError `request_not_found`, with how far back it goes */
export async function findStored(stored: StoredTrails, id: string): Promise<RequestTrail> {
  const found = await stored.find(id);
  if (found) return found;
  const { oldest } = await stored.recent(1);
  const reach = oldest === null ? 'no request has been recorded yet' : `they go back to ${oldest}`;
  throw new OpenClawError('request_not_found', { details: { requestId: id.slice(0, 100), reach } });
}

/** Those in memory tell more of themselves, so they come first where both know a request. */
function merge(recent: RequestTrails, stored: RequestTrails, limit: number): RequestTrails {
  const known = new Set(recent.requests.map(({ id }) => id));
  const requests = [...recent.requests, ...stored.requests.filter(({ id }) => !known.has(id))].slice(0, limit);
  return { requests, oldest: stored.oldest ?? recent.oldest };
}

function windowOf(name: string): StatisticsWindow {
  const window = statisticsWindows.find((known) => known === name);
  if (window) return window;
  const details = { path: 'window', reason: `must be one of ${statisticsWindows.join(', ')}` };
  throw new OpenClawError('invalid_request', { details, param: 'window' });
}
