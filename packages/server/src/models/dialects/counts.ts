/** Reads a count of tokens: what is no count counts as none. */
import type { JsonValue } from '../../core/json.ts';

export function countOf(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.trunc(value) : 0;
}
