/** An admission with a clock of its own, and targets and requests for it, for tests. */
import { createFakeClock } from '../../core/fake-clock.ts';
import { OpenClawError, type ErrorCode } from '../../core/errors.ts';
import type { Provider, ProviderKey, Target } from '../target.ts';
import { createAdmission } from './admission.ts';
import type { AdmissionSettings, AttemptResult, Candidate, EntryRequest, Permit } from './contract.ts';

export const settings: AdmissionSettings = {
  queue: { maxWaiting: 100, maxWaitMs: 30_000 },
  breaker: { failures: 5, windowMs: 120_000, errorPercent: 50, minimumRequests: 20, openMs: 60_000 },
};

export const completed: AttemptResult = { kind: 'completed', firstOutputMs: 100, totalMs: 1000 };

export function failed(code: ErrorCode, retryAfterMs?: number): AttemptResult {
  const details = { provider: 'a', reason: 'it said so', origin: 'http://a', awaited: 'answer', timeoutMs: 1 };
  return { kind: 'failed', error: new OpenClawError(code, { details, ...(retryAfterMs !== undefined && { retryAfterMs }) }), totalMs: 10 };
}

export function target(model: string, bounds: { readonly initial: number; readonly max?: number }, key = providerKey('1')): Target {
  const concurrency = { initial: bounds.initial, max: bounds.max ?? bounds.initial };
  // Of a provider, admission knows its name and these bounds alone.
  const provider = { id: 'a', concurrency } as unknown as Provider;
  return { provider, key, model, name: `a/${model}`, known: undefined, weight: 1 };
}

export function providerKey(id: string): ProviderKey {
  return { id, source: 'a test', weight: 1, headers: {} };
}

export type Wish = Partial<Omit<EntryRequest, 'candidates'>> & { readonly to: readonly (Target | Candidate)[] };

export function setup(changes: Partial<AdmissionSettings> = {}) {
  const clock = createFakeClock();
  const admission = createAdmission({ settings: { ...settings, ...changes }, clock });

  function request({ to, ...more }: Wish): EntryRequest {
    return {
      candidates: to.map((one) => ('target' in one ? one : { target: one, notBeforeMs: 0 })),
      turn: 'turn',
      arrivedMs: clock.monotonicMs(),
      deadlineMs: Infinity,
      signal: new AbortController().signal,
      ...more,
    };
  }

  return {
    clock,
    admission,
    request,
    /** A place that is there at once. */
    enter(...to: readonly Target[]): Permit {
      const entry = admission.enter(request({ to }));
      if (entry instanceof Promise) throw new Error('it has to wait');
      return entry;
    },
    /** A place that has to be waited for. */
    wait(wish: Wish): Promise<Permit> {
      const entry = admission.enter(request(wish));
      if (!(entry instanceof Promise)) throw new Error('it does not have to wait');
      return entry;
    },
    status: (name: string) => admission.status().find((row) => row.target === name),
  };
}

/** Lets promises that are settled reach whoever awaits them. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await Promise.resolve();
}
