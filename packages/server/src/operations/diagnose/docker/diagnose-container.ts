/** One container of Docker, from a look at it to a diagnosis; and what is said where it cannot be looked at. */
import { OpenClawError } from '../../../core/errors.ts';
import { nearestName } from '../../../core/nearest-name.ts';
import { listOf, objectOf, textOf } from '../answers.ts';
import type { Diagnosis, Lookout } from '../contract.ts';
import { NotSeen } from '../not-seen.ts';
import { rank } from '../rank.ts';
import { rules } from '../rules/index.ts';
import { collectContainer, type CollectOptions } from './collect.ts';

export interface DiagnoseContainerOptions extends CollectOptions {
  /** Of the engine, for what is said about it. */
  readonly engineAddress: string;
}

const mostNames = 8;

/** @throws OpenClawError `container_not_found`, `docker_unreachable`, `docker_forbidden`, `docker_refused` */
export async function diagnoseContainer(
  lookout: Lookout,
  { engineAddress: address, ...options }: DiagnoseContainerOptions,
): Promise<Diagnosis> {
  try {
    return rank(await collectContainer(lookout, options), rules);
  } catch (thrown) {
    if (!(thrown instanceof NotSeen)) throw thrown;
    if (thrown.reason === 'forbidden') throw new OpenClawError('docker_forbidden', { details: { address }, cause: thrown });
    if (thrown.reason === 'unreachable')
      throw new OpenClawError('docker_unreachable', { details: { address, reason: thrown.message }, cause: thrown });
    if (thrown.reason === 'refused') throw new OpenClawError('docker_refused', { details: { reason: thrown.message }, cause: thrown });
    throw await notFound(lookout, options.container, thrown);
  }
}

async function notFound(lookout: Lookout, container: string, cause: NotSeen): Promise<OpenClawError> {
  const answer = await lookout.ask({ from: 'docker', as: 'object', path: '/containers/json', query: { all: 'true' } }).catch(() => []);
  const names = listOf(answer).map((each) => textOf(listOf(objectOf(each)['Names'])[0]).replace(/^\//, ''));
  const near = names.filter((name) => name.includes(container) || container.includes(name));
  const nearest = nearestName(container, names);
  const likely = [...new Set([...(nearest === undefined ? [] : [nearest]), ...near])];
  const listed = (likely.length > 0 ? likely : names).slice(0, mostNames).join(', ');
  const suggestion =
    names.length === 0 ? 'There are no containers at all.' : likely.length > 0 ? `Did you mean ${listed}?` : `There are: ${listed}.`;
  return new OpenClawError('container_not_found', { details: { container, suggestion }, cause });
}
