import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseObject } from '../../../core/json.ts';
import { readStateOwner } from '../../../storage/index.ts';
import type { Fix } from './contract.ts';

/**
 * The card of an owner that was killed. The lock itself goes with its process; what it had written about itself stays, and tells of a gateway that is
 * not there. While anybody holds the lock nothing is touched.
 */
export const staleOwnerFix: Fix = {
  name: 'stale-lock',
  title: 'the lock of a process that has died',
  async plan({ stateDirectory }) {
    const path = join(stateDirectory, 'owner.json');
    if (!existsSync(path) || (await readStateOwner(stateDirectory)) !== undefined) return [];
    // Asked again just before it is removed: a start may be under way.
    const seen = readText(path);
    const owner = parseObject(seen);
    const before = `process ${typeof owner?.['pid'] === 'number' ? owner['pid'] : 'unknown'}, which holds no lock any more`;
    return [
      {
        path,
        before,
        after: 'removed',
        apply() {
          if (readText(path) !== seen) throw new Error('somebody has taken the state directory meanwhile');
          rmSync(path, { force: true });
        },
      },
    ];
  },
};

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
