/** Writes the status of one workload where it has changed. Its memory is written with it, and by itself only once in a while. */
import { isDeepStrictEqual } from 'node:util';
import type { Workload, WorkloadStatus } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { ObjectKey } from '../store/resource-store.ts';
import type { Ledger, SeenInstance } from './contract.ts';
import type { LedgerOwner } from './ledger-store.ts';
import { statusOf } from './status.ts';
import type { World } from './world.ts';

export interface Report {
  /** @returns false where the spec has changed meanwhile: look again */
  write(object: Workload, facts: ReportFacts): Promise<boolean>;
}

export interface ReportFacts {
  readonly seen: readonly SeenInstance[];
  readonly ledger: Ledger;
  readonly replicas: number;
  readonly endpoints: NonNullable<WorkloadStatus['endpoints']>;
}

/** A write of the database for each reading would cost more than the reading. */
export const memoryEveryMs = 30_000;

export function createReport(world: World, { owner, key }: { readonly owner: LedgerOwner; readonly key: ObjectKey }): Report {
  const { clock, store, host } = world;
  let last: WorkloadStatus | undefined;
  let memoryAtMs = 0;

  return {
    async write(object, { seen, ledger, replicas, endpoints }) {
      const { generation = 1, uid } = object.metadata;
      const before = last ?? object.status;
      const status = statusOf(seen, {
        ...{ nowMs: clock.now(), generation, replicas, revision: ledger.revision, progress: ledger.progress, endpoints },
        node: host.node,
        driver: ledger.instances.find((instance) => instance.driver !== undefined)?.driver,
        selector: `openclaw.io/workload=${owner.name}`,
        memoryOf: world.memoryOf,
        earlierRestarts: ledger.earlierRestarts,
        before: before?.conditions ?? [],
      });
      const memoryIsDue = clock.now() - memoryAtMs >= memoryEveryMs;
      const compared = memoryIsDue ? (each: WorkloadStatus): unknown => each : withoutMemory;
      if (before !== undefined && isDeepStrictEqual(compared(before), compared(status))) return true;
      try {
        await store.update(key, (current) => ({ ...current, status }), { uid });
      } catch (thrown) {
        // Deleted meanwhile, or another one of this name: what is to be done then is seen at the next look.
        if (!(thrown instanceof OpenClawError) || !['workload_not_found', 'workload_conflict'].includes(thrown.code)) throw thrown;
        return false;
      }
      last = status;
      memoryAtMs = clock.now();
      return true;
    },
  };
}

/** That there is a reading at all is told at once. */
function withoutMemory({ instances, ...rest }: WorkloadStatus): unknown {
  return { ...rest, instances: instances.map(({ memory, ...instance }) => ({ ...instance, isRead: memory !== undefined })) };
}
