/** The memory of a workload from its status: all of it, and the instance that is nearest to its limit. Pure. */
import type { InstanceStatus, Workload } from '@openclaw/protocol';

export interface WorkloadMemory {
  /** Of all instances. */
  readonly current: number;
  /** Of those without a limit the largest counts, where none has one. */
  readonly nearest: NonNullable<InstanceStatus['memory']> | undefined;
  /** Of its limit, 0 to 1 and beyond. */
  readonly share: number | undefined;
}

export function memoryOf({ status }: Pick<Workload, 'status'>): WorkloadMemory {
  const readings = (status?.instances ?? []).flatMap(({ memory }) => memory ?? []);
  const shareOf = ({ current, limit }: NonNullable<InstanceStatus['memory']>): number =>
    limit === undefined || limit === 0 ? -1 : current / limit;
  const nearest = readings.toSorted((one, other) => shareOf(other) - shareOf(one) || other.current - one.current)[0];
  const share = nearest === undefined ? -1 : shareOf(nearest);
  return { current: readings.reduce((sum, { current }) => sum + current, 0), nearest, share: share < 0 ? undefined : share };
}
