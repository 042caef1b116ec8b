/** How many sockets a unit has open. Each open file has to be looked at for it, so that they are not counted with every sample while the number of files stays. */
import { countSockets } from './unit-sample.ts';

export interface SocketCount {
  readonly count: number | undefined;
  readonly descriptors: number | undefined;
  readonly dueMs: number;
}

const everyMs = 30_000;
const mostDescriptors = 2000;

/** @param before what was counted the last time, if it was */
export function countSocketsSeldom(
  before: SocketCount | undefined,
  { pids, descriptors, nowMs }: { readonly pids: readonly number[]; readonly descriptors: number | undefined; readonly nowMs: number },
): SocketCount {
  if (before !== undefined && before.descriptors === descriptors && nowMs < before.dueMs) return before;
  const count = (descriptors ?? Infinity) > mostDescriptors ? undefined : countSockets(pids, mostDescriptors);
  return { count, descriptors, dueMs: nowMs + everyMs };
}
