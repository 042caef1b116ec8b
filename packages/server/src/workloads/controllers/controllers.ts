/**
 * All controllers of workloads: one for each, woken by changes of its object and by what happens to its units. What still runs when they start is taken
 * over as it is; what nobody wants any more is ended.
 */
import type { Workload } from '@openclaw/protocol';
import { sleep } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Driver, UnitEvent } from '../drivers/driver.ts';
import { createReconciler, type Reconciler } from './reconciler.ts';
import { unitKey, type KnownUnit } from './unit-book.ts';
import type { LedgerOwner } from './ledger-store.ts';
import type { World } from './world.ts';

export interface Controllers {
  /** Lists what there is and takes it over. Nothing is started before it. */
  start(): Promise<void>;
  of(workloadUid: string): Reconciler | undefined;
  all(): readonly Reconciler[];
  /** A unit's probes, its end or its readings may have changed what is to be done. */
  trigger(workloadUid: string): void;
  /** Settings have changed. */
  hasten(): void;
  /** Resolves when everything that was told has been looked at. */
  settled(): Promise<void>;
  /** Units go on. */
  close(): Promise<void>;
}

export interface ControllersOptions {
  readonly world: World;
  /** Ends the part; the world's signal comes from it. */
  readonly end: AbortController;
  readonly onUnitEvent: (event: UnitEvent, driver: Driver) => void;
}

/** Drivers are listed afresh so often: an event may have been missed. */
const refreshMs = 60_000;
const retryMs = 5000;
const strayGraceMs = 10_000;

export function createControllers(options: ControllersOptions): Controllers {
  return new AllControllers(options);
}

class AllControllers implements Controllers {
  readonly #world: World;
  readonly #options: ControllersOptions;
  readonly #reconcilers = new Map<string, Reconciler>();
  readonly #background: Promise<void>[] = [];
  readonly #ends: (() => void)[] = [];

  constructor(options: ControllersOptions) {
    this.#world = options.world;
    this.#options = options;
  }

