/**
 * What is told of a workload in its `status`: phases, conditions and states of containers in the words that Kubernetes' users look for. A pure function of
 * what is remembered and seen; it decides nothing.
 */
import type {
  Condition,
  ContainerState,
  ContainerStatus,
  DriverName,
  InstanceStatus,
  TerminatedState,
  WorkloadPhase,
  WorkloadStatus,
} from '@openclaw/protocol';
import type { UnitEnd } from '../drivers/driver.ts';
import { heapExhaustionOf } from '../drivers/heap-limit.ts';
import { hasSucceeded, isAvailable, isFinished } from './availability.ts';
import type { SeenContainer, SeenInstance } from './contract.ts';
import type { Progress } from './progress.ts';

/** A rollout that comes no nearer to its end for so long is said to be stuck; it is not given up. */
export const progressDeadlineMs = 600_000;

export interface StatusFacts {
  readonly nowMs: number;
  readonly generation: number;
  readonly replicas: number;
  readonly revision: number;
  readonly progress: Progress | undefined;
  readonly node: string;
  readonly driver: DriverName | undefined;
  readonly selector: string;
  readonly endpoints: NonNullable<WorkloadStatus['endpoints']>;
  readonly memoryOf: (instance: string) => InstanceStatus['memory'];
  /** Restarts of instances that are no longer there count on. */
  readonly earlierRestarts: number;
  readonly before: readonly Condition[];
}

export function statusOf(seen: readonly SeenInstance[], facts: StatusFacts): WorkloadStatus {
  const staying = seen.filter(({ leaving }) => leaving === undefined);
  const ready = staying.filter(isAvailable);
  const instances = seen.map((instance) => instanceStatus(instance, facts));
  const overall = overallPhase(staying, facts);
  return {
    ...overall,
    observedGeneration: facts.generation,
    ...(facts.revision > 0 ? { revision: facts.revision } : {}),
    ...(facts.driver === undefined ? {} : { driver: facts.driver }),
    replicas: staying.length,
    readyReplicas: ready.length,
    updatedReplicas: staying.filter(({ revision }) => revision === facts.revision).length,
    restarts: facts.earlierRestarts + instances.reduce((sum, { restarts }) => sum + restarts, 0),
    conditions: conditionsOf(staying, facts),
    instances,
    selector: facts.selector,
    ...(facts.endpoints.length > 0 ? { endpoints: facts.endpoints } : {}),
  };
}

/** How a unit ended, for `lastState.terminated`. */
export function terminatedState(unit: { readonly startedAtMs: number; readonly ended: UnitEnd }, forMemory: boolean): TerminatedState {
  const { exitCode, signal, atMs, how, message } = unit.ended;
  const reason = reasonOf(unit.ended, forMemory);
  const text = message ?? (how === 'lost' ? 'Nobody saw how it ended.' : undefined);
  return {
    reason,
    exitCode,
    ...(signal === undefined ? {} : { signal }),
    startedAt: timestamp(unit.startedAtMs),
    finishedAt: timestamp(atMs),
    ...(text === undefined ? {} : { message: reason === heapReason ? `${heapText}\n${text}` : text }),
  };
}

/** The kernel's kill is `OOMKilled`, as everywhere; an engine that gave up at a limit of its own has another remedy, and another name. */
const heapReason = 'HeapOutOfMemory';
const heapText =
  'Out of memory: the JavaScript heap reached its own limit, which is not that of the container (clw explain clw-heap-limit).';

