/** How an attempt ended, in one word: for statistics, trails, metrics and traces alike. */
import type { AttemptReport } from '../report.ts';

/**
 * `completed`, `cancelled` or a code of the catalogue. Called off says nothing of the target (another one was faster, the client
 * left, the gateway stopped); a deadline that passed does, although it too was ended from outside.
 */
export function outcomeOfAttempt({ error, cancelled }: Pick<AttemptReport, 'error' | 'cancelled'>): string {
  if (!error) return 'completed';
  return cancelled && error.code !== 'deadline_exceeded' ? 'cancelled' : error.code;
}
