/**
 * The units of all drivers as they were last seen: listed at the start and once in a while, kept up by their events between.
 *
 * It changes nothing, and of a driver that has not been listed it says so: nobody may start anything on it before.
 */
import type { DriverName } from '@openclaw/protocol';
import type { Driver, UnitId, UnitState } from '../drivers/driver.ts';

export interface KnownUnit {
  readonly driver: DriverName;
  readonly state: UnitState;
}

export interface UnitBook {
  get(id: UnitId): KnownUnit | undefined;
  ofWorkload(uid: string): readonly KnownUnit[];
  all(): readonly KnownUnit[];
  /** Whether its units are known. */
  isListed(driver: DriverName): boolean;
  take(driver: DriverName, state: UnitState): void;
  drop(id: UnitId): void;
  /** Lists a driver afresh. @throws what the driver throws; what was known stays */
  refresh(driver: Driver, signal: AbortSignal): Promise<void>;
}

export function unitKey({ instance, container, attempt }: UnitId): string {
  return `${instance}/${container}/${attempt}`;
}

export function createUnitBook(): UnitBook {
  const units = new Map<string, KnownUnit & { readonly takenAt: number }>();
  const listed = new Set<DriverName>();
  // Counts what happened: a list that was asked for before a unit started does not know of it.
  let moment = 0;

  const take = (driver: DriverName, state: UnitState): void => {
    const known = units.get(unitKey(state.id));
    // An end is final: a list or a start that was slower than the event does not take it back.
    if (known?.state.ended !== undefined && state.ended === undefined) return;
    units.set(unitKey(state.id), { driver, state, takenAt: (moment += 1) });
  };

  return {
    get: (id) => units.get(unitKey(id)),
    ofWorkload: (uid) => [...units.values()].filter(({ state }) => state.workload.uid === uid),
    all: () => [...units.values()],
    isListed: (driver) => listed.has(driver),
    take,
    drop: (id) => void units.delete(unitKey(id)),
    async refresh(driver, signal) {
      const asked = moment;
      const states = await driver.list(signal);
      const there = new Set(states.map(({ id }) => unitKey(id)));
      for (const [key, unit] of units) {
        if (unit.driver === driver.name && unit.takenAt <= asked && !there.has(key)) units.delete(key);
      }
      for (const state of states) take(driver.name, state);
      listed.add(driver.name);
    },
  };
}
