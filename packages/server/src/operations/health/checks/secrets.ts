/** Whether secrets that lie elsewhere can still be read there. What was read last holds, so traffic need not go elsewhere. */
import { degraded, ok, type Check } from '../check.ts';

/** What is asked of the keeper of the configuration. */
export interface SecretLook {
  readonly setting: string;
  readonly state: 'ok' | 'degraded' | 'failed';
  readonly reason?: string;
}

export function createSecretsCheck(look: () => readonly SecretLook[]): Check {
  return () => {
    const troubled = look().filter(({ state }) => state !== 'ok');
    if (troubled.length === 0) return ok;
    return degraded(troubled.map(({ setting, reason = 'it cannot be read' }) => `${setting}: ${reason}`).join('; '));
  };
}
