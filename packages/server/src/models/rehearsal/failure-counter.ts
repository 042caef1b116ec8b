/** Counts failures per request and line, so that a retry of the same request gets on. Bounded: the oldest request is forgotten first. */

export interface FailureCounter {
  /** One more failure of that line for that request; says how many there have been. */
  count(requestKey: string, line: number): number;
}

/** Requests remembered. Smaller forgets requests that are still being retried, larger is memory that nobody uses. */
const defaultLimit = 10_000;

export function createFailureCounter(limit = defaultLimit): FailureCounter {
  const counts = new Map<string, number>();
  return {
    count(requestKey, line) {
      const key = `${line} ${requestKey}`;
      const count = (counts.get(key) ?? 0) + 1;
      // Deleted first, so that the map's order is that of use.
      counts.delete(key);
      counts.set(key, count);
      if (counts.size > limit) forgetOldest(counts);
      return count;
    },
  };
}

function forgetOldest(counts: Map<string, number>): void {
  const { value: oldest, done } = counts.keys().next();
  if (done !== true) counts.delete(oldest);
}
