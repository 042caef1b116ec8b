/**
 * What is remembered of a workload, after a decision: pure functions from one ledger to the next. Where ledgers are kept: `ledger-store.ts`.
 */
import type { DriverName, TerminatedState } from '@openclaw/protocol';
import type { Action, GoneInstance, Ledger, LedgerContainer, LedgerInstance, Refusal } from './contract.ts';
import { backOffMs } from './back-off.ts';

/** Instances whose output is kept after their end: so many of one workload, and so long. */
export const goneLimits = { instances: 5, ageMs: 86_400_000 } as const;

export const emptyLedger: Ledger = { revision: 0, earlierRestarts: 0, instances: [], gone: [] };

export interface DecisionFacts {
  readonly nowMs: number;
  /** For a new instance. */
  readonly newName: () => string;
  /** Containers of the revision that holds. */
  readonly containers: readonly { readonly name: string }[];
  /** How the present unit of a container ended, in the words of its status. */
  readonly endOf: (instance: string, container: string) => TerminatedState | undefined;
}

/** @returns the same ledger where the action is one that is only carried out */
export function remember(ledger: Ledger, action: Action, facts: DecisionFacts): Ledger {
  switch (action.kind) {
    case 'create':
      return { ...ledger, instances: [...ledger.instances, newInstance(ledger.revision, facts)] };
    case 'retire':
      return withInstance(ledger, action.instance, (instance) => ({ ...instance, leaving: action.reason }));
    case 'forget':
      return forget(ledger, action.instance, facts.nowMs);
    case 'ended': {
      const { instance, container, next } = action;
      const lastEnd = facts.endOf(instance, container);
      return withContainer(ledger, { instance, container }, ({ notBeforeMs: _over, refusal: _past, ...rest }) =>
        next.kind === 'finished'
          ? { ...rest, ...(lastEnd ? { lastEnd } : {}), isFinished: true }
          : {
              ...rest,
              ...(lastEnd ? { lastEnd } : {}),
              attempt: rest.attempt + 1,
              failures: next.failures,
              notBeforeMs: next.notBeforeMs,
            },
      );
    }
    default:
      return ledger;
  }
}

/** A start was refused: the same attempt is made again later. */
export function rememberRefusal(ledger: Ledger, which: ContainerName, { refusal, nowMs }: { refusal: Refusal; nowMs: number }): Ledger {
  return withContainer(ledger, which, (container) => {
    const failures = container.failures + 1;
    return { ...container, refusal, failures, notBeforeMs: nowMs + backOffMs(failures) };
  });
}

/** A start has succeeded. What was wrong before it is over; failures count on until it has lived long enough. */
export function rememberStart(ledger: Ledger, which: ContainerName): Ledger {
  return withContainer(ledger, which, (container) => {
    if (container.refusal === undefined && container.notBeforeMs === undefined) return container;
    const { notBeforeMs: _over, refusal: _past, ...rest } = container;
    return rest;
  });
}

/** What of it is started goes to this driver, now and later. */
export function withDriver(ledger: Ledger, id: string, driver: DriverName): Ledger {
  return withInstance(ledger, id, (instance) => (instance.driver === driver ? instance : { ...instance, driver }));
}

/** A revision holds from now on, also for instances of an earlier one that is the same. */
export function withRevision(ledger: Ledger, revision: number, isSame: (other: number) => boolean): Ledger {
  const isOther = (instance: LedgerInstance): boolean =>
    instance.revision !== revision && instance.leaving === undefined && isSame(instance.revision);
  if (ledger.revision === revision && !ledger.instances.some(isOther)) return ledger;
  return { ...ledger, revision, instances: ledger.instances.map((instance) => (isOther(instance) ? { ...instance, revision } : instance)) };
}

/** Settings have changed, and what could not be started may be possible now. */
export function hasten(ledger: Ledger): Ledger {
  if (!ledger.instances.some(({ containers }) => containers.some(({ refusal }) => refusal !== undefined))) return ledger;
  return mapContainers(ledger, (container) => {
    if (container.refusal === undefined) return container;
    const { notBeforeMs: _over, ...rest } = container;
    return { ...rest, failures: 0 };
  });
}

/** @returns those whose output need not be kept any longer, and the ledger without them */
export function withoutOldest(ledger: Ledger, nowMs: number): { readonly ledger: Ledger; readonly dropped: readonly GoneInstance[] } {
  const kept = ledger.gone.filter(({ endedAtMs }) => nowMs - endedAtMs < goneLimits.ageMs).slice(-goneLimits.instances);
  if (kept.length === ledger.gone.length) return { ledger, dropped: [] };
  return { ledger: { ...ledger, gone: kept }, dropped: ledger.gone.filter((instance) => !kept.includes(instance)) };
}

export interface ContainerName {
  readonly instance: string;
  readonly container: string;
}

function newInstance(revision: number, { nowMs, newName, containers }: DecisionFacts): LedgerInstance {
  return {
    id: newName(),
    revision,
    createdAtMs: nowMs,
    containers: containers.map(({ name }) => ({ name, attempt: 0, failures: 0 })),
  };
}

function forget(ledger: Ledger, id: string, nowMs: number): Ledger {
  const leaving = ledger.instances.find((instance) => instance.id === id);
  if (!leaving) return ledger;
  const { revision, driver, containers } = leaving;
  const gone: GoneInstance = {
    ...{ id, revision, endedAtMs: nowMs },
    ...(driver === undefined ? {} : { driver }),
    containers: containers.map(({ name, attempt }) => ({ name, attempt })),
  };
  const restarts = containers.reduce((sum, { attempt }) => sum + attempt, 0);
  return {
    ...ledger,
    earlierRestarts: ledger.earlierRestarts + restarts,
    instances: ledger.instances.filter((instance) => instance.id !== id),
    gone: [...ledger.gone, gone],
  };
}

/** @returns the same ledger where nothing changes */
function withInstance(ledger: Ledger, id: string, change: (instance: LedgerInstance) => LedgerInstance): Ledger {
  const before = ledger.instances.find((instance) => instance.id === id);
  const after = before && change(before);
  if (after === undefined || after === before) return ledger;
  return { ...ledger, instances: ledger.instances.map((instance) => (instance === before ? after : instance)) };
}

function withContainer(ledger: Ledger, which: ContainerName, change: (container: LedgerContainer) => LedgerContainer): Ledger {
  return withInstance(ledger, which.instance, (instance) => {
    const before = instance.containers.find(({ name }) => name === which.container);
    const after = before && change(before);
    if (after === undefined || after === before) return instance;
    return { ...instance, containers: instance.containers.map((container) => (container === before ? after : container)) };
  });
}

function mapContainers(ledger: Ledger, change: (container: LedgerContainer) => LedgerContainer): Ledger {
  return { ...ledger, instances: ledger.instances.map((instance) => ({ ...instance, containers: instance.containers.map(change) })) };
}
