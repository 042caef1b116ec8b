/**
 * Carries out what was decided about units: starts, stops and removes them, each beside the others and none of it twice at the same time. How a start
 * went is kept until its reconciler asks.
 *
 * It decides nothing. Whatever a crash interrupts is decided again from what the drivers list.
 */
import type { DriverName, WorkloadSpec } from '@openclaw/protocol';
import { OpenClawError, toOpenClawError } from '../../core/errors.ts';
import { sleep } from '../../core/clock.ts';
import type { UnitId, UnitState } from '../drivers/driver.ts';
import type { Refusal } from './contract.ts';
import { refusalOf } from './placement.ts';
import { unitKey, type KnownUnit } from './unit-book.ts';
import { planUnit } from './unit-plan.ts';
import type { World } from './world.ts';

export interface StartOrder {
  readonly id: UnitId;
  readonly workload: UnitState['workload'];
  readonly revision: number;
  readonly spec: Pick<WorkloadSpec, 'containers' | 'volumes' | 'terminationGracePeriodSeconds'>;
  readonly driver: DriverName;
}

export interface StopOrder {
  readonly graceMs: number;
  /** It goes for good: connections that it has may end first. */
  readonly isLeaving: boolean;
}

export type StartOutcome = { readonly id: UnitId } & ({ readonly driver: DriverName } | { readonly refusal: Refusal });

export interface Deeds {
  start(order: StartOrder): void;
  stop(unit: KnownUnit, order: StopOrder): void;
  /** Forgets an ended unit, with its output. */
  remove(unit: KnownUnit): Promise<void>;
  isStarting(id: UnitId): boolean;
  /** Outcomes of starts since it was last asked. */
  outcomes(): readonly StartOutcome[];
}

/** Connections of an instance that goes may take so long to end by themselves. */
const drainMs = 5000;
const drainLookMs = 200;

/** @param onDone something has changed */
export function createDeeds(world: World, onDone: () => void): Deeds {
  const starting = new Map<string, Promise<void>>();
  const stopping = new Map<string, Promise<void>>();
  let outcomes: StartOutcome[] = [];

  const track = (under: Map<string, Promise<void>>, key: string, work: () => Promise<void>): void => {
    if (under.has(key)) return;
    const done = work().finally(() => {
      under.delete(key);
      if (!world.signal.aborted) onDone();
    });
    under.set(key, done);
  };

  return {
    start: (order) =>
      track(starting, unitKey(order.id), async () => {
        const found = await startOne(world, order);
        // Only now: what was asked for meanwhile has begun another list.
        outcomes.push(...found);
      }),
    stop: (unit, order) => track(stopping, unitKey(unit.state.id), () => stopOne(world, unit, order)),
    async remove({ driver, state }) {
      await world.drivers.get(driver)?.remove(state.id);
      world.book.drop(state.id);
    },
    isStarting: (id) => starting.has(unitKey(id)),
    outcomes() {
      const taken = outcomes;
      outcomes = [];
      return taken;
    },
  };
}

/** @returns its outcome, where this process still wants to know */
async function startOne(world: World, order: StartOrder): Promise<readonly StartOutcome[]> {
  const { id, driver: name } = order;
  try {
    const { images } = world.settings();
    const { readSecret, freePort, host } = world;
    const plan = await planUnit({ ...order, images, readSecret, freePort, baseEnvironment: host.baseEnvironment });
    const driver = world.drivers.get(name);
    if (!driver)
      throw new OpenClawError('workload_driver_unavailable', { details: { driver: name, reason: 'it is not part of this gateway' } });
    const state = await driver.start(plan, world.signal);
    world.book.take(name, state);
    world.onUnit(state, true);
    return [{ id, driver: name }];
  } catch (thrown) {
    // The part ends: whether it was started is for the next process to see.
    if (world.signal.aborted) return [];
    const error = toOpenClawError(thrown);
    world.log.warn('a workload could not be started', { error, instance: id.instance, container: id.container });
    return [{ id, refusal: refusalOf(error) }];
  }
}

async function stopOne(world: World, { driver: name, state }: KnownUnit, { graceMs, isLeaving }: StopOrder): Promise<void> {
  try {
    if (isLeaving) await drained(world, state);
    const driver = world.drivers.get(name);
    // Aborting would kill at once: a gateway that ends lets the program have its time.
    const ended = await driver?.stop(state.id, { graceMs, signal: new AbortController().signal });
    if (ended) world.book.take(name, ended);
  } catch (error) {
    if (world.signal.aborted) return;
    world.log.warn('a workload could not be stopped; it is tried again', { error, instance: state.id.instance });
    await sleep(world.clock, drainMs, world.signal).catch(() => {});
  }
}

/** Waits for the connections of an instance that gets no new ones, for a while. */
async function drained({ entries, clock, signal }: World, { ports }: UnitState): Promise<void> {
  const isBusy = (): boolean => ports.some(({ reachedAtPort }) => entries.connectionsTo(reachedAtPort) > 0);
  for (let waitedMs = 0; waitedMs < drainMs && isBusy() && !signal.aborted; waitedMs += drainLookMs) {
    await sleep(clock, drainLookMs, signal).catch(() => {});
  }
}
