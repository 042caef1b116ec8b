/** Which container of a pod is in trouble, and how it is. */
import type { JsonObject } from '../../../core/json.ts';
import { listOf, objectOf, positiveOf, textOf } from '../answers.ts';
import type { Evidence, RestartPolicy, State } from '../evidence.ts';
import { NotSeen } from '../not-seen.ts';
import type { Redact } from '../redaction.ts';

export interface ChosenContainer {
  readonly name: string;
  readonly spec: JsonObject;
  readonly status: JsonObject;
  /** It has to end before the others begin. */
  readonly isInit: boolean;
}

/** @throws NotSeen where there is none of that name */
export function chooseContainer(pod: JsonObject, wanted?: string): ChosenContainer {
  const all = [...containersOf(pod, 'initContainers', 'initContainerStatuses'), ...containersOf(pod, 'containers', 'containerStatuses')];
  if (wanted !== undefined) {
    const found = all.find(({ name }) => name === wanted);
    if (found === undefined)
      throw new NotSeen('missing', `the pod has no container ${wanted}; it has ${all.map(({ name }) => name).join(', ')}`);
    return found;
  }
  const worst = all.toSorted((one, other) => troubleOf(other) - troubleOf(one))[0];
  if (worst === undefined) throw new NotSeen('missing', 'the pod has no containers');
  return worst;
}

function containersOf(pod: JsonObject, specs: 'initContainers' | 'containers', statuses: string): readonly ChosenContainer[] {
  const states = listOf(objectOf(pod['status'])[statuses]).map(objectOf);
  return listOf(objectOf(pod['spec'])[specs]).map((each) => {
    const spec = objectOf(each);
    const name = textOf(spec['name']);
    return { name, spec, status: states.find((status) => status['name'] === name) ?? {}, isInit: specs === 'initContainers' };
  });
}

function troubleOf({ status, isInit }: ChosenContainer): number {
  const state = objectOf(status['state']);
  const waits = textOf(objectOf(state['waiting'])['reason']);
  const code = objectOf(state['terminated'])['exitCode'];
  const isStuck = waits !== '' && waits !== 'PodInitializing' && waits !== 'ContainerCreating';
  const failed = typeof code === 'number' && code !== 0;
  const restarts = Math.min(positiveOf(status['restartCount']) ?? 0, 999);
  // One that comes first and does not end keeps all others waiting.
  return (isStuck ? 4000 : 0) + (failed ? 2000 : 0) + restarts + (isInit && (isStuck || failed) ? 1000 : 0) + (isInit ? 0 : 0.5);
}

export function restartsOfPod(pod: JsonObject, { status, isInit }: ChosenContainer): Evidence['restarts'] {
  const policies: Readonly<Record<string, RestartPolicy>> = { Always: 'always', OnFailure: 'on-failure', Never: 'no' };
  const policy = policies[textOf(objectOf(pod['spec'])['restartPolicy'])] ?? 'always';
  return { count: positiveOf(status['restartCount']) ?? 0, policy: isInit && policy === 'always' ? 'on-failure' : policy };
}

/** Reasons that say how it goes and not what is wrong. */
const plainReasons = new Set(['CrashLoopBackOff', 'PodInitializing', 'ContainerCreating', 'Completed', 'Error', 'OOMKilled']);
/** Ends that the platform brought about itself, before the program ran. */
const platformReasons = new Set(['StartError', 'ContainerCannotRun', 'RunContainerError', 'CreateContainerError']);

export function stateOfPod(pod: JsonObject, { status }: ChosenContainer, redact: Redact): State {
  const whole = objectOf(pod['status']);
  const state = objectOf(status['state']);
  const [waiting, terminated, last] = [state['waiting'], state['terminated'], objectOf(status['lastState'])['terminated']].map((each) =>
    objectOf(each),
  );
  const podReason = textOf(whole['reason']);
  const unscheduled = listOf(whole['conditions'])
    .map(objectOf)
    .find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  const reason = podReason || textOf(waiting?.['reason']) || textOf(terminated?.['reason']) || textOf(unscheduled?.['reason']);
  const failed = [terminated, last].find((each) => platformReasons.has(textOf(each?.['reason'])));
  const error =
    (podReason === '' ? '' : textOf(whole['message'])) ||
    (plainReasons.has(textOf(waiting?.['reason'])) ? '' : textOf(waiting?.['message'])) ||
    textOf(failed?.['message']) ||
    textOf(unscheduled?.['message']);
  const exitCode = terminated?.['exitCode'];
  return {
    status: statusOf(textOf(whole['phase']), state, podReason),
    ...(reason === '' ? {} : { reason }),
    ...(error === '' ? {} : { error: redact(error) }),
    ...(typeof exitCode === 'number' ? { exitCode } : {}),
  };
}

function statusOf(phase: string, state: JsonObject, podReason: string): State['status'] {
  if (podReason !== '' && phase === 'Failed') return 'exited';
  if (state['running'] !== undefined) return 'running';
  if (state['terminated'] !== undefined) return 'exited';
  return 'waiting';
}