function reasonOf(ended: UnitEnd, forMemory: boolean): string {
  if (ended.outOfMemory || forMemory) return 'OOMKilled';
  if (heapExhaustionOf(ended) !== undefined) return heapReason;
  return ended.exitCode === 0 && ended.how !== 'lost' ? 'Completed' : 'Error';
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

interface Judged {
  readonly phase: WorkloadPhase;
  readonly reason?: string;
  readonly message?: string;
}

/** The worst first: what an operator has to know of several. */
const gravest: readonly WorkloadPhase[] = [
  'ImagePullBackOff',
  'CrashLoopBackOff',
  'OOMKilled',
  'Failed',
  'Pending',
  'Degraded',
  'Starting',
];
const failing: readonly WorkloadPhase[] = ['ImagePullBackOff', 'CrashLoopBackOff', 'OOMKilled', 'Failed', 'Pending', 'Degraded'];

function overallPhase(staying: readonly SeenInstance[], { replicas }: StatusFacts): Judged {
  if (replicas === 0) return { phase: 'Running', reason: 'ScaledToZero' };
  if (staying.length === 0) return { phase: 'Pending', reason: 'NoInstances' };
  if (staying.every(hasSucceeded)) return { phase: 'Succeeded' };
  const judged = staying.map(instancePhase);
  const worst = gravest.map((phase) => judged.find((each) => each.phase === phase)).find((each) => each !== undefined);
  if (worst === undefined) return { phase: 'Running' };
  const ready = staying.filter(isAvailable).length;
  if (ready === 0) return worst;
  if (failing.includes(worst.phase)) return { ...worst, phase: 'Degraded', reason: worst.reason ?? worst.phase };
  return ready >= replicas ? { phase: 'Running' } : worst;
}

function instancePhase(instance: SeenInstance): Judged {
  if (isFinished(instance)) return hasSucceeded(instance) ? { phase: 'Succeeded' } : { phase: 'Failed', ...lastWords(instance) };
  const judged = instance.containers.map(containerPhase);
  return gravest.map((phase) => judged.find((each) => each.phase === phase)).find((each) => each !== undefined) ?? { phase: 'Running' };
}

function lastWords({ containers }: SeenInstance): Omit<Judged, 'phase'> {
  const end = containers.find(({ lastEnd }) => lastEnd !== undefined && lastEnd.exitCode !== 0)?.lastEnd;
  return end === undefined ? {} : { reason: end.reason, message: end.message ?? `It ended with exit code ${end.exitCode}.` };
}

function containerPhase(container: SeenContainer): Judged {
  const { refusal, unit, lastEnd, isFinished: finished, isUnknown } = container;
  if (finished === true) return { phase: 'Running' };
  if (isUnknown) return { phase: 'Degraded', reason: 'DriverUnavailable', message: 'Its driver does not answer.' };
  if (refusal !== undefined) return { phase: phaseOfRefusal(refusal.reason), ...refusal };
  if (unit !== undefined && unit.ended === undefined) return livingPhase(container);
  const end =
    unit?.ended === undefined ? lastEnd : terminatedState({ startedAtMs: unit.startedAtMs, ended: unit.ended }, container.isEndedForMemory);
  if (end === undefined) return { phase: 'Starting' };
  const message =
    end.message ?? `${end.reason === 'OOMKilled' ? 'It was ended for its memory' : 'It ended'} with exit code ${end.exitCode}.`;
  return end.reason === 'OOMKilled' && container.failures <= 1
    ? { phase: 'OOMKilled', reason: 'OOMKilled', message }
    : { phase: 'CrashLoopBackOff', reason: end.reason, message };
}

function livingPhase({ isReady, hasServed }: SeenContainer): Judged {
  if (isReady) return { phase: 'Running' };
  return hasServed ? { phase: 'Degraded', reason: 'NotReady', message: 'Its readiness probe fails.' } : { phase: 'Starting' };
}

function phaseOfRefusal(reason: string): WorkloadPhase {
  if (reason === 'ImageNotRunnable' || reason === 'ImagePullBackOff') return 'ImagePullBackOff';
  return reason === 'InsufficientMemory' || reason === 'DriverUnavailable' ? 'Pending' : 'CrashLoopBackOff';
}

function instanceStatus(instance: SeenInstance, { node, memoryOf }: StatusFacts): InstanceStatus {
  const containers = instance.containers.map((container) => containerStatus(container, instance.leaving === undefined));
  const startedAtMs = instance.containers[0]?.unit?.startedAtMs;
  const memory = memoryOf(instance.id);
  return {
    id: instance.id,
    node,
    revision: instance.revision,
    phase: instancePhase(instance).phase,
    ready: instance.leaving === undefined && isAvailable(instance),
    ...(startedAtMs === undefined ? {} : { startedAt: timestamp(startedAtMs) }),
    restarts: containers.reduce((sum, { restarts }) => sum + restarts, 0),
    containers,
    ...(memory === undefined ? {} : { memory }),
  };
}

function containerStatus(container: SeenContainer, isStaying: boolean): ContainerStatus {
  const { name, attempt, lastEnd, unit } = container;
  const lives = unit !== undefined && unit.ended === undefined;
  return {
    name,
    ready: isStaying && lives && container.isReady,
    restarts: attempt,
    state: containerState(container),
    ...(lastEnd === undefined || container.isFinished === true ? {} : { lastState: { terminated: lastEnd } }),
  };
}

function containerState(container: SeenContainer): ContainerState {
  const { unit, lastEnd, refusal, failures, isFinished: finished, isEndedForMemory } = container;
  if (unit?.ended !== undefined)
    return { terminated: terminatedState({ startedAtMs: unit.startedAtMs, ended: unit.ended }, isEndedForMemory) };
  if (unit !== undefined) return { running: { startedAt: timestamp(unit.startedAtMs) } };
  if (finished === true && lastEnd !== undefined) return { terminated: lastEnd };
  if (refusal !== undefined) {
    const reason = refusal.reason === 'ImageNotRunnable' ? 'ImagePullBackOff' : refusal.reason;
    return { waiting: { reason, message: refusal.message } };
  }
  if (lastEnd === undefined) return { waiting: { reason: 'ContainerCreating' } };
  if (lastEnd.reason === 'OOMKilled' && failures <= 1) return { terminated: lastEnd };
  return {
    waiting: { reason: 'CrashLoopBackOff', message: `The last attempt ended with ${lastEnd.reason} (exit code ${lastEnd.exitCode}).` },
  };
}

function conditionsOf(staying: readonly SeenInstance[], facts: StatusFacts): readonly Condition[] {
  const { replicas } = facts;
  const ready = staying.filter(isAvailable).length;
  const available = ready >= replicas;
  const drafts = [
    {
      type: 'Available',
      status: available,
      reason: available ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      message: `${ready} of ${replicas} instances are ready.`,
    },
    progressOf(staying, facts),
  ];
  return drafts.map(({ type, status, reason, message }): Condition => {
    const value = status ? 'True' : 'False';
    const earlier = facts.before.find((condition) => condition.type === type);
    const unchanged = earlier?.status === value && earlier.reason === reason;
    const since = unchanged ? earlier.lastTransitionTime : timestamp(facts.nowMs);
    return { type, status: value, reason, message, lastTransitionTime: since, observedGeneration: facts.generation };
  });
}

function progressOf(staying: readonly SeenInstance[], { replicas, revision, progress, nowMs }: StatusFacts) {
  const updated = staying.filter((instance) => instance.revision === revision);
  const old = staying.length - updated.length;
  const ready = updated.filter(isAvailable).length;
  const counts = `${ready} of ${replicas} instances of revision ${revision} are ready`;
  if (progress?.isDone === true) {
    return { type: 'Progressing', status: true, reason: 'NewRevisionAvailable', message: `Revision ${revision} holds: ${counts}.` };
  }
  const fault = updated.map(instancePhase).find(({ phase }) => failing.includes(phase));
  const serving = old > 0 ? ` ${old} of an earlier revision ${old === 1 ? 'serves' : 'serve'} on.` : '';
  const cause = fault === undefined ? '' : ` A new one is ${fault.phase}: ${fault.message ?? fault.reason ?? 'no reason is known'}`;
  const message = `${counts}.${cause}${serving}`;
  if (nowMs - (progress?.atMs ?? nowMs) >= progressDeadlineMs)
    return { type: 'Progressing', status: false, reason: 'ProgressDeadlineExceeded', message };
  return { type: 'Progressing', status: true, reason: fault === undefined ? 'RollingOut' : 'NewRevisionFails', message };
}
