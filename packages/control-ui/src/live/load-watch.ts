/** Looks at the load every few seconds while somebody is signed in, whichever page is open, so that charts have a past when they are opened. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { Admin } from '../admin/admin.ts';
import { every, now } from '../clock.ts';
import { compareLooks, lookAt, type LoadSample, type Look } from './load.ts';

export const lookIntervalMs = 5000;
/** Half an hour. */
const samplesLimit = 360;

export interface LoadWatch {
  /** The oldest first; at most half an hour of them. */
  readonly samples: ReadonlySignal<readonly LoadSample[]>;
  /** @returns ends it; what was seen stays */
  start(): () => void;
}

export function createLoadWatch(admin: Admin): LoadWatch {
  const samples = signal<readonly LoadSample[]>([]);
  let last: Look | undefined;

  async function look(stopping: AbortSignal): Promise<void> {
    try {
      const next = lookAt(await admin.text('/metrics', { signal: stopping }), now());
      const sample = last && compareLooks(last, next);
      last = next;
      if (sample) samples.value = [...samples.value.slice(1 - samplesLimit), sample];
    } catch {
      // A gap in the chart. Why the gateway does not answer is said where the connection is shown.
    }
  }

  return {
    samples,
    start() {
      const stopping = new AbortController();
      let looking = look(stopping.signal);
      const stop = every(lookIntervalMs, () => {
        looking = looking.then(() => look(stopping.signal));
      });
      return () => {
        stop();
        stopping.abort();
      };
    },
  };
}
