/**
 * What each key may still use of its limits: requests and tokens per minute, US$ per day and month of UTC.
 *
 * A request reserves its estimate before it is sent and settles what it really was, so requests at the same time never promise
 * the same money twice, and what is overshot is at most the error of the estimates under way. Counts are of this process: one
 * process owns a state directory. What was spent is learnt from the usage log once per key and process, when a budget is first
 * asked for; requests that come meanwhile wait for it. Rates begin anew at a start.
 *
 * It knows neither models nor prices, and writes nothing: the usage log is what remains.
 */
import type { KeyUse } from '@openclaw/protocol';
import type { Clock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import { hasLimits, toUsd, type KeyLimits } from './key-limits.ts';
import { createMinute, type Minute } from './minute.ts';
import { createSpending, dayOf, monthOf, type DaySpending, type Spending, type UnknownDays } from './spending.ts';

export interface AllowancesOptions {
  readonly clock: Clock;
  /** What the key spent, by day, of all requests that are known to be over: the usage log's answer. */
  readonly spending: (question: SpendingQuestion) => Promise<readonly DaySpending[]>;
}

export interface SpendingQuestion extends UnknownDays {
  readonly keyId: string;
}

/** Largest amounts that a request may use; NaN and negative ones count as 0. */
export interface Estimate {
  readonly tokens: number;
  readonly nanoUsd: number;
}

export interface Reservation {
  /** What it really was. Once; later calls of either do nothing. */
  settle(actual: Estimate): void;
  /** Nothing was used, the request itself neither. */
  release(): void;
}

export interface Allowances {
  /**
   * Undefined for callers without limits.
   * @throws OpenClawError `rate_limit_exceeded`, `budget_exceeded`, `budget_reserved`; rejects also if the spending cannot be learnt
   */
  reserve(callerId: string, estimate: Estimate): Reservation | undefined | Promise<Reservation | undefined>;
  /** Whether what the caller spends counts against a budget. */
  hasBudget(callerId: string): boolean;
  /** In force for the next request. What was counted so far stays counted. */
  setLimits(keyId: string, limits: KeyLimits): void;
  /** What the key uses now; undefined for a key without limits. */
  use(keyId: string): Promise<KeyUse | undefined>;
}

export function createAllowances(options: AllowancesOptions): Allowances {
  const byKey = new Map<string, KeyAllowance>();
  return {
    reserve: (callerId, estimate) => byKey.get(callerId)?.reserve(estimate),
    hasBudget: (callerId) => byKey.get(callerId)?.countsMoney ?? false,
    setLimits(keyId, limits) {
      const held = byKey.get(keyId);
      if (held) held.limits = limits;
      else if (hasLimits(limits)) byKey.set(keyId, new KeyAllowance(keyId, limits, options));
      // Spending is learnt once, so a key that had a budget goes on being counted: it may get one again.
      if (held && !hasLimits(limits) && !held.countsMoney) byKey.delete(keyId);
    },
    use(keyId) {
      const held = byKey.get(keyId);
      return held && hasLimits(held.limits) ? held.use() : Promise.resolve(undefined);
    },
  };
}

/** More than any request uses. Sums of what is below stay exact. */
const amountLimit = 1e12;
/** How soon to ask again for money that requests under way may give back: nobody knows when they end. */
const reservedRetryMs = 1000;

class KeyAllowance {
  #limits: KeyLimits;
  readonly #keyId: string;
  readonly #options: AllowancesOptions;
  #requests: Minute | undefined;
  #tokens: Minute | undefined;
  #spending: Spending | undefined;
  #learning: Promise<void> | undefined;
  #reservedNanoUsd = 0;

  constructor(keyId: string, limits: KeyLimits, options: AllowancesOptions) {
    this.#keyId = keyId;
    this.#limits = limits;
    this.#options = options;
    this.limits = limits;
  }

  get limits(): KeyLimits {
    return this.#limits;
  }

  set limits(limits: KeyLimits) {
    this.#limits = limits;
    if (this.#hasBudget) this.#spending ??= createSpending();
  }

  /** Since its first budget, also after that was taken away. */
  get countsMoney(): boolean {
    return this.#spending !== undefined;
  }

  get #hasBudget(): boolean {
    return this.limits.nanoUsdPerDay !== undefined || this.limits.nanoUsdPerMonth !== undefined;
  }

  reserve(estimate: Estimate): Reservation | Promise<Reservation> {
    const unknown = this.#unknownSpending();
    if (unknown) return this.#learn(unknown).then(() => this.reserve(estimate));
    const tokens = amountOf(estimate.tokens);
    const nanoUsd = amountOf(estimate.nanoUsd);
    const refusal = longest([
      this.#rateRefusal('requests', 1),
      this.#rateRefusal('tokens', tokens),
      this.#budgetRefusal('day', nanoUsd),
      this.#budgetRefusal('month', nanoUsd),
    ]);
    if (refusal) throw refusal;
    return this.#take(tokens, nanoUsd);
  }

  async use(): Promise<KeyUse> {
    for (let unknown = this.#unknownSpending(); unknown; unknown = this.#unknownSpending()) await this.#learn(unknown);
    const { rpm, tpm } = this.limits;
    const nowMs = this.#options.clock.now();
    const spending = this.#hasBudget ? this.#spending : undefined;
    return {
      requests: rpm === undefined ? null : (this.#requests?.used ?? 0),
      tokens: tpm === undefined ? null : (this.#tokens?.used ?? 0),
      usdToday: toUsd(spending?.onDay(nowMs)),
      usdThisMonth: toUsd(spending?.inMonth(nowMs)),
      usdReserved: toUsd(spending && this.#reservedNanoUsd),
    };
  }

  /** Each amount goes back to where it was taken, whatever the limits have become meanwhile. */
  #take(tokens: number, nanoUsd: number): Reservation {
    const countedRequests = this.limits.rpm === undefined ? undefined : this.#minuteOf('requests');
    const countedTokens = this.limits.tpm === undefined ? undefined : this.#minuteOf('tokens');
    const spending = this.#spending;
    const requestSecond = countedRequests?.use(1) ?? 0;
    const tokenSecond = countedTokens?.use(tokens) ?? 0;
    if (spending) this.#reservedNanoUsd += nanoUsd;
    let open = true;
    return {
      settle: (actual) => {
        if (!open) return;
        open = false;
        const excess = amountOf(actual.tokens) - tokens;
        if (excess > 0) countedTokens?.use(excess);
        else countedTokens?.giveBack(-excess, tokenSecond);
        if (!spending) return;
        this.#reservedNanoUsd -= nanoUsd;
        const spent = amountOf(actual.nanoUsd);
        if (spent > 0) spending.add(spent, this.#options.clock.now());
      },
      release: () => {
        if (!open) return;
        open = false;
        countedRequests?.giveBack(1, requestSecond);
        countedTokens?.giveBack(tokens, tokenSecond);
        if (spending) this.#reservedNanoUsd -= nanoUsd;
      },
    };
  }

  #unknownSpending(): UnknownDays | undefined {
    return this.#hasBudget ? this.#spending?.unknown(this.#options.clock.now()) : undefined;
  }

  /** All who need it wait for one question; who comes after a failure asks again. */
  #learn(unknown: UnknownDays): Promise<void> {
    return (this.#learning ??= this.#options
      .spending({ keyId: this.#keyId, ...unknown })
      .then((days) => this.#spending?.learn(unknown, days))
      .finally(() => (this.#learning = undefined)));
  }

  #minuteOf(what: 'requests' | 'tokens'): Minute {
    if (what === 'requests') return (this.#requests ??= createMinute(this.#options.clock));
    return (this.#tokens ??= createMinute(this.#options.clock));
  }

  #rateRefusal(what: 'requests' | 'tokens', amount: number): OpenClawError | undefined {
    const limit = what === 'requests' ? this.limits.rpm : this.limits.tpm;
    const waitMs = limit === undefined ? 0 : this.#minuteOf(what).waitMs(amount, limit);
    if (limit === undefined || waitMs === 0) return undefined;
    return new OpenClawError('rate_limit_exceeded', { details: { keyId: this.#keyId, limit, what }, retryAfterMs: waitMs });
  }

  /**
   * With money left and none reserved a request is let in whatever its estimate: a high estimate must not keep a key from
   * what it has left. Beside others it has to fit.
   */
  #budgetRefusal(period: 'day' | 'month', nanoUsd: number): OpenClawError | undefined {
    const limit = period === 'day' ? this.limits.nanoUsdPerDay : this.limits.nanoUsdPerMonth;
    if (limit === undefined || this.#spending === undefined) return undefined;
    const nowMs = this.#options.clock.now();
    const left = limit - (period === 'day' ? this.#spending.onDay(nowMs) : this.#spending.inMonth(nowMs));
    const details = { keyId: this.#keyId, limit: `$${limit / 1e9}`, period };
    if (left <= 0) {
      const { endMs } = period === 'day' ? dayOf(nowMs) : monthOf(nowMs);
      const renewedAt = new Date(endMs).toISOString();
      return new OpenClawError('budget_exceeded', { details: { ...details, renewedAt }, retryAfterMs: endMs - nowMs });
    }
    if (this.#reservedNanoUsd === 0 || this.#reservedNanoUsd + nanoUsd <= left) return undefined;
    return new OpenClawError('budget_reserved', { details, retryAfterMs: reservedRetryMs });
  }
}

/** Of several limits that are reached, the one that will be so for the longest. */
function longest(refusals: readonly (OpenClawError | undefined)[]): OpenClawError | undefined {
  let longest: OpenClawError | undefined;
  for (const refusal of refusals) if (refusal && (refusal.retryAfterMs ?? 0) > (longest?.retryAfterMs ?? 0)) longest = refusal;
  return longest;
}

/** A whole amount: estimates and prices of others are not trusted to be one. */
function amountOf(value: number): number {
  return value > 0 ? Math.ceil(Math.min(value, amountLimit)) : 0;
}
