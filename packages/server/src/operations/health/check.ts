/** What a check of the gateway's health is. The checks: `checks/`; how they become an answer: `gateway/health.ts`. */

export interface CheckResult {
  /**
   * `degraded`: worth a look, and no reason to send traffic elsewhere. `failed`: this gateway cannot do its work.
   * What others do wrong (a provider) is never more than `degraded`: no restart and no other replica would mend it.
   */
  readonly state: 'ok' | 'degraded' | 'failed';
  /** Why, in words for people; shown to callers with a credential alone. No secrets. */
  readonly detail?: string;
}

/**
 * Looks at one thing. It is called about once a second, never again before it has answered, and may neither cost much nor change anything.
 * What it throws is a failure, with its message as the reason.
 */
export type Check = () => CheckResult | Promise<CheckResult>;

export const ok: CheckResult = { state: 'ok' };

export function degraded(detail: string): CheckResult {
  return { state: 'degraded', detail };
}

export function failed(detail: string): CheckResult {
  return { state: 'failed', detail };
}
