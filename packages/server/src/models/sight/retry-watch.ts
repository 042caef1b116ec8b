/**
 * Callers that try again too soon: the same request once more before the Retry-After of its refusal has passed, or at once after
 * a failure that named no time.
 *
 * Of a request that failed a hash is kept, for a minute, and nothing else. While nothing fails it costs a look-up.
 */
import { hash } from 'node:crypto';
import { BoundedMap } from './bounded-map.ts';
import { RecentCount } from './recent-count.ts';
import type { RequestReport } from '../report.ts';

export interface HastyCaller {
  readonly caller: string;
  /** In the last five minutes: tries before the Retry-After had passed. */
  readonly ignoredRetryAfter: number;
  /** In the last five minutes: tries at once after a failure without a Retry-After. */
  readonly withoutBackOff: number;
  /** In the last five minutes: tries that waited. */
  readonly patient: number;
}

export interface RetryWatch {
  finished(request: RequestReport, nowMs: number): void;
  callers(nowMs: number): HastyCaller[];
}

const callerLimit = 200;
const failuresPerCaller = 64;
/** A failure that was this long ago has no retry any more, only a new request that happens to be the same. */
const rememberMs = 60_000;
/** Less than any back-off worth the name: the usual first one is half a second with jitter. */
const atOnceMs = 100;
/** Clients read Retry-After in whole seconds, and clocks differ. */
const toleranceMs = 50;
/** Longer bodies are told apart by their length and their ends. */
const hashedBytes = 64 * 1024;

interface Failure {
  readonly hash: string;
  readonly atMs: number;
  readonly retryAfterMs: number | undefined;
}

interface CallerRetries {
  failures: Failure[];
  readonly ignored: RecentCount;
  readonly hasty: RecentCount;
  readonly patient: RecentCount;
}

export function createRetryWatch(): RetryWatch {
  const callers = new BoundedMap<CallerRetries>(callerLimit);

  const judgeRetry = (caller: CallerRetries, bodyHash: string, arrivedMs: number): void => {
    // The youngest failure of this request that was over when it came again.
    const index = caller.failures.findLastIndex((failure) => failure.hash === bodyHash && failure.atMs <= arrivedMs);
    const failure = caller.failures[index];
    if (!failure) return;
    caller.failures.splice(index, 1);
    const waitedMs = arrivedMs - failure.atMs + toleranceMs;
    if (failure.retryAfterMs !== undefined && waitedMs < failure.retryAfterMs) caller.ignored.add(arrivedMs);
    else if (failure.retryAfterMs === undefined && waitedMs < atOnceMs + toleranceMs) caller.hasty.add(arrivedMs);
    else caller.patient.add(arrivedMs);
  };

  return {
    finished({ call, outcome, totalMs }, nowMs) {
      const failed = outcome.kind === 'failed' && (outcome.error.status === 429 || outcome.error.status >= 500);
      let caller = callers.peek(call.caller.id);
      if (caller) caller.failures = caller.failures.filter(({ atMs }) => nowMs - atMs < rememberMs);
      if (!failed && (!caller || caller.failures.length === 0)) return;
      const bodyHash = hashOf(call.body);
      if (caller) judgeRetry(caller, bodyHash, nowMs - totalMs);
      if (!failed) return;
      caller = callers.use(call.caller.id, newCaller);
      if (caller.failures.length >= failuresPerCaller) caller.failures.shift();
      caller.failures.push({ hash: bodyHash, atMs: nowMs, retryAfterMs: outcome.error.retryAfterMs });
    },
    callers: (nowMs) =>
      Array.from(callers.entries(), ([caller, { ignored, hasty, patient }]) => ({
        caller,
        ignoredRetryAfter: ignored.read(nowMs),
        withoutBackOff: hasty.read(nowMs),
        patient: patient.read(nowMs),
      })),
  };
}

function newCaller(): CallerRetries {
  return { failures: [], ignored: new RecentCount(), hasty: new RecentCount(), patient: new RecentCount() };
}

function hashOf(body: Buffer): string {
  if (body.length <= hashedBytes) return hash('sha1', body, 'base64');
  const ends = Buffer.concat([body.subarray(0, hashedBytes / 2), body.subarray(-hashedBytes / 2)]);
  return `${body.length}:${hash('sha1', ends, 'base64')}`;
}
