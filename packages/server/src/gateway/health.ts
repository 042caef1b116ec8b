/**
 * Whether the gateway can do its work, as evidence: each check with its state and reason.
 *
 * A check that is `degraded` is worth a look but no reason to send traffic elsewhere; one that is `failed` is.
 */
import type { Clock } from '../core/clock.ts';

export interface CheckResult {
  readonly state: 'ok' | 'degraded' | 'failed';
  /** Why, in words for people; no secrets, no paths of users. */
  readonly detail?: string;
}

export type Check = () => CheckResult | Promise<CheckResult>;

export interface HealthReport {
  readonly status: 'ok' | 'degraded' | 'failed';
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface Health {
  report(): Promise<HealthReport>;
}

/** Probes may come every second from several sides; the checks run at most this often. */
const cacheMs = 900;

/** A check that hangs is itself a finding. */
const checkTimeoutMs = 2000;

export function createHealth(checks: Readonly<Record<string, Check>>, clock: Clock): Health {
  let latest: { readonly atMs: number; readonly report: Promise<HealthReport> } | undefined;

  async function examine(): Promise<HealthReport> {
    const names = Object.keys(checks);
    const results = await Promise.all(Object.values(checks).map((check) => withinTime(check, clock)));
    const states = results.map(({ state }) => state);
    const status = states.includes('failed') ? 'failed' : states.includes('degraded') ? 'degraded' : 'ok';
    return { status, checks: Object.fromEntries(names.map((name, index) => [name, results[index] ?? { state: 'failed' }])) };
  }

  return {
    report() {
      const now = clock.monotonicMs();
      if (!latest || now - latest.atMs > cacheMs) latest = { atMs: now, report: examine() };
      return latest.report;
    },
  };
}

async function withinTime(check: Check, clock: Clock): Promise<CheckResult> {
  const { promise: late, resolve } = Promise.withResolvers<CheckResult>();
  const timer = clock.after(checkTimeoutMs, () => resolve({ state: 'failed', detail: `no answer within ${checkTimeoutMs} ms` }));
  try {
    return await Promise.race([Promise.resolve(check()), late]);
  } catch (thrown) {
    return { state: 'failed', detail: thrown instanceof Error ? thrown.message : String(thrown) };
  } finally {
    timer.cancel();
  }
}
