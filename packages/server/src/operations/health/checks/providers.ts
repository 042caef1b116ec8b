/** Whether providers can be asked. Never more than degraded: a restart mends no provider, and another replica asks the same ones. */
import { reasonOf } from '../../../core/errors.ts';
import { degraded, ok, type Check } from '../check.ts';

export interface ProvidersLook {
  /** Besides the rehearsal. */
  readonly configured: number;
  /** One entry each, in words, without secrets. */
  readonly troubles: readonly string[];
}

export function createProvidersCheck(look: () => ProvidersLook): Check {
  return () => {
    try {
      const { configured, troubles } = look();
      if (configured === 0) return degraded('no provider is configured; only the rehearsal answers');
      return troubles.length === 0 ? ok : degraded(troubles.join('; '));
    } catch (thrown) {
      return degraded(`the providers cannot be told: ${reasonOf(thrown)}`);
    }
  };
}
