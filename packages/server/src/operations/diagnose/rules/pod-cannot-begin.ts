/** Cause: the cluster cannot place the pod, mount its volumes, or find what its settings name. No program has run. */
import type { Rule } from '../contract.ts';
import type { Evidence, Quote } from '../evidence.ts';

interface Kind {
  readonly reason: RegExp;
  readonly says: string;
  readonly remedy: readonly string[];
}

const kinds: readonly Kind[] = [
  {
    reason: /^(?:CreateContainerConfigError|CreateContainerError|PreStartHookError)$/,
    says: 'A setting of it names a secret, a config map or a key that is not there',
    remedy: [
      'Make what the message names, in the same namespace: `kubectl get secrets,configmaps`',
      'Or mark the reference `optional: true`',
    ],
  },
  {
    reason: /^(?:Unschedulable|FailedScheduling|SchedulingGated)$/,
    says: 'No node can take it',
    remedy: [
      'Ask for less (`resources.requests`), or add a node: `kubectl describe nodes | grep -A8 Allocated`',
      'Look at nodeSelector, taints, and whether its volume lies in another zone',
    ],
  },
  {
    reason: /^(?:FailedMount|FailedAttachVolume|FailedMapVolume|VolumeFailedDelete|ProvisioningFailed)$/,
    says: 'A volume of it cannot be mounted',
    remedy: [
      '`kubectl get pvc,pv` and `kubectl describe pvc`: is it bound, and in the zone of the node?',
      'Where another pod still has it (Multi-Attach): end that one first, and set `strategy: Recreate` for a deployment with a volume of its own',
    ],
  },
];

export const podCannotBegin: Rule = {
  id: 'pod-cannot-begin',
  title: 'The cluster cannot begin it',
  why: 'Before a container starts, its pod needs a node, its volumes and everything that its settings name. One of these is not there.',
  signs: '`CreateContainerConfigError`, `FailedScheduling`, `FailedMount`, `FailedAttachVolume`; no life, no lines',
  mends: 'Make or free what the message names.',
  judge({ platform, state, events, lives, subject }) {
    if (platform !== 'kubernetes' || state.status !== 'waiting') return undefined;
    const kind = kinds.find(({ reason }) => reason.test(state.reason ?? '') || events.some(({ action }) => reason.test(action)));
    if (kind === undefined) return undefined;
    const event = events.findLast(({ action }) => kind.reason.test(action)) ?? events.findLast(({ action }) => action === 'Failed');
    const isReason = kind.reason.test(state.reason ?? '');
    return {
      weight: (isReason ? 96 : 88) - (lives.length > 0 ? 20 : 0),
      says: `${kind.says}${state.error === undefined ? '' : `: ${state.error.slice(0, 160)}`}.`,
      because: quotesOf(state, event),
      remedy: [...kind.remedy, `\`kubectl describe pod ${subject.name}\` shows the events as they come`],
      disprovedBy: 'A container of it has run since.',
    };
  },
};

function quotesOf({ reason, error }: Evidence['state'], event: Evidence['events'][number] | undefined): readonly Quote[] {
  return [
    ...(reason === undefined ? [] : [{ source: 'pod status', text: error === undefined ? reason : `${reason}: ${error}` }]),
    ...(event === undefined ? [] : [{ source: 'events', text: `${event.action}: ${event.message}`, atMs: event.atMs }]),
  ];
}
