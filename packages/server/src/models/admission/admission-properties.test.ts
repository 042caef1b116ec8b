/** What holds for every sequence of entries, ends, aborts and moments. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError, type ErrorCode } from '../../core/errors.ts';
import type { Target } from '../target.ts';
import { completed, failed, settings, settle, setup, target } from './admission.fixture.ts';
import type { AttemptResult, Candidate, Permit } from './contract.ts';

interface Waiting {
  readonly candidates: readonly Candidate[];
  readonly controller: AbortController;
  settled: number;
}

const results: readonly AttemptResult[] = [
  completed,
  { kind: 'completed', totalMs: 50 },
  { kind: 'cancelled' },
  ...(['upstream_failed', 'upstream_overloaded', 'upstream_timeout', 'upstream_refused', 'upstream_rate_limited'] as ErrorCode[]).map(
    (code) => failed(code),
  ),
  failed('upstream_rate_limited', 700),
  failed('upstream_overloaded', 1500),
];

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('enter' as const),
      turn: fc.nat({ max: 2 }),
      which: fc.nat({ max: 6 }),
      backOffMs: fc.constantFrom(0, 0, 0, 300),
      patienceMs: fc.constantFrom(100, 1000, Infinity),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(), result: fc.nat({ max: results.length - 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), byMs: fc.constantFrom(1, 50, 400, 5000, 70_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('override' as const), open: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rekey' as const), which: fc.nat({ max: 2 }) }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Plays the steps on an admission with three targets, and remembers what is under way and who waits. */
class Play {
  readonly targets: Target[] = [target('x', { initial: 1 }), target('y', { initial: 2, max: 4 }), target('z', { initial: 3, max: 8 })];
  readonly world = setup({ queue: { maxWaiting: 8, maxWaitMs: 2000 } });
  readonly permits: Permit[] = [];
  readonly waiting = new Set<Waiting>();

  do(one: Step): void {
    const { clock, admission } = this.world;
    switch (one.kind) {
      case 'enter':
        this.#enter(one);
        return;
      case 'release': {
        const [permit] = this.permits.splice(one.which % Math.max(1, this.permits.length), 1);
        permit?.release(results[one.result] ?? completed);
        return;
      }
      case 'abort':
        [...this.waiting][one.which % Math.max(1, this.waiting.size)]?.controller.abort(new OpenClawError('client_closed'));
        return;
      case 'advance':
        clock.advance(one.byMs);
        return;
      case 'override':
        admission.override('a/y', one.open ? 'open' : 'reset');
        return;
      case 'rekey':
        this.#rekey(one.which);
    }
  }

  /** The key of a target is another one from now on. */
  #rekey(which: number): void {
    const old = this.targets[which];
    if (!old) return;
    Object.assign(old.key, { gone: true });
    this.targets[which] = target(old.model, old.provider.concurrency);
    this.world.admission.reconfigure({ ...settings, queue: { maxWaiting: 8, maxWaitMs: 2000 } }, []);
  }

  #enter({ turn, which, backOffMs, patienceMs }: Extract<Step, { kind: 'enter' }>): void {
    const { clock, admission, request } = this.world;
    const nowMs = clock.monotonicMs();
    const chosen = this.targets.filter((_, index) => ((which + 1) >> index) % 2 === 1);
    const candidates = chosen.map((one, index) => ({ target: one, notBeforeMs: index === 0 && backOffMs > 0 ? nowMs + backOffMs : 0 }));
    const controller = new AbortController();
    let entry: Permit | Promise<Permit>;
    try {
      entry = admission.enter(request({ to: candidates, turn: `turn ${turn}`, deadlineMs: nowMs + patienceMs, signal: controller.signal }));
    } catch (thrown) {
      assertRefusal(thrown);
      return;
    }
    if (!(entry instanceof Promise)) {
      this.permits.push(entry);
      return;
    }
    const waiter: Waiting = { candidates, controller, settled: 0 };
    this.waiting.add(waiter);
    const end = (): void => {
      waiter.settled += 1;
      this.waiting.delete(waiter);
    };
    entry.then(
      (permit) => {
        end();
        this.permits.push(permit);
      },
      (thrown: unknown) => {
        end();
        assertRefusal(thrown);
      },
    );
  }

  check(): void {
    const { admission, clock } = this.world;
    assert.equal(admission.figures.underWay, this.permits.length);
    assert.equal(admission.figures.waiting, this.waiting.size);
    assert.equal(clock.pendingTimers, this.waiting.size > 0 ? 1 : 0);
    for (const { candidates } of this.waiting) assert.ok(!candidates.every((one) => one.target.key.gone), 'somebody waits for nobody');
    for (const row of admission.status()) {
      assert.equal(row.underWay, this.permits.filter(({ target: at }) => at.name === row.target && !at.key.gone).length);
      const waiting = [...this.waiting].filter(({ candidates }) => candidates.some((one) => one.target.name === row.target));
      assert.ok(row.waiting <= waiting.length);
    }
  }

  async end(): Promise<void> {
    for (const { controller } of this.waiting) controller.abort(new OpenClawError('client_closed'));
    await settle();
    for (const permit of this.permits.splice(0)) permit.release(completed);
    this.check();
    assert.equal(this.waiting.size, 0);
    assert.ok(this.world.admission.status().every((row) => row.underWay === 0 && row.waiting === 0));
  }
}

