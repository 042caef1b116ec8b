/**
 * How many instances of which revision: replicas, and their replacement one by one. A new instance is ready before an old one goes: one more than
 * wanted at a time (maxSurge 1), none fewer (maxUnavailable 0).
 *
 * A new revision that never becomes ready therefore leaves the old one serving, for as long as nobody decides otherwise.
 */
import { isAvailable, isFinished } from './availability.ts';
import type { Action, Desired, SeenInstance } from './contract.ts';

const surge = 1;

export function replaceInstances({ replicas, revision }: Desired, seen: readonly SeenInstance[]): Action[] {
  const staying = seen.filter(({ leaving }) => leaving === undefined);
  const current = staying.filter((instance) => instance.revision === revision);
  const others = staying.filter((instance) => instance.revision !== revision);
  // What has ended for good serves nobody: it makes room at once.
  const spent = others.filter(isFinished);
  const old = others.filter((instance) => !isFinished(instance));
  const room = replicas + (old.length > 0 ? surge : 0) - current.length - old.length;
  const missing = Math.max(0, Math.min(replicas - current.length, room));
  return [
    ...retire(spent, 'a newer revision holds'),
    ...retire(surplus(current, replicas), 'fewer replicas are wanted'),
    ...retire(replaceable({ current, old, replicas }), 'a newer revision holds'),
    ...Array.from({ length: missing }, (): Action => ({ kind: 'create' })),
  ];
}

/** The youngest go first, and of those that serve least first of all. */
function surplus(current: readonly SeenInstance[], replicas: number): readonly SeenInstance[] {
  const excess = current.length - replicas;
  return excess <= 0 ? [] : current.toSorted((a, b) => rank(a) - rank(b) || b.createdAtMs - a.createdAtMs).slice(0, excess);
}

interface Parties {
  readonly current: readonly SeenInstance[];
  readonly old: readonly SeenInstance[];
  readonly replicas: number;
}

/** Old ones that may go: never more than leaves `replicas` that serve, apart from those that do not serve themselves. */
function replaceable({ current, old, replicas }: Parties): readonly SeenInstance[] {
  const kept = current.slice(0, replicas);
  const serving = kept.filter(isAvailable).length + old.filter(isAvailable).length;
  const mayGo = kept.length + old.length - replicas - kept.filter((instance) => !isAvailable(instance)).length;
  const idle = old.filter((instance) => !isAvailable(instance)).slice(0, Math.max(0, mayGo));
  const busy = old.filter(isAvailable).slice(0, Math.max(0, Math.min(mayGo - idle.length, serving - replicas)));
  return [...idle, ...busy];
}

function rank(instance: SeenInstance): number {
  return isAvailable(instance) ? 1 : 0;
}

function retire(instances: readonly SeenInstance[], reason: string): Action[] {
  return instances.map(({ id }) => ({ kind: 'retire', instance: id, reason }));
}
