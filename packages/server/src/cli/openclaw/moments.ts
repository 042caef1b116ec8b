/** Moments as people write them on a command line: `24h` before or after now, or a date. It does not read the time. */
import { parseUnit } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';

export interface MomentOptions {
  /** The flag, for the error. */
  readonly flag: string;
  readonly nowMs: number;
  /** Where a duration leads. */
  readonly direction: 'past' | 'future';
}

/**
 * Milliseconds since 1970.
 * @throws OpenClawError `usage_error`
 */
export function parseMoment(text: string, { flag, nowMs, direction }: MomentOptions): number {
  const durationMs = parseUnit(text.trim(), 'ms');
  if (durationMs !== undefined) return direction === 'past' ? nowMs - durationMs : nowMs + durationMs;
  const timeMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new OpenClawError('usage_error', {
    details: {
      reason: `${flag} ${text} is neither a duration nor a date`,
      suggestion: `Write it like ${flag} 24h, ${flag} 30d or ${flag} 2026-12-31.`,
    },
  });
}
