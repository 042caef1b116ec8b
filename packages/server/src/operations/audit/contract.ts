/** The audit log: who changed what of keys, devices, secrets, configuration and approvals. Types only. */
import type { AuditEntry } from '@openclaw/protocol';

export interface AuditQuestion {
  readonly limit: number;
  /** Only entries before this position, for the next page. */
  readonly before?: number;
  readonly actionPrefix?: string;
}

/** Entries are never changed, and go only for their age or their number. */
export interface Audit {
  /** Durable when it resolves. A change must not fail because of it: what goes wrong is logged. */
  record(entry: Pick<AuditEntry, 'actor' | 'action' | 'subject' | 'detail'>): Promise<void>;
  /** The newest first. */
  list(question: AuditQuestion): Promise<readonly AuditEntry[]>;
  /** What `prune` would take, all in all. */
  stale(beforeMs: number): Promise<{ readonly items: number; readonly bytes: number }>;
  /** Gives up at most `limit` of the entries from before then, never the newest one. @returns how many */
  prune(beforeMs: number, limit: number): Promise<number>;
}
