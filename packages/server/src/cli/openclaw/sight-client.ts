/** What the commands that show traffic need of the gateway. Whether it is asked over HTTP or the database is read is not their business. */
import type { RequestTrail, RequestTrails, StatisticsWindow, TargetRow, TrafficReport } from '@openclaw/protocol';
import type { Terminal } from '../terminal.ts';

export interface SightClient {
  /** @throws OpenClawError `gateway_unreachable`: only a running gateway knows */
  targets(window: StatisticsWindow): Promise<readonly TargetRow[]>;
  /** @throws OpenClawError `gateway_unreachable`. @returns how many targets it concerned */
  overrideBreaker(target: string, action: 'open' | 'reset'): Promise<number>;
  /** @throws OpenClawError `gateway_unreachable` */
  traffic(): Promise<TrafficReport>;
  requests(limit: number): Promise<RequestTrails>;
  /** @throws OpenClawError `request_not_found`, `gateway_refused` */
  request(id: string): Promise<RequestTrail>;
}

export interface SightCommandContext {
  readonly io: Pick<Terminal, 'stdout' | 'stderr'>;
  readonly sight: SightClient;
}
