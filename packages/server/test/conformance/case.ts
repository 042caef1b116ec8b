/** What a case is. The table is in `cases.ts`. */
import type { Where } from './cells.ts';

export interface ConformanceCase {
  readonly number: number;
  readonly title: string;
  /** Where it was reported: `owner/repository#7` is an issue, `owner/repository!7` a pull request, anything else an address. */
  readonly threads: string;
  /** Where it can occur; absent while there is no test. */
  readonly applies?: Where;
  /** Why it cannot occur here at all. */
  readonly notApplicable?: string;
  /** Why it does not hold, where it has no test. */
  readonly reason?: string;
  /** What of it is not covered, or holds in another way than its title says. */
  readonly note?: string;
}

/** The addresses of a case's threads. */
export function linksOf({ threads }: ConformanceCase): string[] {
  return threads
    .split(' ')
    .filter((thread) => thread !== '')
    .map((thread) => {
      const match = /^([^:]+)([#!])(\d+)$/.exec(thread);
      return match ? `https://github.com/${match[1]}/${match[2] === '#' ? 'issues' : 'pull'}/${match[3]}` : thread;
    });
}
