/** How far a rollout has come, and since when it has come no further. A pure function from one look to the next. */
import { isAvailable } from './availability.ts';
import type { SeenInstance } from './contract.ts';

export interface Progress {
  readonly revision: number;
  /** Instances of the revision that serve. */
  readonly ready: number;
  /** Instances of earlier ones. */
  readonly old: number;
  /** When one of the two last came nearer to its end. */
  readonly atMs: number;
  /** It has been whole once: what fails afterwards is no rollout. */
  readonly isDone: boolean;
}

export interface ProgressFacts {
  readonly revision: number;
  readonly replicas: number;
  readonly nowMs: number;
}

/** @returns the same one where nothing has changed */
export function progressAfter(before: Progress | undefined, seen: readonly SeenInstance[], facts: ProgressFacts): Progress {
  const { revision, replicas, nowMs } = facts;
  const staying = seen.filter(({ leaving }) => leaving === undefined);
  const updated = staying.filter((instance) => instance.revision === revision);
  const ready = updated.filter(isAvailable).length;
  const old = staying.length - updated.length;
  const isDone = ready >= replicas && old === 0;
  if (before?.revision !== revision) return { revision, ready, old, atMs: nowMs, isDone };
  if (before.isDone || (before.ready === ready && before.old === old && before.isDone === isDone)) return before;
  const nearer = ready > before.ready || old < before.old || isDone;
  return { revision, ready, old, atMs: nearer ? nowMs : before.atMs, isDone };
}
