/** What retention is made of: kinds of things that get old, each with its rule and its owner. Types only. */

export interface Amount {
  readonly items: number;
  readonly bytes: number;
}

export type RetentionKind = 'logs' | 'deltas' | 'runs' | 'sessions' | 'audit' | 'usage' | 'responses' | 'backups' | 'cold';

export interface RetentionRule {
  readonly kind: RetentionKind;
  /** The setting that says how long. */
  readonly setting: string;
  /** For how long; 0: for ever. Asked each time. */
  keepMs(): number;
  /** What there is from before then. Changes nothing. */
  stale(beforeMs: number): Promise<Amount>;
  /** Gives up at most `limit`; nothing of it: that was all. Absent: the part that owns it does so by itself, by the same setting. */
  readonly giveUp?: (beforeMs: number, options: GiveUpOptions) => Promise<Amount>;
  /** Of one round; things that are large take fewer. */
  readonly limit?: number;
}

export interface GiveUpOptions {
  readonly limit: number;
  readonly signal: AbortSignal;
}

export interface RetentionRow {
  readonly kind: RetentionKind;
  readonly setting: string;
  /** Null: for ever. */
  readonly keepMs: number | null;
  /** What would go now. */
  readonly items: number;
  readonly bytes: number;
  /** Where it goes; absent: nowhere, it is deleted. */
  readonly to?: string;
}

export interface RetentionReport {
  /** When the gateway last went through all of them, ISO 8601; null: not since its start. */
  readonly sweptAt: string | null;
  readonly rows: readonly RetentionRow[];
}
