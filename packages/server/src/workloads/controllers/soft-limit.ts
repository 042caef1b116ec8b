/**
 * Tells a program that it comes near its memory limit before the kernel acts: by a signal, by a webhook, and, where it is configured so and neither has
 * helped, by ending it in good order. When it comes near is said by `../events/pressure.ts`.
 */
import type { SoftMemoryLimit, WorkloadSpec } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Driver, UnitSample, UnitState } from '../drivers/driver.ts';
import { unitKey } from './unit-book.ts';

export interface SoftLimitsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly specOf: (workloadUid: string) => WorkloadSpec | undefined;
  readonly driverOf: (state: UnitState) => Driver | undefined;
  /** Ends a unit for its memory: SIGTERM, the grace period, SIGKILL. */
  readonly terminate: (state: UnitState) => void;
  readonly post?: typeof fetch;
}

export interface SoftLimits {
  sampled(state: UnitState, sample: UnitSample): void;
  ended(state: UnitState): void;
}

/** A program that was told has so long to let go of something. */
const helpMs = 30_000;
const webhookTimeoutMs = 5000;
/** Below the limit by so much the next time counts as another one. */
const clearPercent = 5;

export function createSoftLimits(options: SoftLimitsOptions): SoftLimits {
  const { clock, log } = options;
  /** When each was told. */
  const told = new Map<string, number>();

  const tell = async (limit: SoftMemoryLimit, state: UnitState, sample: UnitSample): Promise<void> => {
    const { id, workload } = state;
    if (limit.signal !== undefined) await options.driverOf(state)?.signal(id, limit.signal);
    if (limit.webhook === undefined) return;
    const { usageBytes, workingSetBytes, limitBytes, at } = sample;
    const body = {
      workload: workload.name,
      namespace: workload.namespace,
      ...id,
      at,
      usageBytes,
      workingSetBytes,
      limitBytes,
      percent: limit.percent,
    };
    const response = await (options.post ?? fetch)(limit.webhook, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(webhookTimeoutMs),
      redirect: 'error',
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the webhook answered with ${response.status}`);
  };

  return {
    sampled(state, sample) {
      const limit = options.specOf(state.workload.uid)?.softMemoryLimit;
      if (limit === undefined || sample.limitBytes === undefined) return;
      const key = unitKey(state.id);
      const percent = (sample.workingSetBytes / sample.limitBytes) * 100;
      const toldAtMs = told.get(key);
      if (percent < limit.percent) {
        if (percent < limit.percent - clearPercent) told.delete(key);
        return;
      }
      const hasMeans = limit.signal !== undefined || limit.webhook !== undefined;
      if (toldAtMs === undefined) {
        told.set(key, clock.now());
        tell(limit, state, sample).catch((error: unknown) =>
          log.warn('a workload could not be told of its memory', { error, workload: state.workload.name, instance: state.id.instance }),
        );
      }
      if (limit.terminate && (!hasMeans || (toldAtMs !== undefined && clock.now() - toldAtMs >= helpMs))) options.terminate(state);
    },
    ended(state) {
      told.delete(unitKey(state.id));
    },
  };
}
