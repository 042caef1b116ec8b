/** What the gateway says now, asked again and again while somebody looks: not while the tab is hidden, and never twice at once. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { after } from '../clock.ts';

export interface Live<T> {
  /** The last good answer, also while the next one is under way or failed. */
  readonly value: T | undefined;
  /** Why the last question failed; undefined once one goes well. */
  readonly error: Error | undefined;
  /** Asks at once. */
  refresh(): void;
}

export interface LiveOptions {
  /** Between an answer and the next question. Absent: asked once. */
  readonly everyMs?: number;
  /** What the question depends on: when it changes, the old answer is dropped and it is asked anew. @default '' */
  readonly key?: string;
  /** When it changes it is asked at once, and the old answer stays until then: after a new connection, for what somebody may be editing. @default '' */
  readonly again?: string;
}

interface Settled<T> {
  readonly key: string;
  readonly value?: T | undefined;
  readonly error?: Error | undefined;
}

export function useLive<T>(load: (signal: AbortSignal) => Promise<T>, options: LiveOptions = {}): Live<T> {
  const { everyMs, key = '', again = '' } = options;
  const [settled, setSettled] = useState<Settled<T>>({ key });
  const [round, setRound] = useState(0);
  const latestLoad = useRef(load);
  latestLoad.current = load;

  useEffect(() => {
    const leaving = new AbortController();
    let cancelTimer = (): void => {};
    const ask = async (): Promise<void> => {
      try {
        const value = await latestLoad.current(leaving.signal);
        if (!leaving.signal.aborted) setSettled({ key, value });
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        if (!leaving.signal.aborted) setSettled((before) => ({ key, value: before.key === key ? before.value : undefined, error }));
      }
      if (everyMs !== undefined && !leaving.signal.aborted) cancelTimer = after(everyMs, askWhenSeen);
    };
    const askWhenSeen = (): void => {
      if (document.visibilityState === 'visible') void ask();
      else document.addEventListener('visibilitychange', askWhenSeen, { once: true, signal: leaving.signal });
    };
    void ask();
    return () => {
      leaving.abort();
      cancelTimer();
    };
  }, [key, again, everyMs, round]);

  const refresh = useCallback(() => setRound((count) => count + 1), []);
  const current = settled.key === key ? settled : { value: undefined, error: undefined };
  return { value: current.value, error: current.error, refresh };
}
