/** What is seen at all: the gate until the gateway lets this browser in, then the shell with its pages. */
import { useEffect } from 'preact/hooks';
import { useApp } from './app-context.ts';
import { ToastList } from './components/toast.tsx';
import { Gate } from './shell/gate.tsx';
import { Shell } from './shell/shell.tsx';

const tellsOfHealth: ReadonlySet<string> = new Set(['health', 'config.changed', 'clw-memory-pressure']);

export function Root() {
  const { connection, health, load, toasts } = useApp();
  const phase = connection.phase.value;
  const isInside = phase.kind === 'online' || (phase.kind === 'offline' && phase.hello !== undefined);
  useEffect(() => {
    if (!isInside) return undefined;
    const ends = [health.start(), load.start(), connection.subscribe(({ event }) => tellsOfHealth.has(event) && health.refresh())];
    return () => {
      for (const end of ends) end();
    };
  }, [isInside, connection, health, load]);
  return (
    <>
      {isInside ? <Shell /> : <Gate />}
      <ToastList toasts={toasts} />
    </>
  );
}
