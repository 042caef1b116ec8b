/**
 * From what is wanted and what is, to what has to be done: the whole judgement of the controllers, as a pure function.
 *
 * It is asked again after every change and repeats what is not done yet, so that a crash costs a repetition and nothing else. It does nothing itself:
 * `reconciler.ts` carries out; how many instances of which revision there should be is in `rollout.ts`.
 */
import { backOff, backOffMs, failuresAfter } from './back-off.ts';
import type { Action, Desired, Next, Plan, SeenContainer, SeenInstance } from './contract.ts';
import { replaceInstances } from './rollout.ts';

export function plan(desired: Desired, seen: readonly SeenInstance[], nowMs: number): Plan {
  const replaced = desired.isDeleting ? retireAll(seen) : replaceInstances(desired, seen);
  const retired = new Set(replaced.flatMap((action) => (action.kind === 'retire' ? [action.instance] : [])));
  const steps = seen.map((instance) =>
    instance.leaving !== undefined || retired.has(instance.id) ? planLeaving(instance) : planStaying(instance, desired, nowMs),
  );
  const actions = [...replaced, ...steps.flatMap((step) => step.actions)];
  const isEmpty = desired.isDeleting && seen.length === 0;
  const wakes = steps.flatMap(({ wakeAtMs }) => (wakeAtMs === undefined ? [] : [wakeAtMs]));
  return { actions: isEmpty ? [{ kind: 'release' }] : actions, ...(wakes.length > 0 ? { wakeAtMs: Math.min(...wakes) } : {}) };
}

function retireAll(seen: readonly SeenInstance[]): Action[] {
  return seen.flatMap(({ id, leaving }): Action[] =>
    leaving === undefined ? [{ kind: 'retire', instance: id, reason: 'the workload is deleted' }] : [],
  );
}

function planLeaving(instance: SeenInstance): Plan {
  if (instance.containers.some(({ isUnknown }) => isUnknown)) return { actions: [] };
  const lives = instance.containers.some(({ unit }) => unit !== undefined && unit.ended === undefined);
  return { actions: [{ kind: lives ? 'stop' : 'forget', instance: instance.id }] };
}

function planStaying(instance: SeenInstance, desired: Desired, nowMs: number): Plan {
  const policy = desired.restartPolicyOf(instance.revision);
  const actions: Action[] = [];
  const wakes: number[] = [];
  for (const container of instance.containers) {
    const which = { instance: instance.id, container: container.name };
    if (container.isFinished === true || container.isUnknown) continue;
    if (container.unit === undefined) {
      const dueMs = dueAtMs(container, nowMs);
      if (dueMs <= nowMs) actions.push({ kind: 'start', ...which, attempt: container.attempt });
      else wakes.push(dueMs);
    } else if (container.unit.ended !== undefined) actions.push({ kind: 'ended', ...which, next: nextOf(container, policy) });
    else if (container.isUnhealthy) actions.push({ kind: 'restart', ...which });
  }
  return { actions, ...(wakes.length > 0 ? { wakeAtMs: Math.min(...wakes) } : {}) };
}

/** A clock that was set back must not make anybody wait for hours. */
function dueAtMs({ notBeforeMs }: SeenContainer, nowMs: number): number {
  return notBeforeMs === undefined || notBeforeMs - nowMs > backOff.mostMs ? nowMs : notBeforeMs;
}

function nextOf({ unit, failures, isEndedForMemory }: SeenContainer, policy: ReturnType<Desired['restartPolicyOf']>): Next {
  const { startedAtMs, ended } = unit!;
  const { exitCode, outOfMemory, how, atMs } = ended!;
  const failed = exitCode !== 0 || outOfMemory || isEndedForMemory || how === 'lost';
  if (policy === 'Never' || (policy === 'OnFailure' && !failed)) return { kind: 'finished' };
  const after = failuresAfter(failures, atMs - startedAtMs);
  return { kind: 'again', failures: after, notBeforeMs: atMs + backOffMs(after) };
}
