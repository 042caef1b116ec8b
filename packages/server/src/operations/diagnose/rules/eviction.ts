/** Cause: the node had too little of something and put the pod out, or something more important needed its place. */
import type { Rule } from '../contract.ts';
import type { Quote } from '../evidence.ts';

const pressures = ['MemoryPressure', 'DiskPressure', 'PIDPressure'];
const resource =
  /low on resource: (?<resource>[\w-]+)|exceed(?:s|ed).* (?<exceeded>local ephemeral storage|ephemeral-storage|emptyDir)|Preempt(?:ed|ing)|TerminationByKubelet|node(?:.*)?(?:shutdown|NotReady)/i;

export const eviction: Rule = {
  id: 'eviction',
  title: 'The node put the pod out',
  why: 'The node ran low on memory, disk or processes and ended pods, first those that use more than they asked for; or a more important pod took the place.',
  signs: '`Evicted`, `Preempting`, `The node was low on resource`, MemoryPressure or DiskPressure of the node',
  mends: 'Ask for what it uses (`requests`), give it a priority, and make room on the node.',
  judge({ state, events, host, subject, platform }) {
    if (platform !== 'kubernetes') return undefined;
    const event = events.findLast(({ action }) =>
      /^(?:Evicted|Preempted|Preempting|NodeShutdown|TaintManagerEviction|NodeNotReady)$/.test(action),
    );
    const pressure = host.conditions?.find(({ type, status }) => pressures.includes(type) && status === 'True');
    const isEvicted = /^(?:Evicted|Preempting|Preempted|NodeLost|Terminated|NodeShutdown)$/.test(state.reason ?? '');
    if (!isEvicted && event === undefined) {
      return pressure === undefined ? { notBecause: 'it was not evicted, and its node is under no pressure' } : undefined;
    }
    const words = `${state.error ?? ''} ${event?.message ?? ''}`;
    const what = resource.exec(words)?.groups;
    const because: Quote[] = [
      ...(isEvicted ? [{ source: 'pod status', text: `${state.reason}${state.error === undefined ? '' : `: ${state.error}`}` }] : []),
      ...(event === undefined ? [] : [{ source: 'events', text: `${event.action}: ${event.message}`, atMs: event.atMs }]),
      ...(pressure === undefined ? [] : [{ source: 'node status', text: `${pressure.type} is True: ${pressure.message}` }]),
    ];
    return {
      weight: (isEvicted ? 95 : 82) + (pressure === undefined ? 0 : 2),
      says: `Its node put it out${what?.['resource'] === undefined ? (what?.['exceeded'] === undefined ? '' : `: it used more ${what['exceeded']} than it may`) : ` for want of ${what['resource']}`}.`,
      because,
      remedy: [
        'Set `resources.requests` to what it uses, and a `priorityClassName` where it matters more than others',
        `\`kubectl describe node\` of its node shows who uses what; \`kubectl delete pod ${subject.name}\` clears the evicted one away`,
      ],
      disprovedBy: 'The event names another pod, or was before this one was made.',
    };
  },
};
