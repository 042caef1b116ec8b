/**
 * How long each target takes to its first output, as a peak-sensitive moving average: a slow answer counts at once, a quick
 * one little by little. What nobody has asked for a while fades, so that a target that was slow once is tried again.
 *
 * It does not choose anybody: see `order.ts`. Figures for people are in `sight/`.
 */
import type { Clock } from '../../core/clock.ts';
import type { ProviderKey, Target } from '../target.ts';

export interface Latency {
  observe(target: Target, firstOutputMs: number): void;
  /** `undefined` for a target that has not answered yet. */
  of(target: Target): number | undefined;
}

export interface LatencyOptions {
  readonly clock: Clock;
  /**
   * In this time the weight of what was seen falls to about a third. Shorter, and single answers throw the order about;
   * longer, and a target that has recovered stays unused.
   * @default 60_000
   */
  readonly decayMs?: number;
}

export const latencyDefaults = { decayMs: 60_000 } as const;

/** Of each key. Clients make up names of models; what real providers have is far below. */
const modelsLimit = 1000;

interface Average {
  valueMs: number;
  atMs: number;
}

export function createLatency(options: LatencyOptions): Latency {
  const { clock, decayMs } = { ...latencyDefaults, ...options };
  // By the key itself: one that is no longer configured takes its averages with it.
  const averages = new WeakMap<ProviderKey, Map<string, Average>>();

  function begin({ key, model }: Target, valueMs: number, atMs: number): void {
    let models = averages.get(key);
    if (!models) averages.set(key, (models = new Map()));
    else if (models.size >= modelsLimit) models.delete(models.keys().next().value!);
    models.set(model, { valueMs, atMs });
  }

  return {
    observe(target, firstOutputMs) {
      const nowMs = clock.monotonicMs();
      const average = averages.get(target.key)?.get(target.model);
      if (!average) {
        begin(target, firstOutputMs, nowMs);
        return;
      }
      const kept = Math.exp((average.atMs - nowMs) / decayMs);
      const faded = average.valueMs * kept;
      // A share of at least a tenth: of several answers in one moment each must count.
      const share = Math.max(0.1, 1 - kept);
      average.valueMs = firstOutputMs > faded ? firstOutputMs : average.valueMs + (firstOutputMs - average.valueMs) * share;
      average.atMs = nowMs;
    },
    of(target) {
      const average = averages.get(target.key)?.get(target.model);
      return average && average.valueMs * Math.exp((average.atMs - clock.monotonicMs()) / decayMs);
    },
  };
}
