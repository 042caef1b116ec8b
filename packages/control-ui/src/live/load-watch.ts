/**
 * Looks at the load every few seconds while somebody is signed in, whichever page is open, so that charts have a past when they are opened. What
 * was seen outlives a reload of the tab.
 */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { Admin } from '../admin/admin.ts';
import { after, now } from '../clock.ts';
import { compareLooks, gapAt, lookAt, type LoadSample, type Look } from './load.ts';

const lookIntervalMs = 5000;
/** Rates need two looks, and the first should not be waited for. */
const secondLookMs = 1500;
/** Half an hour. */
const samplesLimit = 360;
const keptMs = samplesLimit * lookIntervalMs;
const storageName = 'openclaw.load';

export interface LoadWatch {
  /** The oldest first; at most half an hour of them. */
  readonly samples: ReadonlySignal<readonly LoadSample[]>;
  /** @returns ends it; what was seen stays */
  start(): () => void;
  /** Keeps what was seen for the next load of the page in this tab. */
  keep(): void;
}

export function createLoadWatch(admin: Admin, store: Pick<Storage, 'getItem' | 'setItem'> = sessionStorage): LoadWatch {
  const samples = signal(readKept(store.getItem(storageName), now()));
  let last: Look | undefined;
  const add = (sample: LoadSample): void => {
    const lately = samples.value.filter(({ atMs }) => atMs > sample.atMs - keptMs);
    const previousMs = lately.at(-1)?.atMs;
    const isAfterGap = previousMs !== undefined && sample.atMs - previousMs > 3 * lookIntervalMs;
    samples.value = [...lately, ...(isAfterGap ? [gapAt(previousMs + 1)] : []), sample];
  };

  async function look(stopping: AbortSignal): Promise<void> {
    try {
      const next = lookAt(await admin.text('/metrics', { signal: stopping }), now());
      add(compareLooks(last, next));
      last = next;
    } catch {
      // A gap in the chart. Why the gateway does not answer is said where the connection is shown.
    }
  }

  return {
    samples,
    start() {
      const stopping = new AbortController();
      let cancel = (): void => {};
      const goOn = async (delayMs: number): Promise<void> => {
        await look(stopping.signal);
        if (!stopping.signal.aborted) cancel = after(delayMs, () => void goOn(lookIntervalMs));
      };
      void goOn(secondLookMs);
      return () => {
        stopping.abort();
        cancel();
      };
    },
    keep: () => store.setItem(storageName, JSON.stringify(samples.peek())),
  };
}

/** Written by this page alone, but perhaps by an earlier version of it. */
function readKept(text: string | null, nowMs: number): readonly LoadSample[] {
  if (text === null) return [];
  try {
    const kept = JSON.parse(text) as Partial<LoadSample>[];
    return kept.filter(({ atMs = 0 }) => atMs > nowMs - keptMs).map((each) => ({ ...gapAt(0), ...each }));
  } catch {
    return [];
  }
}
