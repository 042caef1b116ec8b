/** How many devices wait to be let in, as far as this connection may know. */
import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';

export function usePendingDevices(): number {
  const { connection } = useApp();
  const [count, setCount] = useState(0);
  const epoch = connection.epoch.value;
  useEffect(() => {
    const leaving = new AbortController();
    const ask = async (): Promise<void> => {
      if (!connection.may('operator.pairing')) return;
      try {
        const { pending } = await connection.request<{ pending: readonly unknown[] }>('device.pair.list', {}, { signal: leaving.signal });
        setCount(pending.length);
      } catch {
        // The next event or connection asks again.
      }
    };
    void ask();
    const end = connection.subscribe(({ event }) => {
      if (event.startsWith('device.pair.')) void ask();
    });
    return () => {
      end();
      leaving.abort();
    };
  }, [connection, epoch]);
  return count;
}
