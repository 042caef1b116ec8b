/** Every scenario, in the order in which they run. */
import type { Scenario } from '../scenario.ts';
import { concurrencyBomb } from './concurrency-bomb.ts';
import { coldGatewayIn512MiB, gatewayIn512MiB } from './gateway-in-512-mib.ts';
import { healthyCrowd } from './healthy-crowd.ts';
import { longRunningTimeout, longRunningTimeoutReal } from './long-running-timeout.ts';
import { rateLimitCascade } from './rate-limit-cascade.ts';
import { recovery } from './recovery.ts';
import { slowBleed } from './slow-bleed.ts';
import { suddenDeath } from './sudden-death.ts';

export const scenarios: readonly Scenario[] = [
  rateLimitCascade,
  slowBleed,
  suddenDeath,
  longRunningTimeout,
  concurrencyBomb,
  healthyCrowd,
  recovery,
  gatewayIn512MiB,
  coldGatewayIn512MiB,
  longRunningTimeoutReal,
];
