/**
 * The controller of one workload: looks at what is wanted and what is, has it judged by `plan`, writes down what was decided, and has it carried out.
 * One look at a time; whatever happens meanwhile makes it look again.
 *
 * What is decided is written before anything is done because of it, so that a crash between the two costs a repetition. Units run once per attempt
 * whatever happens: the driver sees to that.
 */
import type { Workload, WorkloadSpec } from '@openclaw/protocol';
import type { Timer } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Availability, UnitState } from '../drivers/driver.ts';
import type { ObjectKey } from '../store/resource-store.ts';
import { isAvailable } from './availability.ts';
import { backOff } from './back-off.ts';
import type { Action, Desired, Ledger, SeenInstance } from './contract.ts';
import { createDeeds, type Deeds, type StartOrder } from './deeds.ts';
import { emptyLedger, hasten, remember, rememberRefusal, rememberStart, withDriver, withoutOldest, withRevision } from './ledger.ts';
import type { LedgerOwner, StoredRevision } from './ledger-store.ts';
import { place } from './placement.ts';
import { plan } from './plan.ts';
import { progressAfter } from './progress.ts';
import { outlived, seenOf } from './seen.ts';
import { createServing, type Serving } from './serving.ts';
import { terminatedState } from './status.ts';
import { createReport, type Report, memoryEveryMs } from './report.ts';
import { instanceName } from './template.ts';
import type { World } from './world.ts';

export const finalizer = 'openclaw.io/instances';

export interface Reconciler {
  readonly owner: LedgerOwner;
  /** Something may have changed. Returns at once. */
  trigger(): void;
  /** Settings have changed: what was refused is tried at once. */
  hasten(): void;
  /** Resolves when it has looked at everything that it was told of; what it has carried out may still be under way. */
  settled(): Promise<void>;
  /** Units go on. */
  close(): Promise<void>;
  /** What of it is remembered; undefined before its first look. */
  readonly ledger: Ledger | undefined;
  /** The spec that holds, as it was last seen. */
  readonly spec: WorkloadSpec | undefined;
  /** Where it is reached: `127.0.0.1:8080`. */
  readonly addresses: readonly string[];
  /** Instances that serve, as of the last look. */
  readonly ready: number;
}

/** More decisions in one look than any workload needs: beyond them something decides in circles. */
const decisionLimit = 50;
/** What nobody tells of is seen after this time, and readings are told. */
const lookAgainMs = memoryEveryMs;
/** Of what has just been started the first reading is there by then. */
const firstReadingMs = 6000;
/** The database or the store fails: later again. */
const retryMs = 5000;

/** @param onGone nothing is left of it */
export function createReconciler(world: World, owner: LedgerOwner, onGone: () => void): Reconciler {
  return new OneWorkload(world, owner, onGone);
}

class OneWorkload implements Reconciler {
  readonly owner: LedgerOwner;
  readonly #world: World;
  readonly #key: ObjectKey;
  readonly #onGone: () => void;
  readonly #deeds: Deeds;
  readonly #serving: Serving;
  readonly #report: Report;
  readonly #revisions = new Map<number, StoredRevision>();
  #ledger: Ledger | undefined;
  #written: Ledger | undefined;
  #spec: WorkloadSpec | undefined;
  #ready = 0;
  #isDirty = false;
  #isHasty = false;
  #isOver = false;
  #looking: Promise<void> | undefined;
  #timer: Timer | undefined;

  constructor(world: World, owner: LedgerOwner, onGone: () => void) {
    this.#world = world;
    this.owner = owner;
    this.#onGone = onGone;
    this.#key = { resource: 'workloads', namespace: owner.namespace, name: owner.name };
    this.#deeds = createDeeds(world, () => this.trigger());
    this.#serving = createServing(world, owner);
    this.#report = createReport(world, { owner, key: this.#key });
  }

  get ledger(): Ledger | undefined {
    return this.#ledger;
  }

  get spec(): WorkloadSpec | undefined {
    return this.#spec;
  }

  get addresses(): readonly string[] {
    return this.#serving.endpoints().map(({ address }) => address);
  }

  get ready(): number {
    return this.#ready;
  }

