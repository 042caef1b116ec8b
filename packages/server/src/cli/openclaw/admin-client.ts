/**
 * What the commands need of the gateway's administration. Whether it is asked over HTTP (a gateway is running) or the database
 * is opened directly (none is) is the business of whoever passes a client in.
 */
import type { CreatedKey, CreateKeyRequest, KeyRecord, UpdateKeyRequest, UsageDimension, UsageRow } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import type { Terminal } from '../terminal.ts';

export interface AdminClient {
  /** In the order of their creation; revoked and expired ones too. */
  listKeys(): Promise<readonly KeyRecord[]>;
  createKey(wanted: CreateKeyRequest): Promise<CreatedKey>;
  /** @throws OpenClawError `key_not_found` */
  getKey(id: string): Promise<KeyRecord>;
  /** @throws OpenClawError `key_not_found`, `invalid_request` */
  updateKey(id: string, wanted: UpdateKeyRequest): Promise<KeyRecord>;
  /** @throws OpenClawError `key_not_found` */
  revokeKey(id: string): Promise<KeyRecord>;
  /** Totals of the requests since `sinceMs` (wall clock), the most requests first, days in their order. */
  usage(question: UsageQuestion): Promise<readonly UsageRow[]>;
}

export interface UsageQuestion {
  readonly sinceMs: number;
  readonly by: UsageDimension;
}

export interface AdminCommandContext {
  readonly io: Pick<Terminal, 'stdout' | 'stderr'>;
  readonly admin: AdminClient;
  readonly clock: Clock;
}
