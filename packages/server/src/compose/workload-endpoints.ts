/** Workloads as the HTTP API asks for them. Nothing of them is loaded before the first request. */
import { totalmem } from 'node:os';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { WorkloadEndpointsOptions } from '../gateway/index.ts';
import type { Database } from '../storage/index.ts';

export interface WorkloadEndpointsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

export function workloadEndpointsOf({ database, clock, log }: WorkloadEndpointsParts): WorkloadEndpointsOptions {
  return {
    async open() {
      const { openResourceStore } = await import('../workloads/index.ts');
      const store = await openResourceStore({ database, clock, log: log.child({ component: 'workloads' }) });
      return { store, host: { memoryBytes: totalmem() } };
    },
  };
}
