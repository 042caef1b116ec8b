/** One pod, from a look at it to a diagnosis; and what is said where it cannot be looked at. */
import { OpenClawError } from '../../../core/errors.ts';
import { nearestName } from '../../../core/nearest-name.ts';
import { listOf, objectOf, textOf } from '../answers.ts';
import type { Diagnosis, Lookout } from '../contract.ts';
import { NotSeen } from '../not-seen.ts';
import { rank } from '../rank.ts';
import { rules } from '../rules/index.ts';
import { collectPod, type CollectPodOptions } from './collect.ts';

export interface DiagnosePodOptions extends CollectPodOptions {
  /** Of the cluster, for what is said about it. */
  readonly server: string;
}

const mostNames = 8;

/** @throws OpenClawError `pod_not_found`, `cluster_unreachable`, `cluster_forbidden`, `cluster_refused` */
export async function diagnosePod(lookout: Lookout, { server, ...options }: DiagnosePodOptions): Promise<Diagnosis> {
  try {
    return rank(await collectPod(lookout, options), rules);
  } catch (thrown) {
    if (!(thrown instanceof NotSeen)) throw thrown;
    const details = { server, reason: thrown.message.replace(/\.$/, '') };
    if (thrown.reason === 'unreachable') throw new OpenClawError('cluster_unreachable', { details, cause: thrown });
    if (thrown.reason === 'forbidden') throw new OpenClawError('cluster_forbidden', { details, cause: thrown });
    if (thrown.reason === 'refused') throw new OpenClawError('cluster_refused', { details, cause: thrown });
    throw await notFound(lookout, options, thrown);
  }
}

async function notFound(lookout: Lookout, { namespace, name }: CollectPodOptions, cause: NotSeen): Promise<OpenClawError> {
  const answer = await lookout.ask({ from: 'kubernetes', as: 'object', path: '/api/v1/pods', query: { limit: '500' } }).catch(() => ({}));
  const pods = listOf(objectOf(answer)['items']).map((pod) => objectOf(objectOf(pod)['metadata']));
  const names = pods.map((pod) => ({ name: textOf(pod['name']), namespace: textOf(pod['namespace']) }));
  const same = names.filter((pod) => pod.name === name && pod.namespace !== namespace);
  const near = names.filter((pod) => pod.name.startsWith(name)).map((pod) => `${pod.name} -n ${pod.namespace}`);
  const nearest = nearestName(
    name,
    names.map((pod) => pod.name),
  );
  const likely = [...same.map((pod) => `${name} -n ${pod.namespace}`), ...near, ...(nearest === undefined ? [] : [nearest])];
  const suggestion = cause.message.includes('has no container')
    ? `${cause.message}.`
    : likely.length > 0
      ? `Did you mean ${[...new Set(likely)].slice(0, mostNames).join(', ')}?`
      : '`kubectl get pods -A` lists them.';
  return new OpenClawError('pod_not_found', { details: { name, namespace, suggestion }, cause });
}
