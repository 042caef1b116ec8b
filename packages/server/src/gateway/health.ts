/**
 * Whether the gateway can do its work, as evidence: each check with its state and reason; and what each probe answers in each state.
 *
 * What is looked at: `operations/health/checks/`. A check that hangs is itself a finding, and it is not asked again before it has answered.
 */
import type { Clock } from '../core/clock.ts';
import { reasonOf } from '../core/errors.ts';
import type { Check, CheckResult } from '../operations/index.ts';

export interface HealthReport {
  /** That of the worst check. */
  readonly status: CheckResult['state'];
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface Health {
  /** Never rejects, and answers within two seconds. */
  report(): Promise<HealthReport>;
}

/** What the process is about; `ok`, `degraded` and `failed` are those of a gateway that serves. */
export type GatewayState = 'starting' | HealthReport['status'] | 'draining' | 'rescue' | 'held';

export type ProbePath = '/healthz' | '/readyz' | '/startupz' | '/health';

/**
 * The status code of each probe in each state; `docs/health.md` has the reasons.
 *
 * Whoever asks `/healthz`, `/startupz` or `/health` may restart the process, so these fail only where a restart would help or is under
 * way; `/readyz` only sends traffic elsewhere.
 */
export const probeCodes: Readonly<Record<ProbePath, Readonly<Record<GatewayState, number>>>> = {
  '/healthz': { starting: 200, ok: 200, degraded: 200, failed: 200, draining: 200, rescue: 200, held: 200 },
  '/startupz': { starting: 503, ok: 200, degraded: 200, failed: 200, draining: 503, rescue: 200, held: 200 },
  '/readyz': { starting: 503, ok: 200, degraded: 200, failed: 503, draining: 503, rescue: 503, held: 503 },
  '/health': { starting: 503, ok: 200, degraded: 200, failed: 503, draining: 503, rescue: 200, held: 200 },
};

export function isProbe(path: string): path is ProbePath {
  return Object.hasOwn(probeCodes, path);
}

/** Probes may come every second from several sides; the checks run at most this often. */
const cacheMs = 900;
const checkTimeoutMs = 2000;

/** @param onTurn called when a check is in another state than at the look before; at the first look where it is not well */
export function createHealth(
  checks: Readonly<Record<string, Check>>,
  clock: Clock,
  onTurn: (check: string, result: CheckResult) => void = () => {},
): Health {
  const patient = Object.entries(checks).map(([name, check]) => [name, createPatientCheck(check, clock)] as const);
  let latest: { readonly atMs: number; readonly report: Promise<HealthReport> } | undefined;
  const states = new Map<string, CheckResult['state']>();

  const notice = (check: string, result: CheckResult): void => {
    const before = states.get(check) ?? 'ok';
    states.set(check, result.state);
    if (result.state !== before) onTurn(check, result);
  };

  async function examine(): Promise<HealthReport> {
    const results = await Promise.all(patient.map(async ([name, check]) => [name, await check()] as const));
    for (const [name, result] of results) notice(name, result);
    const seen = new Set(results.map(([, { state }]) => state));
    const status = seen.has('failed') ? 'failed' : seen.has('degraded') ? 'degraded' : 'ok';
    return { status, checks: Object.fromEntries(results) };
  }

  return {
    report() {
      const now = clock.monotonicMs();
      if (!latest || now - latest.atMs > cacheMs) latest = { atMs: now, report: examine() };
      return latest.report;
    },
  };
}

interface Look {
  readonly startedMs: number;
  readonly result: Promise<CheckResult>;
}

/** Waits two seconds for a check that hangs, and not again until it has answered: what hangs is asked once, not once a second. */
function createPatientCheck(check: Check, clock: Clock): () => Promise<CheckResult> {
  let look: Look | undefined;

  const begin = (): Look => {
    const result = run(check).finally(() => (look = undefined));
    return (look = { startedMs: clock.monotonicMs(), result });
  };

  return async () => {
    const current = look ?? begin();
    const leftMs = current.startedMs + checkTimeoutMs - clock.monotonicMs();
    const late = (): CheckResult => {
      const seconds = Math.round((clock.monotonicMs() - current.startedMs) / 1000);
      return { state: 'failed', detail: `it has not answered for ${seconds} s` };
    };
    if (leftMs <= 0) return late();
    const { promise, resolve } = Promise.withResolvers<CheckResult>();
    const timer = clock.after(leftMs, () => resolve(late()));
    try {
      return await Promise.race([current.result, promise]);
    } finally {
      timer.cancel();
    }
  };
}

async function run(check: Check): Promise<CheckResult> {
  try {
    return await check();
  } catch (thrown) {
    return { state: 'failed', detail: reasonOf(thrown) };
  }
}
