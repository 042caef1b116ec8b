/** What tells that the same was asked, or goes in, again. */
import { createHash } from 'node:crypto';

/** SHA-256 of it as JSON. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
