/**
 * The trail of each request: who was asked, when, for how long, with what result, and what was decided on the way.
 *
 * The last requests are kept in memory; `trailText` is what the usage log keeps of those that have more to tell than their row.
 * Neither secrets nor what was said to a model: of a provider's refusal its words, without what looks like a secret.
 */
import type { RequestTrail, RequestTrails, TrailAttempt } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { isJsonObject, type JsonValue } from '../../core/json.ts';
import type { Redactor } from '../../core/redact.ts';
import { outcomeOfAttempt } from './outcome.ts';
import type { AttemptReport, RequestReport } from '../report.ts';

export interface Trails {
  finished(request: RequestReport): void;
  find(id: string): RequestTrail | undefined;
  recent(limit: number): RequestTrails;
  /** Forgets all of them; their rows are in the usage log. */
  clear(): void;
}

export interface TrailsOptions {
  readonly clock: Clock;
  readonly redactor: Redactor;
  /**
   * Requests that are kept. Older ones have their rows in the usage log. More would outlive the young generation, and cost each
   * request a fifth of its time in the garbage collector. @default 200
   */
  readonly limit?: number;
}

export const trailsDefaults = { limit: 200 } as const;

/** Longer words are cut: a provider may echo what it was sent. */
const reasonLimit = 300;
/** Names of models come from clients. */
const nameLimit = 200;
/** A wait that people would notice. */
const worthTellingWaitMs = 1;

export function createTrails(options: TrailsOptions): Trails {
  const { clock, redactor, limit } = { ...trailsDefaults, ...options };
  const kept: Kept[] = [];
  let next = 0;

  const newest = (back: number): Kept => kept[(next - back + kept.length) % kept.length]!;

  return {
    finished(request) {
      kept[next] = { atMs: clock.now(), ...trailOf(request, redactor) };
      next = (next + 1) % limit;
    },
    clear() {
      kept.length = 0;
      next = 0;
    },
    find(id) {
      // A person asks, and seldom: an index would cost every request something.
      const found = kept.find((one) => one.id === id);
      return found && published(found);
    },
    recent(count) {
      const oldest = kept[kept.length < limit ? 0 : next];
      return {
        requests: Array.from({ length: Math.min(count, kept.length) }, (_, back) => published(newest(back + 1))),
        oldest: oldest ? new Date(oldest.atMs).toISOString() : null,
      };
    },
  };
}

/** Without what would keep a body, a connection or a stack in memory. */
type Kept = Omit<RequestTrail, 'at'> & { readonly atMs: number };

function published({ atMs, ...trail }: Kept): RequestTrail {
  return { ...trail, at: new Date(atMs).toISOString() };
}

function trailOf(request: RequestReport, redactor: Redactor): Omit<Kept, 'atMs'> {
  const { call, target, outcome, observed, attempts, decisions } = request;
  const error = outcome.kind === 'completed' ? undefined : outcome.error;
  return {
    id: call.requestId,
    caller: call.caller.id,
    dialect: call.dialect,
    requestedModel: request.requestedModel.slice(0, nameLimit),
    target: target?.name.slice(0, nameLimit) ?? null,
    stream: request.stream,
    outcome: error?.code ?? 'completed',
    status: error?.status ?? 200,
    queueMs: rounded(request.queueMs),
    firstOutputMs: request.stream ? roundedOrNull(request.firstOutputMs) : null,
    totalMs: rounded(request.totalMs),
    inputTokens: observed.usage?.input ?? 0,
    outputTokens: observed.usage?.output ?? 0,
    costNanoUsd: request.costNanoUsd ?? null,
    cached: request.cached === true,
    attemptCount: attempts.length,
    attempts: attempts.map((attempt) => attemptTrail(attempt, request.stream, redactor)),
    decisions: decisions.map((note) => redactor.text(note)),
  };
}

function attemptTrail(attempt: AttemptReport, stream: boolean, redactor: Redactor): TrailAttempt {
  const { error } = attempt;
  return {
    target: attempt.target.name.slice(0, nameLimit),
    key: attempt.target.key.id,
    startedMs: rounded(attempt.startedMs),
    waitedMs: rounded(attempt.waitedMs),
    durationMs: rounded(attempt.durationMs),
    firstOutputMs: stream ? roundedOrNull(attempt.firstOutputMs) : null,
    outcome: outcomeOfAttempt(attempt),
    reason: error ? redactor.text(error.message).slice(0, reasonLimit) : null,
    retryAfterMs: error?.retryAfterMs ?? null,
    hedge: attempt.hedge,
  };
}

/**
 * What the column `trail` of a usage row holds: JSON, for `parseTrailText`. `undefined` where the row itself tells all, which is
 * so for a request that one target answered at once.
 */
export function trailText(request: RequestReport, redactor: Redactor): string | undefined {
  const { attempts, decisions, outcome, queueMs, cached } = request;
  const plain = attempts.length === 1 && decisions.length === 0 && outcome.kind === 'completed' && queueMs < worthTellingWaitMs && !cached;
  if (plain) return undefined;
  return JSON.stringify({
    queueMs: rounded(queueMs),
    attempts: attempts.map((attempt) => attemptTrail(attempt, request.stream, redactor)),
    decisions: decisions.map((note) => redactor.text(note)),
  });
}

/** The parts of a trail that no other column has. Of a text that is none of ours: nothing. */
export function parseTrailText(text: string | null): Pick<RequestTrail, 'queueMs' | 'attempts' | 'decisions'> {
  const nothing = { queueMs: 0, attempts: [], decisions: [] };
  if (text === null) return nothing;
  try {
    const value: JsonValue = JSON.parse(text);
    if (!isJsonObject(value)) return nothing;
    const { queueMs, attempts, decisions } = value;
    return {
      queueMs: typeof queueMs === 'number' ? queueMs : 0,
      attempts: Array.isArray(attempts) ? (attempts as unknown as TrailAttempt[]) : [],
      decisions: Array.isArray(decisions) ? decisions.filter((note) => typeof note === 'string') : [],
    };
  } catch {
    return nothing;
  }
}

/** Tenths of a millisecond: more digits are noise. */
function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function roundedOrNull(ms: number | undefined): number | null {
  return ms === undefined ? null : rounded(ms);
}