  async start(): Promise<void> {
    const { drivers, ledgers, store, book, onUnit } = this.#world;
    for (const driver of drivers.values()) this.#observe(driver);
    await this.#refresh();
    for (const { uid, namespace, name } of await ledgers.list()) this.#reconcilerOf({ uid, namespace, name });
    const { items } = await store.list({ resource: 'workloads' });
    for (const object of items) this.#reconcilerOf(ownerOf(object as Workload));
    for (const { state } of book.all()) if (state.ended === undefined) onUnit(state, false);
    this.#triggerAll();
    this.#background.push(
      this.#follow(),
      this.#endStrays().then(() => this.#lookRegularly()),
    );
  }

  of(uid: string): Reconciler | undefined {
    return this.#reconcilers.get(uid);
  }

  all(): readonly Reconciler[] {
    return [...this.#reconcilers.values()];
  }

  trigger(uid: string): void {
    this.#reconcilers.get(uid)?.trigger();
  }

  hasten(): void {
    for (const reconciler of this.#reconcilers.values()) reconciler.hasten();
  }

  async settled(): Promise<void> {
    await Promise.all(this.all().map((reconciler) => reconciler.settled()));
  }

  async close(): Promise<void> {
    this.#options.end.abort();
    for (const end of this.#ends) end();
    await Promise.all(this.all().map((reconciler) => reconciler.close()));
    await Promise.all(this.#background);
    this.#world.probes.close();
    await this.#world.entries.close();
  }

  #triggerAll(): void {
    for (const reconciler of this.#reconcilers.values()) reconciler.trigger();
  }

  #reconcilerOf(owner: LedgerOwner): Reconciler {
    const known = this.#reconcilers.get(owner.uid);
    if (known) return known;
    const made = createReconciler(this.#world, owner, () => void this.#reconcilers.delete(owner.uid));
    this.#reconcilers.set(owner.uid, made);
    return made;
  }

  #observe(driver: Driver): void {
    this.#ends.push(
      driver.observe((event) => {
        this.#options.onUnitEvent(event, driver);
        if (event.kind === 'outOfMemory') return;
        this.#world.book.take(driver.name, event.state);
        this.trigger(event.state.workload.uid);
      }),
    );
  }

  /** @returns whether all answered */
  async #refresh(): Promise<boolean> {
    const { drivers, book, signal, log } = this.#world;
    let isWhole = true;
    for (const driver of drivers.values()) {
      try {
        const before = new Map(book.all().map((unit) => [unitKey(unit.state.id), unit]));
        await book.refresh(driver, signal);
        this.#reportMissed(before, driver);
      } catch (error) {
        if (signal.aborted) return false;
        isWhole = false;
        log.warn('a driver of workloads does not answer; what it runs is left as it is', { error, driver: driver.name });
      }
    }
    return isWhole;
  }

  /** Ends of which no event came. */
  #reportMissed(before: ReadonlyMap<string, KnownUnit>, driver: Driver): void {
    for (const { driver: name, state } of this.#world.book.all()) {
      const known = before.get(unitKey(state.id));
      if (name !== driver.name || state.ended === undefined || known === undefined || known.state.ended !== undefined) continue;
      this.#options.onUnitEvent({ kind: 'ended', atMs: state.ended.atMs, state }, driver);
    }
  }

  #isWanted({ state }: KnownUnit): boolean {
    const reconciler = this.#reconcilers.get(state.workload.uid);
    // One that has not looked yet knows its own.
    if (reconciler?.ledger === undefined) return reconciler !== undefined;
    const { instances, gone } = reconciler.ledger;
    return [...instances, ...gone].some(({ id }) => id === state.id.instance);
  }

  /** Units whose workload, or whose instance, nobody knows: of a state that was put back to an earlier day. */
  async #endStrays(): Promise<void> {
    const { book, drivers, log } = this.#world;
    for (const unit of book.all().filter((each) => !this.#isWanted(each))) {
      const { state } = unit;
      log.warn('a unit that belongs to no workload is ended', { workload: state.workload.name, instance: state.id.instance });
      const driver = drivers.get(unit.driver);
      try {
        await driver?.stop(state.id, { graceMs: strayGraceMs, signal: new AbortController().signal });
        await driver?.remove(state.id);
        book.drop(state.id);
      } catch (error) {
        log.warn('it could not be ended', { error, instance: state.id.instance });
      }
    }
  }

  async #lookRegularly(): Promise<void> {
    const { clock, signal } = this.#world;
    let isWhole = true;
    while (!signal.aborted) {
      await sleep(clock, isWhole ? refreshMs : retryMs, signal).catch(() => {});
      if (signal.aborted) return;
      isWhole = await this.#refresh();
      this.#triggerAll();
      await this.#endStrays();
    }
  }

  async #follow(): Promise<void> {
    const { store, signal, clock, log } = this.#world;
    let resourceVersion: string | undefined;
    while (!signal.aborted) {
      try {
        const query = { resource: 'workloads', signal };
        for await (const { object } of store.watch(resourceVersion === undefined ? query : { ...query, resourceVersion })) {
          resourceVersion = object.metadata.resourceVersion;
          this.#reconcilerOf(ownerOf(object as Workload)).trigger();
        }
      } catch (thrown) {
        if (signal.aborted) return;
        // Listed afresh: what changed meanwhile is seen then.
        if (thrown instanceof OpenClawError && thrown.code === 'workload_version_gone') resourceVersion = undefined;
        log.warn('changes of workloads could not be followed; they are listed afresh', { error: thrown });
        await sleep(clock, retryMs, signal).catch(() => {});
      }
    }
  }
}

function ownerOf({ metadata }: Workload): LedgerOwner {
  return { uid: metadata.uid, namespace: metadata.namespace ?? 'default', name: metadata.name };
}
