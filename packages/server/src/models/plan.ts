/**
 * What of the model path follows from its settings and is kept between requests: the retry budget and the answer cache. Both go on
 * where their settings stay as they are.
 *
 * Who can be asked is planned in `routing/selection.ts`, how much targets take in `admission/`.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ModelsSettings } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import { createAnswerCache } from './cache.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';
import type { CacheOptions } from './service.ts';

export interface Plan {
  readonly settings: ModelsSettings;
  readonly nestingDepthLimit: number;
  readonly retryBudget: RetryBudget;
  /** Absent where answers are not used again. */
  readonly cache: CacheOptions | undefined;
}

export interface PlanOptions {
  readonly settings: ModelsSettings;
  readonly nestingDepthLimit: number;
  readonly clock: Clock;
}

export function createPlan({ settings, nestingDepthLimit, clock }: PlanOptions, before?: Plan): Plan {
  const { budgetPercent: percent } = settings.retry;
  const keepsBudget = before?.settings.retry.budgetPercent === percent;
  const keepsCache = before !== undefined && isDeepStrictEqual(before.settings.cache, settings.cache);
  return {
    settings,
    nestingDepthLimit,
    retryBudget: keepsBudget ? before.retryBudget : createRetryBudget({ percent, clock }),
    cache: keepsCache ? before.cache : createCache(settings.cache, clock),
  };
}

function createCache(settings: ModelsSettings['cache'], clock: Clock): CacheOptions | undefined {
  return settings.enabled ? { answers: createAnswerCache(settings, clock), settings } : undefined;
}