function assertRefusal(thrown: unknown): void {
  assert.ok(thrown instanceof OpenClawError);
  if (thrown.code === 'client_closed' || thrown.code === 'target_removed') return;
  assert.ok(thrown.code === 'admission_refused' || thrown.code === 'targets_unavailable');
  assert.ok(thrown.retryAfterMs !== undefined && thrown.retryAfterMs >= 1 && Number.isFinite(thrown.retryAfterMs));
}

test('every waiter is settled once, nothing leaks, and there is a timer exactly while somebody waits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const play = new Play();
      for (const one of steps) {
        play.do(one);
        await settle();
        play.check();
      }
      await play.end();
    }),
    { numRuns: 150 },
  );
});

test('what goes in never exceeds the limit, and nobody waits while there is a place for it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const play = new Play();
      const { admission, clock } = play.world;
      let hasPace = false;
      let before = new Map<string, number>();
      for (const one of steps) {
        hasPace ||= one.kind === 'release' && results[one.result]?.kind === 'failed' && one.result === results.length - 2;
        play.do(one);
        await settle();
        const rows = admission.status();
        for (const row of rows) {
          const rose = row.underWay > (before.get(row.target) ?? 0);
          // A probe goes in beside attempts that hang.
          if (rose && row.breaker !== 'halfOpen') assert.ok(row.underWay <= row.limit, `${row.underWay} of ${row.limit}`);
          const takes = row.breaker === 'closed' && row.pausedMs === 0 && row.underWay < row.limit && !hasPace;
          const wantsIt = (candidate: Candidate): boolean =>
            candidate.target.name === row.target && !candidate.target.key.gone && candidate.notBeforeMs <= clock.monotonicMs();
          if (takes) assert.ok(![...play.waiting].some(({ candidates }) => candidates.some(wantsIt)), `somebody waits for ${row.target}`);
        }
        before = new Map(rows.map((row) => [row.target, row.underWay]));
      }
      await play.end();
    }),
    { numRuns: 150 },
  );
});

test('turns with equal demand get equal shares within one, whatever their numbers of requests; within a turn first come is first served', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 5 }),
      fc.integer({ min: 1, max: 4 }),
      async (sizes, capacity) => {
        const { admission, request, enter, clock } = setup({ queue: { maxWaiting: 100, maxWaitMs: 1e6 } });
        const one = target('m', { initial: capacity });
        const permits = Array.from({ length: capacity }, () => enter(one));
        const served: { readonly turn: number; readonly arrivedMs: number }[] = [];
        for (const [turn, size] of sizes.entries()) {
          for (let count = 0; count < size; count += 1) {
            clock.advance(1);
            const arrivedMs = clock.monotonicMs();
            void Promise.resolve(admission.enter(request({ to: [one], turn: String(turn) }))).then((permit) => {
              served.push({ turn, arrivedMs });
              permits.push(permit);
            });
          }
        }
        const fewest = Math.min(...sizes);
        for (let permit = permits.shift(); permit; permit = permits.shift()) {
          permit.release(completed);
          await settle();
          const counts = sizes.map((_, turn) => served.filter((entry) => entry.turn === turn).length);
          const isFull = Math.max(...counts) > fewest;
          if (!isFull) assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join(' '));
        }
        assert.equal(
          served.length,
          sizes.reduce((sum, size) => sum + size, 0),
        );
        for (const turn of sizes.keys()) {
          const arrivals = served.filter((entry) => entry.turn === turn).map((entry) => entry.arrivedMs);
          assert.deepEqual(
            arrivals,
            arrivals.toSorted((a, b) => a - b),
          );
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('whenever it is closed, everybody who waits is told, and no timer is left', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const play = new Play();
      for (const one of steps) play.do(one);
      const reason = new OpenClawError('client_closed');
      play.world.admission.close(reason);
      await settle();
      assert.equal(play.waiting.size, 0);
      assert.equal(play.world.clock.pendingTimers, 0);
      await play.end();
    }),
    { numRuns: 50 },
  );
});
