/** `doctor --fix`: every safe change, planned first, then made one after the other, or only shown. */
import { reasonOf } from '../../../core/errors.ts';
import type { Fix, Fixed, FixPlace } from './contract.ts';
import { directoriesFix } from './directories.ts';
import { leftoversFix } from './leftovers.ts';
import { modesFix } from './modes.ts';
import { staleOwnerFix } from './stale-owner.ts';

export type { Fixed, FixPlace } from './contract.ts';

/** A further fix is a file beside these and a row here. */
export const doctorFixes: readonly Fix[] = [directoriesFix, modesFix, staleOwnerFix, leftoversFix];

export interface ApplyOptions {
  /** They are only shown. */
  readonly isDryRun: boolean;
  /** @default all of them */
  readonly fixes?: readonly Fix[];
}

/** What cannot be changed is said, and keeps nothing else from being changed. */
export async function applyFixes(place: FixPlace, { isDryRun, fixes = doctorFixes }: ApplyOptions): Promise<readonly Fixed[]> {
  const done: Fixed[] = [];
  for (const { name, plan } of fixes) {
    for (const { path, before, after, apply } of await plan(place)) {
      const base = { fix: name, path, before, after };
      if (isDryRun) done.push({ ...base, state: 'planned' });
      else done.push({ ...base, ...attempt(apply) });
    }
  }
  return done;
}

function attempt(apply: () => void): Pick<Fixed, 'state' | 'reason'> {
  try {
    apply();
    return { state: 'done' };
  } catch (thrown) {
    return { state: 'failed', reason: reasonOf(thrown) };
  }
}
