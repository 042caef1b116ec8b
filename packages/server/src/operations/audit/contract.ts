/** The audit log: who changed what of keys, devices, secrets, configuration and approvals. Types only. */
import type { AuditEntry } from '@openclaw/protocol';

export interface AuditQuestion {
  readonly limit: number;
  /** Only entries before this position, for the next page. */
  readonly before?: number;
  readonly actionPrefix?: string;
}

/** Append-only: entries are never changed, and lost only with the state. */
export interface Audit {
  /** Durable when it resolves. A change must not fail because of it: what goes wrong is logged. */
  record(entry: Pick<AuditEntry, 'actor' | 'action' | 'subject' | 'detail'>): Promise<void>;
  /** The newest first. */
  list(question: AuditQuestion): Promise<readonly AuditEntry[]>;
}
