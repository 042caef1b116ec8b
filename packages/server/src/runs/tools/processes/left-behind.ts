/**
 * Ends what programs of tools a process has left running that was killed itself. For whoever alone has the owner's things now, before it starts any of its own.
 *
 * It finds them by their mark in `/proc`; elsewhere it finds nobody. Containers have no mark that can be seen from outside.
 */
import { type Clock, sleep } from '../../../core/clock.ts';
import { removeStaleGroups } from '../../../core/processes/control-group.ts';
import { markName, ownerDigest } from '../../../core/processes/mark.ts';
import { findMarked } from '../../../core/processes/process-table.ts';

export interface LeftBehind {
  readonly ended: number;
  /** Still there, after all. */
  readonly left: number;
}

const rounds = 50;

export async function endLeftBehind(owner: string, clock: Clock): Promise<LeftBehind> {
  const seen = new Set<number>();
  let left = await findMarked(`${markName}=${ownerDigest(owner)}-`);
  for (let round = 0; round < rounds && left.length > 0; round += 1) {
    for (const pid of left) {
      seen.add(pid);
      end(pid);
    }
    await sleep(clock, 10, new AbortController().signal);
    left = await findMarked(`${markName}=${ownerDigest(owner)}-`);
  }
  await removeStaleGroups(`${ownerDigest(owner)}-`);
  return { ended: seen.size - left.length, left: left.length };
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile, which is what was wanted.
  }
}
