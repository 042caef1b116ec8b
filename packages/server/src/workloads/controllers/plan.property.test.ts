import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isAvailable } from './availability.ts';
import { backOff } from './back-off.ts';
import type { Desired, Ledger, SeenInstance } from './contract.ts';
import { emptyLedger, remember } from './ledger.ts';
import { plan } from './plan.ts';
import { terminatedState } from './status.ts';
import type { UnitEnd } from '../drivers/driver.ts';

/**
 * A machine whose units start, become ready and end as the test says, and controllers that may crash between any two of their steps: what is left of them is
 * the ledger as it was last written.
 */
class Simulation {
  nowMs = 1_000_000_000;
  ledger: Ledger = emptyLedger;
  replicas = 1;
  revision = 1;
  isDeleting = false;
  isReleased = false;
  /** Revisions whose units never become ready. */
  readonly broken = new Set<number>();
  readonly units = new Map<
    string,
    { readonly instance: string; readonly revision: number; readonly startedAtMs: number; isReady: boolean; ended?: UnitEnd }
  >();
  readonly starts: string[] = [];
  #names = 0;

  get desired(): Desired {
    return { replicas: this.replicas, revision: this.revision, isDeleting: this.isDeleting, restartPolicyOf: () => 'Always' };
  }

  get seen(): readonly SeenInstance[] {
    return this.ledger.instances.map((instance) => ({
      ...instance,
      containers: instance.containers.map((container) => {
        const unit = this.units.get(`${instance.id}/${container.attempt}`);
        const health = { isReady: unit?.isReady === true, hasServed: true, isUnhealthy: false, isUnknown: false, isEndedForMemory: false };
        return { ...container, ...health, ...(unit ? { unit } : {}) };
      }),
    }));
  }

  /** @param steps how many of the decisions are carried out before the controllers crash */
  look(steps = Number.POSITIVE_INFINITY): boolean {
    const { actions } = plan(this.desired, this.seen, this.nowMs);
    const before = this.ledger;
    if (this.ledger.revision !== this.revision) this.ledger = { ...this.ledger, revision: this.revision };
    const seen = this.seen;
    const facts = {
      nowMs: this.nowMs,
      newName: () => `i${(this.#names += 1)}`,
      containers: [{ name: 'main' }],
      endOf: (id: string) => {
        const { unit } = seen.find((instance) => instance.id === id)!.containers[0]!;
        return terminatedState({ startedAtMs: unit!.startedAtMs, ended: unit!.ended! }, false);
      },
    };
    for (const action of actions) this.ledger = remember(this.ledger, action, facts);
    for (const action of actions.slice(0, steps)) {
      if (action.kind === 'start') this.#start(action.instance, action.attempt);
      if (action.kind === 'stop') for (const unit of this.#living(action.instance)) unit.ended = this.#end(143);
      if (action.kind === 'release') this.isReleased = true;
    }
    return this.ledger !== before || actions.some(({ kind }) => kind === 'start' || kind === 'stop');
  }

  /** Until nothing is left to do at this moment. */
  settle(): void {
    for (let turn = 0; turn < 100 && !this.isReleased; turn += 1) {
      const isChanged = this.look();
      for (const unit of this.units.values()) if (!unit.ended && !this.broken.has(unit.revision)) unit.isReady = true;
      if (!isChanged && turn > 1) return;
    }
  }

  crash(which: number): void {
    const living = [...this.units.values()].filter(({ ended }) => !ended);
    const unit = living[which % Math.max(1, living.length)];
    if (unit) unit.ended = this.#end(1);
  }

  get living() {
    return [...this.units.values()].filter(({ ended }) => !ended);
  }

  get serving(): number {
    return this.seen.filter((instance) => instance.leaving === undefined && isAvailable(instance)).length;
  }

  #living(instance: string) {
    return this.living.filter((unit) => unit.instance === instance);
  }

  #start(instance: string, attempt: number): void {
    const key = `${instance}/${attempt}`;
    this.starts.push(`${key}@${this.nowMs}`);
    if (this.units.has(key)) return;
    const revision = this.ledger.instances.find(({ id }) => id === instance)!.revision;
    this.units.set(key, { instance, revision, startedAtMs: this.nowMs, isReady: false });
  }

  #end(exitCode: number): UnitEnd {
    return { atMs: this.nowMs, exitCode, outOfMemory: false, how: 'by itself' };
  }
}

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('look' as const), carriedOut: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ kind: fc.constant('scale' as const), replicas: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ kind: fc.constant('change' as const) }),
    fc.record({ kind: fc.constant('ready' as const) }),
    fc.record({ kind: fc.constant('crash' as const), which: fc.nat(10) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 400_000 }) }),
  ),
  { maxLength: 60 },
);

function play(simulation: Simulation, script: typeof steps extends fc.Arbitrary<infer S> ? S : never, check: () => void): void {
  for (const step of script) {
    if (step.kind === 'look') simulation.look(step.carriedOut);
    if (step.kind === 'scale') simulation.replicas = step.replicas;
    if (step.kind === 'change') simulation.revision += 1;
    if (step.kind === 'ready') for (const unit of simulation.living) unit.isReady = true;
    if (step.kind === 'crash') simulation.crash(step.which);
    if (step.kind === 'wait') simulation.nowMs += step.ms;
    check();
  }
}

test('whatever happens and wherever the controllers crash, no instance has two units that live', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const simulation = new Simulation();
      play(simulation, script, () => {
        const instances = simulation.living.map(({ instance }) => instance);
        assert.equal(new Set(instances).size, instances.length);
      });
    }),
    { numRuns: 300 },
  );
});