  trigger(): void {
    this.#isDirty = true;
    if (this.#isOver || this.#world.signal.aborted) return;
    this.#looking ??= this.#lookWhileDirty().finally(() => (this.#looking = undefined));
  }

  hasten(): void {
    this.#isHasty = true;
    this.trigger();
  }

  async settled(): Promise<void> {
    for (let looking = this.#looking; looking !== undefined; looking = this.#looking) await looking;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  async #lookWhileDirty(): Promise<void> {
    while (this.#isDirty && !this.#isOver) {
      this.#isDirty = false;
      this.#timer?.cancel();
      let againInMs = lookAgainMs;
      try {
        againInMs = await this.#look();
      } catch (error) {
        if (this.#isOver || this.#world.signal.aborted) return;
        this.#world.log.warn('a workload could not be looked after; it is tried again', { error, workload: this.owner.name });
        againInMs = retryMs;
      }
      if (!this.#isOver) this.#timer = this.#world.clock.after(againInMs, () => this.trigger());
    }
  }

  /** @returns when to look again at the latest */
  async #look(): Promise<number> {
    const object = await this.#object();
    const isDeleting = object === undefined || object.metadata.deletionTimestamp !== undefined;
    await this.#recall();
    if (object && !isDeleting) await this.#take(object);
    this.#learn();
    const desired = this.#desired(isDeleting);
    let wakeAtMs: number | undefined;
    for (let decisions = 0; ; decisions += 1) {
      if (decisions === decisionLimit) throw new OpenClawError('internal_error', { details: { requestId: this.owner.uid } });
      this.#serving.watch(this.#ledger!, (revision) => this.#specOf(revision));
      const seen = seenOf(this.#ledger!, this.#world);
      const decided = plan(desired, seen, this.#world.clock.now());
      ({ wakeAtMs } = decided);
      if (decided.actions.some(({ kind }) => kind === 'release')) return this.#release();
      const orders = await this.#decide(decided.actions, seen, desired);
      const isChanged = await this.#write();
      this.#carryOut(decided.actions, orders);
      if (!isChanged) break;
    }
    await this.#tidy();
    if (object) await this.#tell(object, isDeleting);
    const againMs = this.#isUnread() ? firstReadingMs : lookAgainMs;
    return wakeAtMs === undefined ? againMs : Math.min(againMs, Math.max(0, wakeAtMs - this.#world.clock.now()));
  }

  #isUnread(): boolean {
    return this.#ledger!.instances.some(({ id, driver }) => driver !== undefined && this.#world.memoryOf(id) === undefined);
  }

  /** The object of this uid; a later one of the same name is somebody else's. */
  async #object(): Promise<Workload | undefined> {
    const object = await this.#world.store.get(this.#key);
    return object?.metadata.uid === this.owner.uid ? (object as Workload) : undefined;
  }

  async #recall(): Promise<void> {
    if (this.#ledger !== undefined) return;
    const { ledgers } = this.#world;
    for (const revision of await ledgers.revisions(this.owner.uid)) this.#revisions.set(revision.revision, revision);
    this.#ledger = this.#written = (await ledgers.read(this.owner.uid)) ?? emptyLedger;
  }

  /** What is wanted now: the finalizer first, so that it cannot vanish while something of it runs. */
  async #take({ metadata, spec, status }: Workload): Promise<void> {
    if (!spec) return;
    if (this.#spec === undefined) this.#serving.adopt(status);
    if (metadata.finalizers?.includes(finalizer) !== true) {
      await this.#world.store.update(
        this.#key,
        (current) => ({ ...current, metadata: { ...current.metadata, finalizers: [...(current.metadata.finalizers ?? []), finalizer] } }),
        { uid: this.owner.uid },
      );
    }
    this.#spec = spec;
    const cause = metadata.annotations?.['kubernetes.io/change-cause'];
    const inUse = this.#ledger!.instances.map(({ revision }) => revision);
    const latest = await this.#world.ledgers.revise(this.owner, { spec, cause, nowMs: this.#world.clock.now(), inUse });
    this.#revisions.set(latest.revision, latest);
    // Instances of an earlier revision with the same template are what is wanted now: they stay.
    const isSame = (revision: number): boolean => this.#revisions.get(revision)?.hash === latest.hash;
    this.#ledger = withRevision(this.#ledger!, latest.revision, isSame);
  }

  /** What has come of what was carried out. */
  #learn(): void {
    const nowMs = this.#world.clock.now();
    for (const outcome of this.#deeds.outcomes()) {
      const { instance, container, attempt } = outcome.id;
      const known = this.#ledger!.instances.find(({ id }) => id === instance)?.containers.find(({ name }) => name === container);
      if (known?.attempt !== attempt) continue;
      if ('refusal' in outcome) this.#refuse({ instance, container }, outcome.refusal, nowMs);
      else {
        this.#ledger = rememberStart(this.#ledger!, { instance, container });
        this.#happened('Started', `Started container ${container}`, { of: instance });
      }
    }
    if (this.#isHasty) this.#ledger = hasten(this.#ledger!);
    this.#isHasty = false;
  }

  #desired(isDeleting: boolean): Desired {
    return {
      replicas: this.#spec?.replicas ?? 0,
      revision: this.#ledger!.revision,
      isDeleting,
      restartPolicyOf: (revision) => this.#specOf(revision)?.restartPolicy ?? 'Always',
    };
  }

  /** Of an instance: its own revision says what it is, the present spec how it ends. */
  #specOf(revision: number): WorkloadSpec | undefined {
    const own = this.#revisions.get(revision)?.spec ?? this.#spec;
    return own && this.#spec ? { ...own, terminationGracePeriodSeconds: this.#spec.terminationGracePeriodSeconds } : own;
  }

  /** Into the ledger with it. @returns what may be started once that is written */
  async #decide(actions: readonly Action[], seen: readonly SeenInstance[], desired: Desired): Promise<readonly StartOrder[]> {
    const { clock, random } = this.#world;
    const current = this.#revisions.get(desired.revision);
    const facts = {
      nowMs: clock.now(),
      newName: () => instanceName(this.owner.name, current?.hash ?? '', random),
      containers: current?.spec.containers ?? [],
      endOf: (instance: string, container: string) => endOf(seen, instance, container),
    };
    const orders: StartOrder[] = [];
    for (const action of actions) {
      if (action.kind === 'ended') this.#tellEnd(action);
      this.#ledger = remember(this.#ledger!, action, facts);
      if (action.kind === 'start') orders.push(...(await this.#orderStart(action)));
      if (action.kind === 'ended' && action.next.kind === 'again') this.#tellBackOff(action.container, action.next, action.instance);
      if (action.kind === 'retire')
        this.#happened('Killing', `Stopping instance ${action.instance}: ${action.reason}`, { of: action.instance });
    }
    const { replicas, revision } = desired;
    const progress = progressAfter(this.#ledger!.progress, seenOf(this.#ledger!, this.#world), { revision, replicas, nowMs: facts.nowMs });
    if (progress !== this.#ledger!.progress) this.#ledger = { ...this.#ledger!, progress };
    return orders;
  }

  /** Of the present attempt, which is the next one afterwards: an end is taken up once, also one that nobody saw. */
  #tellEnd({ instance, container }: { readonly instance: string; readonly container: string }): void {
    const attempt = this.#ledger!.instances.find(({ id }) => id === instance)?.containers.find(({ name }) => name === container)?.attempt;
    const known = attempt === undefined ? undefined : this.#world.book.get({ instance, container, attempt });
    if (known !== undefined) this.#world.onEnd(known.state);
  }

  async #orderStart({ instance, container, attempt }: Extract<Action, { kind: 'start' }>): Promise<readonly StartOrder[]> {
    const id = { instance, container, attempt };
    const known = this.#ledger!.instances.find((each) => each.id === instance);
    const spec = known && this.#specOf(known.revision);
    if (!known || !spec || this.#deeds.isStarting(id)) return [];
    const placed = await this.#place(spec, known.driver);
    if ('refusal' in placed) {
      this.#refuse({ instance, container }, placed.refusal, this.#world.clock.now());
      return [];
    }
    // What another process has left there has to be known before anything is started beside it.
    if (!this.#world.book.isListed(placed.driver)) return [];
    this.#ledger = withDriver(this.#ledger!, instance, placed.driver);
    return [{ id, workload: this.owner, revision: known.revision, spec, driver: placed.driver }];
  }

  /** A driver that something of the instance was given to is kept: elsewhere it might run a second time. */
  async #place(spec: WorkloadSpec, given: UnitDriver): Promise<ReturnType<typeof place>> {
    const { drivers, settings, host, signal } = this.#world;
    const { images, driver: preferred } = settings();
    const asked = await Promise.all(
      [...drivers].map(async ([name, driver]): Promise<[string, Availability]> => [name, await driver.available(signal)]),
    );
    const template = given === undefined ? spec : { ...spec, driver: given };
    return place(template, { images, preferred, hostMemoryBytes: host.memoryBytes, availability: Object.fromEntries(asked) });
  }

  #refuse(
    which: { readonly instance: string; readonly container: string },
    refusal: { reason: string; message: string },
    nowMs: number,
  ): void {
    this.#ledger = rememberRefusal(this.#ledger!, which, { refusal, nowMs });
    this.#happened('Failed', `${refusal.reason}: ${refusal.message}`, { of: which.instance, type: 'Warning' });
  }

  /** @returns whether there was anything to write */
  async #write(): Promise<boolean> {
    if (this.#ledger === this.#written) return false;
    await this.#world.ledgers.write(this.owner, this.#ledger!);
    this.#written = this.#ledger;
    return true;
  }

  #carryOut(actions: readonly Action[], orders: readonly StartOrder[]): void {
    for (const order of orders) this.#deeds.start(order);
    for (const action of actions) {
      if (action.kind === 'stop') this.#stop(action.instance, { isLeaving: true });
      if (action.kind === 'restart') {
        this.#happened('Unhealthy', `The probes of container ${action.container} have given it up; it is restarted`, {
          of: action.instance,
          type: 'Warning',
        });
        this.#stop(action.instance, { container: action.container, isLeaving: false });
      }
    }
  }

