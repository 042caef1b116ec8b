/** What every program of a tool carries in its environment, and hands down to all that it starts: whose it is, and which one. */
import { createHash } from 'node:crypto';

export const markName = 'OPENCLAW_PROGRAM';

/** Of a fixed length, so that no owner's is the beginning of another's. */
export function ownerDigest(owner = ''): string {
  return createHash('sha256').update(owner).digest('hex').slice(0, 16);
}
