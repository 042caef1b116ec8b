/** Whether workloads run as they should. Never more than degraded: what a program does wrong no restart of the gateway mends. */
import { degraded, ok, type Check } from '../check.ts';

export interface WorkloadsLook {
  /** Why none of them is looked after. */
  readonly problem: string | undefined;
  /** One entry each, in words. */
  readonly troubles: readonly string[];
}

/** More of them nobody reads. */
const namedTroubles = 5;

export function createWorkloadsCheck(look: () => WorkloadsLook): Check {
  return () => {
    const { problem, troubles } = look();
    if (problem !== undefined) return degraded(`workloads are not looked after: ${problem}`);
    if (troubles.length === 0) return ok;
    const more = troubles.length > namedTroubles ? `; and ${troubles.length - namedTroubles} more` : '';
    return degraded(`${troubles.slice(0, namedTroubles).join('; ')}${more}`);
  };
}