test('left alone, it comes to as many ready instances of the latest revision as are wanted, and none besides', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const simulation = new Simulation();
      play(simulation, script, () => {});
      for (let turn = 0; turn < 6; turn += 1) {
        simulation.settle();
        simulation.nowMs += backOff.mostMs;
      }
      assert.equal(simulation.living.length, simulation.replicas);
      assert.ok(simulation.living.every(({ revision }) => revision === simulation.revision));
      assert.equal(simulation.serving, simulation.replicas);
      assert.equal(simulation.look(), false, 'there is nothing left to do');
    }),
    { numRuns: 300 },
  );
});

test('deleted at any moment, it ends everything and only then lets the object go', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const simulation = new Simulation();
      play(simulation, script, () => {});
      simulation.isDeleting = true;
      for (let turn = 0; turn < 20 && !simulation.isReleased; turn += 1) {
        simulation.look();
        assert.ok(!simulation.isReleased || simulation.living.length === 0);
      }
      assert.ok(simulation.isReleased);
    }),
    { numRuns: 200 },
  );
});

test('a replacement keeps as many serving as are wanted, with one more at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 60 }), (replicas, becomesReady) => {
      const simulation = new Simulation();
      simulation.replicas = replicas;
      simulation.settle();
      simulation.revision = 2;
      for (const ready of becomesReady) {
        simulation.look();
        if (ready) for (const unit of simulation.living) unit.isReady = true;
        assert.ok(simulation.serving >= replicas, `${simulation.serving} of ${replicas} serve`);
        const staying = simulation.ledger.instances.filter(({ leaving }) => leaving === undefined).length;
        assert.ok(staying <= replicas + 1);
      }
    }),
  );
});

test('a new revision that never becomes ready leaves the old one serving, and going back takes it away', () => {
  const simulation = new Simulation();
  simulation.replicas = 3;
  simulation.settle();
  simulation.revision = 2;
  simulation.broken.add(2);
  simulation.settle();
  assert.equal(simulation.serving, 3);
  assert.equal(simulation.living.filter(({ revision }) => revision === 2).length, 1);
  simulation.revision = 1;
  simulation.settle();
  assert.deepEqual(
    simulation.living.map(({ revision }) => revision),
    [1, 1, 1],
  );
});

test('ends in a row wait 10 s, 20 s, 40 s … 5 min, and ten minutes of life begin anew', () => {
  const simulation = new Simulation();
  simulation.settle();
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((_end) => {
    simulation.crash(0);
    const endedMs = simulation.nowMs;
    simulation.look();
    while (simulation.living.length === 0) {
      const { wakeAtMs } = plan(simulation.desired, simulation.seen, simulation.nowMs);
      simulation.nowMs = Math.max(simulation.nowMs, wakeAtMs ?? simulation.nowMs);
      simulation.look();
    }
    return (simulation.nowMs - endedMs) / 1000;
  });
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 300, 300, 300]);
  simulation.nowMs += backOff.resetAfterMs;
  simulation.crash(0);
  simulation.look();
  assert.equal(plan(simulation.desired, simulation.seen, simulation.nowMs).wakeAtMs, simulation.nowMs + 10_000);
});

test('a clock that is set back makes nobody wait longer than the longest back-off', () => {
  const simulation = new Simulation();
  simulation.settle();
  simulation.crash(0);
  simulation.look();
  simulation.nowMs -= 86_400_000;
  simulation.look();
  assert.equal(simulation.living.length, 1);
});

test('what a restart policy does not start again stays ended, and a job that has succeeded is done', () => {
  const cases = [
    { policy: 'Never', exitCode: 1, isStarted: false },
    { policy: 'Never', exitCode: 0, isStarted: false },
    { policy: 'OnFailure', exitCode: 0, isStarted: false },
    { policy: 'OnFailure', exitCode: 1, isStarted: true },
    { policy: 'Always', exitCode: 0, isStarted: true },
  ] as const;
  for (const { policy, exitCode, isStarted } of cases) {
    const unit = { startedAtMs: 0, ended: { atMs: 5, exitCode, outOfMemory: false, how: 'by itself' as const } };
    const health = { isUnknown: false, isReady: false, hasServed: true, isUnhealthy: false, isEndedForMemory: false };
    const container = { name: 'main', attempt: 0, failures: 0, ...health, unit };
    const desired: Desired = { replicas: 1, revision: 1, isDeleting: false, restartPolicyOf: () => policy };
    const { actions } = plan(desired, [{ id: 'i', revision: 1, createdAtMs: 0, containers: [container] }], 10);
    const next = actions.flatMap((action) => (action.kind === 'ended' ? [action.next.kind] : []));
    assert.deepEqual(next, [isStarted ? 'again' : 'finished'], `${policy} ${exitCode}`);
  }
});

test('of a driver that does not answer nothing is decided: its units may well live', () => {
  const health = { isUnknown: true, isReady: false, hasServed: false, isUnhealthy: false, isEndedForMemory: false };
  const instance = {
    id: 'i',
    revision: 1,
    createdAtMs: 0,
    driver: 'docker' as const,
    containers: [{ name: 'main', attempt: 0, failures: 0, ...health }],
  };
  const desired: Desired = { replicas: 1, revision: 1, isDeleting: false, restartPolicyOf: () => 'Always' };
  assert.deepEqual(plan(desired, [instance], 10).actions, []);
  assert.deepEqual(plan({ ...desired, isDeleting: true }, [{ ...instance, leaving: 'deleted' }], 10).actions, []);
});
