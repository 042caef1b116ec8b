/** Counts what an upstream was asked and what it answered: exactly, by key and second. It decides nothing. */

export interface Counts {
  readonly requests: number;
  /** By the key that was sent, and then by the second since the counts began. */
  readonly perKey: Readonly<Record<string, readonly number[]>>;
  /** Requests in each tenth of a second since the counts began. */
  readonly perTenth: readonly number[];
  /** By status, or by the name of a fault that left none. */
  readonly answered: Readonly<Record<string, number>>;
  readonly underWay: number;
  readonly mostUnderWay: number;
  readonly connections: number;
  readonly openConnections: number;
  readonly mostOpenConnections: number;
  /** Answers that were not written to their end: the reader left, or a fault ended them. */
  readonly unfinished: number;
  /** Requests of a key before the time that its last refusal had named. */
  readonly early: number;
  /** Those of them that came later after the refusal than a request that was under way. */
  readonly earlyBeyondGrace: number;
  /** Requests that the rate limit could have let through in this time; NaN without one. */
  readonly allowed: number;
  readonly sinceMs: number;
}

type Written<Type> = { -readonly [Name in keyof Type]: Type[Name] };

/** Two programs' timers and clocks agree this well. */
const clockGrainMs = 2;

interface Banned {
  readonly givenMs: number;
  readonly untilMs: number;
}

export interface Tally {
  arrive(key: string, nowMs: number): void;
  leave(): void;
  answer(name: string): void;
  cut(): void;
  open(): void;
  close(): void;
  /** A refusal named a time before which the key should not come back. */
  sendAway(key: string, nowMs: number, awayMs: number): void;
  counts(): Omit<Counts, 'allowed'>;
  /** Starts again from nothing; what is open or under way stays so. */
  restart(nowMs: number): void;
}

export function createTally(startMs: number, graceMs: () => number): Tally {
  let counts = fresh(startMs, 0, 0);
  const perKey = new Map<string, number[]>();
  const answered = new Map<string, number>();
  const away = new Map<string, Banned>();

  return {
    arrive(key, nowMs) {
      counts.requests += 1;
      counts.underWay += 1;
      counts.mostUnderWay = Math.max(counts.mostUnderWay, counts.underWay);
      const seconds = perKey.get(key) ?? [];
      perKey.set(key, seconds);
      increment(seconds, Math.floor((nowMs - counts.sinceMs) / 1000));
      increment(counts.perTenth as number[], Math.floor((nowMs - counts.sinceMs) / 100));
      const banned = away.get(key);
      if (banned === undefined || nowMs >= banned.untilMs - clockGrainMs) return;
      counts.early += 1;
      if (nowMs > banned.givenMs + graceMs()) counts.earlyBeyondGrace += 1;
    },
    leave: () => void (counts.underWay -= 1),
    answer: (name) => void answered.set(name, (answered.get(name) ?? 0) + 1),
    cut: () => void (counts.unfinished += 1),
    open() {
      counts.connections += 1;
      counts.openConnections += 1;
      counts.mostOpenConnections = Math.max(counts.mostOpenConnections, counts.openConnections);
    },
    close: () => void (counts.openConnections -= 1),
    sendAway(key, nowMs, awayMs) {
      const banned = away.get(key);
      // Answers to requests that were under way together must not move the moment from which the client knew.
      const givenMs = banned !== undefined && nowMs < banned.untilMs ? banned.givenMs : nowMs;
      away.set(key, { givenMs, untilMs: Math.max(nowMs + awayMs, banned?.untilMs ?? 0) });
    },
    counts: () => ({ ...counts, perTenth: filled(counts.perTenth), perKey: filledAll(perKey), answered: Object.fromEntries(answered) }),
    restart(nowMs) {
      counts = fresh(nowMs, counts.underWay, counts.openConnections);
      perKey.clear();
      answered.clear();
      away.clear();
    },
  };
}

function fresh(sinceMs: number, underWay: number, open: number): Written<Omit<Counts, 'allowed'>> {
  return {
    requests: 0,
    perKey: {},
    perTenth: [],
    answered: {},
    underWay,
    mostUnderWay: underWay,
    connections: 0,
    openConnections: open,
    mostOpenConnections: open,
    unfinished: 0,
    early: 0,
    earlyBeyondGrace: 0,
    sinceMs,
  };
}

function increment(numbers: number[], at: number): void {
  numbers[at] = (numbers[at] ?? 0) + 1;
}

/** Arrays without holes. */
function filled(numbers: readonly (number | undefined)[]): number[] {
  return Array.from(numbers, (count) => count ?? 0);
}

function filledAll(perKey: ReadonlyMap<string, readonly number[]>): Record<string, number[]> {
  return Object.fromEntries([...perKey].map(([key, seconds]) => [key, filled(seconds)]));
}
