/** Allowances beside a usage log in memory, for tests: what is settled is logged, and a restart learns it again. */
import { OpenClawError } from '../core/errors.ts';
import { createFakeClock, type FakeClock } from '../core/fake-clock.ts';
import { createAllowances, type Allowances, type Estimate, type Reservation, type SpendingQuestion } from './allowances.ts';
import { noLimits, type KeyLimits } from './key-limits.ts';

export interface LoggedSpending {
  readonly atMs: number;
  readonly nanoUsd: number;
}

export interface AllowanceScene {
  readonly clock: FakeClock;
  /** Everything that was settled. */
  readonly logged: LoggedSpending[];
  readonly questions: SpendingQuestion[];
  /** The reservation, or the code of the refusal. */
  ask(estimate?: Partial<Estimate>): Promise<Reservation | OpenClawError>;
  limit(limits: Partial<KeyLimits>): void;
  /** Settles and logs, as the model path does in one turn. */
  settle(reservation: Reservation, actual: Partial<Estimate>): void;
  /** Another process after this one, with the same log. */
  restart(): void;
  /** How the next questions are answered. */
  answer(how: (days: () => { day: number; nanoUsd: number }[]) => Promise<{ day: number; nanoUsd: number }[]>): void;
  allowances(): Allowances;
}

export const keyId = 'key_1';

export function createAllowanceScene(limits: Partial<KeyLimits> = {}): AllowanceScene {
  const clock = createFakeClock();
  const logged: LoggedSpending[] = [];
  const questions: SpendingQuestion[] = [];
  let current: KeyLimits = { ...noLimits, ...limits };
  let reply: Parameters<AllowanceScene['answer']>[0] = async (days) => days();

  const begin = (): Allowances => {
    const begun = createAllowances({
      clock,
      spending(question) {
        questions.push(question);
        return reply(() => daysOf(logged, question));
      },
    });
    begun.setLimits(keyId, current);
    return begun;
  };
  let allowances = begin();

  return {
    clock,
    logged,
    questions,
    async ask({ tokens = 0, nanoUsd = 0 } = {}) {
      try {
        const reservation = await allowances.reserve(keyId, { tokens, nanoUsd });
        if (!reservation) throw new TypeError('the key has no limits');
        return reservation;
      } catch (thrown) {
        if (thrown instanceof OpenClawError) return thrown;
        throw thrown;
      }
    },
    limit(changed) {
      current = { ...current, ...changed };
      allowances.setLimits(keyId, current);
    },
    settle(reservation, { tokens = 0, nanoUsd = 0 }) {
      reservation.settle({ tokens, nanoUsd });
      logged.push({ atMs: clock.now(), nanoUsd });
    },
    restart() {
      allowances = begin();
    },
    answer(how) {
      reply = how;
    },
    allowances: () => allowances,
  };
}

export function codeOf(asked: Reservation | OpenClawError): string {
  return asked instanceof OpenClawError ? asked.code : 'reserved';
}

export function reserved(asked: Reservation | OpenClawError): Reservation {
  if (asked instanceof OpenClawError) throw asked;
  return asked;
}

function daysOf(logged: readonly LoggedSpending[], { sinceMs, beforeMs = Infinity }: SpendingQuestion): { day: number; nanoUsd: number }[] {
  const days = new Map<number, number>();
  for (const { atMs, nanoUsd } of logged) {
    const day = Math.floor(atMs / 86_400_000);
    if (atMs >= sinceMs && atMs < beforeMs) days.set(day, (days.get(day) ?? 0) + nanoUsd);
  }
  return Array.from(days, ([day, nanoUsd]) => ({ day, nanoUsd }));
}
