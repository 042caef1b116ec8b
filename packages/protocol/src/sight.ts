/**
 * What the gateway tells of its own traffic: statistics, targets, warnings, findings and the trail of a request, as `/admin/v1` answers them.
 *
 * Shapes only. Never secrets, never what was said to a model.
 */

export const statisticsWindows = ['1m', '5m', '1h', '24h'] as const;
/** How far back; a window reaches up to a fifth further. */
export type StatisticsWindow = (typeof statisticsWindows)[number];

/** At most 5 % off. */
export interface Quantiles {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** Of a target what was asked of it (tries count, and those that lost); of a caller its requests. */
export interface Figures {
  readonly requests: number;
  readonly completed: number;
  readonly failed: number;
  /** The client left or another try won: says nothing of the target, and is not in `successPercent`. */
  readonly cancelled: number;
  /** Of the failed: status 429. */
  readonly rateLimited: number;
  /** Of the failed: other 4xx. */
  readonly refused: number;
  /** Null where nothing completed or failed. */
  readonly successPercent: number | null;
  /** By code of the catalogue. */
  readonly errors: Readonly<Record<string, number>>;
  /** From the request to the end of the answer; null where none completed. */
  readonly total: Quantiles | null;
  /** To the first output; null where there was none. */
  readonly firstOutput: Quantiles | null;
  /** All of the input, the cached part included. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Billionths of a US dollar, where the price is known. */
  readonly costNanoUsd: number;
}

/** A target, or a caller, and its figures. */
export interface TargetFigures extends Figures {
  /** `provider/model`; `provider/other` for models that nobody knows. */
  readonly target: string;
  /** Which of the provider's keys: never the key. */
  readonly key: string;
}

export interface CallerFigures extends Figures {
  /** `gateway`, `anonymous`, the id of a virtual key, or `other`. */
  readonly caller: string;
}

/** A row of `GET /admin/v1/targets`: how the target is now, and how it did in the window. */
export interface TargetRow extends TargetFigures {
  readonly breaker: 'closed' | 'open' | 'halfOpen' | 'recovering';
  readonly heldOpen: boolean;
  /** Milliseconds until it may be asked again; 0: now. */
  readonly pausedMs: number;
  /** Why it is left alone; null while it is not. */
  readonly reason: string | null;
  /** Null for one that has never been asked. */
  readonly limit: number | null;
  readonly underWay: number;
  readonly waiting: number;
}

export interface Warning {
  readonly code: 'slow' | 'failing';
  readonly target: string;
  readonly key: string;
  /** ISO 8601. */
  readonly since: string;
  readonly message: string;
  /** The numbers that raised it, or the latest that keep it. */
  readonly evidence: Readonly<Record<string, number>>;
  /** By code of the catalogue, in the last five minutes. */
  readonly errors: Readonly<Record<string, number>>;
}

export const trafficChecks = ['status', 'process', 'connections', 'durations', 'retries', 'prompts'] as const;
export type TrafficCheck = (typeof trafficChecks)[number];
export type Severity = 'ok' | 'warn' | 'bad';

export interface TrafficFinding {
  readonly check: TrafficCheck;
  readonly code: string;
  readonly severity: Severity;
  /** Whom it is about: a caller, a target, `gateway`. */
  readonly subject: string;
  readonly message: string;
  readonly evidence: Readonly<Record<string, number>>;
  /** One line; empty where all is well. */
  readonly remedy: string;
}

/** In the order of `trafficChecks`; each check has at least one finding. */
export interface TrafficReport {
  readonly at: string;
  readonly findings: readonly TrafficFinding[];
  readonly warnings: readonly Warning[];
}

export interface TrailAttempt {
  readonly target: string;
  readonly key: string;
  /** Since the request came. */
  readonly startedMs: number;
  /** For a place at the target. */
  readonly waitedMs: number;
  readonly durationMs: number;
  readonly firstOutputMs: number | null;
  /** `completed` or a code of the catalogue. */
  readonly outcome: string;
  /** The provider's words, or ours; null where it completed. */
  readonly reason: string | null;
  readonly retryAfterMs: number | null;
  /** One more try beside another that was slow. */
  readonly hedge: boolean;
}

export interface RequestTrail {
  readonly id: string;
  /** When it was over; ISO 8601. */
  readonly at: string;
  readonly caller: string;
  readonly dialect: string;
  readonly requestedModel: string;
  /** `provider/model` that was asked last; null where none was. */
  readonly target: string | null;
  readonly stream: boolean;
  /** `completed` or a code of the catalogue. */
  readonly outcome: string;
  readonly status: number;
  readonly queueMs: number;
  readonly firstOutputMs: number | null;
  readonly totalMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Null where the price is unknown. */
  readonly costNanoUsd: number | null;
  /** Answered from the cache, without asking anybody. */
  readonly cached: boolean;
  readonly attemptCount: number;
  /** Fewer than `attemptCount` where they were not kept: of older requests that went well at once. */
  readonly attempts: readonly TrailAttempt[];
  /** In order, such as `skipped acme/large: breaker open`. */
  readonly decisions: readonly string[];
}

export interface RequestTrails {
  /** The youngest first. */
  readonly requests: readonly RequestTrail[];
  /** How far back it goes; ISO 8601, null where nothing is known. */
  readonly oldest: string | null;
}
