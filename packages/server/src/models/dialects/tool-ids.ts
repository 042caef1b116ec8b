/** Tool ids for upstreams that take exactly nine letters or digits. It keeps no table: the same id always gives the same answer. */
import { createHash } from 'node:crypto';

/** An id that fits already stays; any other becomes nine characters of its hash, so that call and result still meet. */
export function shortToolId(id: string): string {
  if (/^[a-zA-Z0-9]{9}$/.test(id)) return id;
  return BigInt(`0x${createHash('sha256').update(id).digest('hex')}`)
    .toString(36)
    .slice(0, 9);
}
