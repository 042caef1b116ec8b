/** The last noteworthy things that happened to the gateway itself, in memory: long collections, a busy event loop, closed clients, changes. */
import type { Clock } from '../../../core/clock.ts';

export interface StabilityEvent {
  readonly seq: number;
  readonly ts: number;
  readonly type: string;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

export interface StabilityQuestion {
  readonly limit: number;
  readonly type?: string | undefined;
  readonly sinceSeq?: number | undefined;
}

export interface StabilityRing {
  /** @param type a word with a dot, such as `config.changed` */
  record(type: string, details?: StabilityEvent['details']): void;
  /** The latest that fit, oldest first. */
  read(question: StabilityQuestion): StabilityReport;
}

export interface StabilityReport {
  readonly generatedAt: string;
  readonly capacity: number;
  /** Those that are kept. */
  readonly count: number;
  /** Those that were, and gave way to later ones. */
  readonly dropped: number;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  readonly events: readonly StabilityEvent[];
  readonly summary: { readonly byType: Readonly<Record<string, number>> };
}

export function createStabilityRing({ clock, capacity = 1000 }: { readonly clock: Clock; readonly capacity?: number }): StabilityRing {
  const events: StabilityEvent[] = [];
  let lastSeq = 0;
  return {
    record(type, details = {}) {
      lastSeq += 1;
      events.push({ seq: lastSeq, ts: clock.now(), type, details });
      if (events.length > capacity) events.shift();
    },
    read({ limit, type, sinceSeq = 0 }) {
      const byType: Record<string, number> = {};
      for (const event of events) byType[event.type] = (byType[event.type] ?? 0) + 1;
      const fitting = events.filter((event) => event.seq > sinceSeq && (type === undefined || event.type === type));
      return {
        ...{ generatedAt: new Date(clock.now()).toISOString(), capacity, count: events.length, dropped: lastSeq - events.length },
        ...{ firstSeq: events[0]?.seq ?? null, lastSeq: events.at(-1)?.seq ?? null },
        ...{ events: fitting.slice(-limit), summary: { byType } },
      };
    },
  };
}
