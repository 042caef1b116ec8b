/** A run that a page shows, for as long as it does. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { every, now } from '../clock.ts';
import { RunDesk } from './run-desk.ts';

/** None where there is no id. */
export function useRun(runId: string | undefined): RunDesk | undefined {
  const { connection } = useApp();
  const epoch = connection.epoch.value;
  const desk = useMemo(() => (runId === undefined ? undefined : new RunDesk(runId, connection)), [runId, connection]);
  useEffect(() => desk?.follow(), [desk]);
  useEffect(() => void desk?.load(), [desk, epoch]);
  return desk;
}

/** The time, once a second while something is under way. */
export function useNow(isTicking: boolean): number {
  const [time, setTime] = useState(now());
  useEffect(() => {
    setTime(now());
    return isTicking ? every(1000, () => setTime(now())) : undefined;
  }, [isTicking]);
  return time;
}
