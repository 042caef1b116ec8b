/** One service of systemd, from a look at it to a diagnosis; and what is said where it cannot be looked at. */
import { OpenClawError } from '../../../core/errors.ts';
import type { Diagnosis, Lookout } from '../contract.ts';
import { NotSeen } from '../not-seen.ts';
import { rank } from '../rank.ts';
import { rules } from '../rules/index.ts';
import { collectUnit } from './collect.ts';

/** @throws OpenClawError `service_not_found`, `systemd_unreachable` */
export async function diagnoseUnit(lookout: Lookout, { name }: { readonly name: string }): Promise<Diagnosis> {
  const unit = /\.\w+$/.test(name) ? name : `${name}.service`;
  try {
    return rank(await collectUnit(lookout, { name: unit }), rules);
  } catch (thrown) {
    if (!(thrown instanceof NotSeen)) throw thrown;
    if (thrown.reason === 'missing') throw new OpenClawError('service_not_found', { details: { name: unit }, cause: thrown });
    throw new OpenClawError('systemd_unreachable', { details: { reason: thrown.message }, cause: thrown });
  }
}