  #stop(instance: string, { container, isLeaving }: { readonly container?: string; readonly isLeaving: boolean }): void {
    const graceMs = (this.#spec?.terminationGracePeriodSeconds ?? backOff.firstMs / 1000) * 1000;
    for (const unit of this.#world.book.ofWorkload(this.owner.uid)) {
      const { id, ended } = unit.state;
      if (id.instance !== instance || ended !== undefined || (container !== undefined && id.container !== container)) continue;
      this.#deeds.stop(unit, { graceMs, isLeaving });
    }
  }

  /** What nobody will ask for again. */
  async #tidy(): Promise<void> {
    const units = this.#world.book.ofWorkload(this.owner.uid);
    const { ledger, dropped } = withoutOldest(this.#ledger!, this.#world.clock.now());
    const isDropped = ({ id }: UnitState): boolean => dropped.some((gone) => gone.id === id.instance);
    for (const unit of [...outlived(ledger, units), ...units.filter(({ state }) => isDropped(state))]) await this.#deeds.remove(unit);
    this.#ledger = ledger;
    await this.#write();
  }

  async #tell(object: Workload, isDeleting: boolean): Promise<void> {
    const seen = seenOf(this.#ledger!, this.#world);
    this.#ready = seen.filter((instance) => instance.leaving === undefined && isAvailable(instance)).length;
    const problems = await this.#serving.serve(seen, this.#spec);
    for (const [port, reason] of problems) {
      this.#happened('PortInUse', `127.0.0.1:${port} cannot be opened: ${reason}`, { of: String(port), type: 'Warning' });
    }
    const replicas = isDeleting ? 0 : (this.#spec?.replicas ?? 0);
    const isWritten = await this.#report.write(object, { seen, ledger: this.#ledger!, replicas, endpoints: this.#serving.endpoints() });
    if (!isWritten) this.#isDirty = true;
  }

  #tellBackOff(container: string, { failures, notBeforeMs }: { failures: number; notBeforeMs: number }, instance: string): void {
    const seconds = Math.max(0, Math.round((notBeforeMs - this.#world.clock.now()) / 1000));
    const message = `Back-off restarting container ${container}: attempt ${failures} follows in ${seconds} s`;
    this.#happened('BackOff', message, { of: instance, type: 'Warning' });
  }

  #happened(reason: string, message: string, { of, type = 'Normal' }: { readonly of: string; readonly type?: 'Normal' | 'Warning' }): void {
    this.#world.happened(this.owner, { reason, message, type, of });
  }

  /** Nothing of it runs: what is left of it goes, and last of all the object. */
  async #release(): Promise<number> {
    for (const unit of this.#world.book.ofWorkload(this.owner.uid)) await this.#deeds.remove(unit);
    await this.#serving.close();
    await this.#world.toldAll(this.owner.uid);
    const withoutOurs = (names: readonly string[] = []): readonly string[] => names.filter((name) => name !== finalizer);
    try {
      await this.#world.store.update(
        this.#key,
        (current) => ({ ...current, metadata: { ...current.metadata, finalizers: withoutOurs(current.metadata.finalizers) } }),
        { uid: this.owner.uid },
      );
    } catch (thrown) {
      // It is gone already, or another one has its name.
      if (!isGone(thrown)) throw thrown;
    }
    await this.#world.ledgers.remove(this.owner.uid);
    this.#isOver = true;
    this.#onGone();
    return lookAgainMs;
  }
}

export function isGone(thrown: unknown): boolean {
  return thrown instanceof OpenClawError && (thrown.code === 'workload_not_found' || thrown.code === 'workload_conflict');
}

type UnitDriver = Ledger['instances'][number]['driver'];

function endOf(seen: readonly SeenInstance[], instance: string, container: string) {
  const found = seen.find(({ id }) => id === instance)?.containers.find(({ name }) => name === container);
  const { unit } = found ?? {};
  return unit?.ended === undefined
    ? undefined
    : terminatedState({ startedAtMs: unit.startedAtMs, ended: unit.ended }, found!.isEndedForMemory);
}
