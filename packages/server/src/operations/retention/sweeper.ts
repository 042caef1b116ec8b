/**
 * Gives up what is older than its rule says: one rule after the other, in bounded batches, a little at a time, and never two sweeps at once.
 * It owns the timer and the figures; what a thing is and how it goes is the business of its rule.
 */
import { type Clock, sleep, type Timer } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Metrics } from '../../core/metrics.ts';
import type { Amount, RetentionKind, RetentionReport, RetentionRow, RetentionRule } from './contract.ts';

export interface SweeperOptions {
  readonly rules: readonly RetentionRule[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Where things of a kind go; undefined: nowhere. */
  readonly destinationOf: (kind: RetentionKind) => string | undefined;
  /** Before each sweep. @default nothing */
  readonly before?: (signal: AbortSignal) => Promise<void>;
}

export interface Sweeper {
  start(): void;
  /** What would go now. Changes nothing. */
  preview(): Promise<RetentionReport>;
  /** Goes through all rules now; joins a sweep that is under way. */
  sweep(): Promise<void>;
  /** For parts that give up things of theirs themselves. */
  count(kind: RetentionKind, amount: Partial<Amount>): void;
  stop(): Promise<void>;
}

export const sweepEveryMs = 60 * 60_000;
/** After the start, when there is other work. */
const firstSweepMs = 10 * 60_000;
const batchItems = 200;
/** Between two batches: others write, too. */
const pauseMs = 20;

export function createSweeper(options: SweeperOptions): Sweeper {
  return new RuleSweeper(options);
}

class RuleSweeper implements Sweeper {
  readonly #options: SweeperOptions;
  readonly #stopping = new AbortController();
  readonly #timers: Timer[] = [];
  readonly #figures: { readonly items: ReturnType<Metrics['counter']>; readonly bytes: ReturnType<Metrics['counter']> };
  #sweeping: Promise<void> | undefined;
  #sweptAtMs: number | undefined;

  constructor(options: SweeperOptions) {
    this.#options = options;
    const labelNames = ['kind'];
    this.#figures = {
      items: options.metrics.counter({
        name: 'openclaw_retention_removed_total',
        help: 'Things that were given up for their age.',
        labelNames,
      }),
      bytes: options.metrics.counter({
        name: 'openclaw_retention_removed_bytes_total',
        help: 'How large they were, where that is known.',
        labelNames,
      }),
    };
  }

  start(): void {
    const { clock } = this.#options;
    this.#timers.push(
      clock.after(firstSweepMs, () => void this.sweep()),
      clock.every(sweepEveryMs, () => void this.sweep()),
    );
  }

  async preview(): Promise<RetentionReport> {
    const { rules, clock } = this.#options;
    const rows: RetentionRow[] = [];
    for (const rule of rules) {
      const keepMs = rule.keepMs();
      const amount = keepMs === 0 ? { items: 0, bytes: 0 } : await rule.stale(clock.now() - keepMs);
      const to = this.#options.destinationOf(rule.kind);
      const { kind, setting } = rule;
      rows.push({ kind, setting, keepMs: keepMs === 0 ? null : keepMs, ...amount, ...(to !== undefined && { to }) });
    }
    return { sweptAt: this.#sweptAtMs === undefined ? null : new Date(this.#sweptAtMs).toISOString(), rows };
  }

  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepAll().finally(() => (this.#sweeping = undefined));
    return this.#sweeping;
  }

  count(kind: RetentionKind, { items = 0, bytes = 0 }: Partial<Amount>): void {
    this.#figures.items.labels(kind).increment(items);
    this.#figures.bytes.labels(kind).increment(bytes);
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#stopping.abort();
    await this.#sweeping;
  }

  async #sweepAll(): Promise<void> {
    const { rules, clock, log } = this.#options;
    const { signal } = this.#stopping;
    await this.#options.before?.(signal).catch((thrown: unknown) => {
      log.warn('log files could not be brought to cold storage', { reason: reasonOf(thrown) });
    });
    for (const rule of rules) {
      if (signal.aborted) return;
      try {
        await this.#apply(rule);
      } catch (thrown) {
        // The next sweep tries again; the other rules hold meanwhile.
        if (!signal.aborted) log.warn(`old ${rule.kind} could not be given up`, { reason: reasonOf(thrown) });
      }
    }
    this.#sweptAtMs = clock.now();
  }

  async #apply({ kind, keepMs, giveUp, limit = batchItems }: RetentionRule): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    const kept = keepMs();
    if (giveUp === undefined || kept === 0) return;
    const all = { items: 0, bytes: 0 };
    for (;;) {
      const gone = await giveUp(clock.now() - kept, { limit, signal });
      if (gone.items === 0) break;
      this.count(kind, gone);
      all.items += gone.items;
      all.bytes += gone.bytes;
      if (gone.items < limit || signal.aborted) break;
      await sleep(clock, pauseMs, signal);
    }
    if (all.items > 0) log.info(`old ${kind} were given up`, all);
  }
}
