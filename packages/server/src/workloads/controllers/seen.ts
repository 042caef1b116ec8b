/** What is remembered of a workload's instances, beside what is seen of them now. */
import type { Ledger, LedgerContainer, LedgerInstance, SeenContainer, SeenInstance } from './contract.ts';
import { unitKey, type KnownUnit } from './unit-book.ts';
import type { World } from './world.ts';

type Sight = Pick<World, 'book' | 'probes' | 'isEndedForMemory'>;

export function seenOf(ledger: Ledger, sight: Sight): readonly SeenInstance[] {
  return ledger.instances.map((instance) => ({
    ...instance,
    containers: instance.containers.map((container) => seenContainer(instance, container, sight)),
  }));
}

function seenContainer(instance: LedgerInstance, container: LedgerContainer, { book, probes, isEndedForMemory }: Sight): SeenContainer {
  const id = { instance: instance.id, container: container.name, attempt: container.attempt };
  const known = book.get(id);
  const key = unitKey(id);
  const { isReady, hasServed, isUnhealthy } = probes.healthOf(key);
  return {
    ...container,
    ...(known === undefined ? {} : { unit: known.state }),
    // Where nothing was ever started there is nothing to be known of.
    isUnknown: known === undefined && instance.driver !== undefined && !book.isListed(instance.driver),
    ...{ isReady, hasServed, isUnhealthy },
    isEndedForMemory: isEndedForMemory(key),
  };
}

/** Units that nobody will ask for again: attempts before the one before the present. */
export function outlived(ledger: Ledger, units: readonly KnownUnit[]): readonly KnownUnit[] {
  const present = new Map(
    ledger.instances.flatMap(({ id, containers }) => containers.map(({ name, attempt }) => [`${id}/${name}`, attempt] as const)),
  );
  return units.filter((unit) => {
    const attempt = present.get(`${unit.state.id.instance}/${unit.state.id.container}`);
    return attempt !== undefined && unit.state.ended !== undefined && unit.state.id.attempt < attempt - 1;
  });
}
