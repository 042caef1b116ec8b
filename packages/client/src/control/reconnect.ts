/** When to connect again. Full jitter: thousands of clients that lost one gateway do not come back to it in one moment. */
import { optionError } from '../errors.ts';
import type { ControlError } from './control-error.ts';

export interface ReconnectOptions {
  /** The first wait is between 0 and this; the bound doubles with each. @default 500 */
  readonly baseDelayMs?: number;
  /** The bound grows no further. @default 15_000 */
  readonly maxDelayMs?: number;
  /** Between asking again where somebody has to approve first; half of it more at random. @default 5_000 */
  readonly slowDelayMs?: number;
}

export const reconnectDefaults = { baseDelayMs: 500, maxDelayMs: 15_000, slowDelayMs: 5_000 } as const satisfies ReconnectOptions;

/** The lock-out of the gateway where it does not say how long it lasts. */
const lockOutMs = 60_000;

/** @throws OpenClawError `usage_error` for numbers that cannot be */
export function normaliseReconnect(options: ReconnectOptions): Required<ReconnectOptions> {
  const settings = { ...reconnectDefaults, ...options };
  for (const [name, value] of Object.entries(settings)) if (!(value > 0)) throw optionError(`reconnect.${name}`, 'above 0');
  return settings;
}

/**
 * @param attempt 1 after the first failure in a row
 * @returns undefined where another try makes no sense until the caller has changed something
 */
export function nextDelayMs(
  error: ControlError,
  attempt: number,
  { baseDelayMs, maxDelayMs, slowDelayMs, random }: Required<ReconnectOptions> & { readonly random: () => number },
): number | undefined {
  if (error.patience === 'never') return undefined;
  if (error.patience === 'slowly') {
    const atLeastMs = error.retryAfterMs ?? (error.code === 'AUTH_RATE_LIMITED' ? lockOutMs : slowDelayMs);
    return atLeastMs + (random() * slowDelayMs) / 2;
  }
  return (error.retryAfterMs ?? 0) + random() * Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(attempt - 1, 30));
}
