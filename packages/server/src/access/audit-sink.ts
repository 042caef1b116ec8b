/** What access needs of the audit log. Types only; `compose` passes in the log itself. */
import type { AuditEntry } from '@openclaw/protocol';

export interface AuditSink {
  /** Durable when it resolves; never rejects. */
  record(entry: Pick<AuditEntry, 'actor' | 'action' | 'subject' | 'detail'>): Promise<void>;
}
