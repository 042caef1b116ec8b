/** What `/readyz` and `/health` look at, as checks over the parts. */
import type { Clock } from '../core/clock.ts';
import { createHealth, type Health } from '../gateway/index.ts';
import type { ModelPath } from '../models/index.ts';
import type { State } from '../storage/index.ts';

/** Below this, the next hour of logs and journal may not fit. */
const lowDiskBytes = 256 * 1024 * 1024;

export function examine(state: State, models: ModelPath, clock: Clock): Health {
  return createHealth(
    {
      state: async () => {
        const { writable, reason } = await state.database.check();
        return writable ? { state: 'ok' } : { state: 'failed', ...(reason === undefined ? {} : { detail: reason }) };
      },
      disk: async () => {
        const freeBytes = await state.freeBytes();
        if (freeBytes > lowDiskBytes) return { state: 'ok' };
        return { state: 'degraded', detail: `${Math.floor(freeBytes / 2 ** 20)} MiB are free on the volume of the state directory` };
      },
      providers: () => {
        if (models.providers().length <= 1) return { state: 'degraded', detail: 'no provider is configured; only the rehearsal answers' };
        const troubled = models.keysStatus().filter(({ state }) => state !== 'ok');
        if (troubled.length === 0) return { state: 'ok' };
        const words = troubled.map(({ provider, key, state, reason }) => `${provider} (key ${key}): ${state}, ${reason ?? ''}`);
        return { state: 'degraded', detail: words.join('; ') };
      },
    },
    clock,
  );
}
