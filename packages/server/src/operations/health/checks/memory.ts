/** How near the process is to the end of its memory. Never more than degraded: what is refused then is said by each refusal. */
import { degraded, ok, type Check } from '../check.ts';

export interface MemoryLook {
  readonly state: 'ok' | 'pressure' | 'critical';
  readonly usedBytes: number;
  readonly limitBytes: number;
}

export function createMemoryCheck(look: () => MemoryLook): Check {
  return () => {
    const { state, usedBytes, limitBytes } = look();
    if (state === 'ok') return ok;
    const share = `${Math.round((usedBytes / limitBytes) * 100)} % of ${Math.round(limitBytes / 2 ** 20)} MiB of memory are used`;
    return degraded(state === 'pressure' ? `${share}: caches are given up` : `${share}: new long work is refused`);
  };
}
