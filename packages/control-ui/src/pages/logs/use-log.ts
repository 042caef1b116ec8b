/** Follows the log of the gateway: what came since the last look, every second while somebody looks, across rotations and restarts. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { after } from '../../clock.ts';
import { addTail, emptyLog, type LogTail, type LogView } from './log-lines.ts';

export interface FollowedLog {
  readonly view: LogView;
  readonly error: Error | undefined;
  clear(): void;
}

const everyMs = 1000;
const pageSize = 500;

export function useLog(isPaused: boolean): FollowedLog {
  const { connection } = useApp();
  const epoch = connection.epoch.value;
  const [view, setView] = useState<LogView>(emptyLog);
  const [error, setError] = useState<Error>();
  const latest = useRef(view);
  latest.current = view;
  useEffect(() => {
    if (isPaused) return undefined;
    const leaving = new AbortController();
    const { signal } = leaving;
    let cancel = (): void => {};
    const look = async (): Promise<void> => {
      let isMore = false;
      try {
        const { cursor } = latest.current;
        const tail = await connection.request<LogTail>(
          'logs.tail',
          { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) },
          { signal },
        );
        if (signal.aborted) return;
        isMore = cursor !== undefined && tail.lines.length === pageSize;
        latest.current = addTail(latest.current, tail);
        setView(latest.current);
        setError(undefined);
      } catch (thrown) {
        if (signal.aborted) return;
        setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
      }
      cancel = after(isMore ? 0 : everyMs, lookWhenSeen);
    };
    const lookWhenSeen = (): void => {
      if (document.visibilityState === 'visible') void look();
      else document.addEventListener('visibilitychange', lookWhenSeen, { once: true, signal });
    };
    void look();
    return () => {
      leaving.abort();
      cancel();
    };
  }, [connection, epoch, isPaused]);
  return { view, error, clear: () => setView({ ...latest.current, lines: [] }) };
}
