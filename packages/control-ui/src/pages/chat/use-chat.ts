/** What the page asks of the gateway around a conversation: which ones there are, and which models can be asked. */
import { useEffect, useMemo } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { now } from '../../clock.ts';
import { useLive, type Live } from '../../live/use-live.ts';
import { ChatDesk } from './chat-desk.ts';
import type { Outbox } from './outbox.ts';
import type { SessionRow } from './sessions.ts';

export interface ModelRow {
  readonly key: string;
  readonly kind: 'route' | 'model';
}

/** The list, new with every change that somebody makes. */
export function useSessions(): Live<readonly SessionRow[]> {
  const { connection } = useApp();
  const epoch = connection.epoch.value;
  const live = useLive(
    async (signal) => (await connection.request<{ sessions: SessionRow[] }>('sessions.list', { limit: 200 }, { signal })).sessions,
    { again: String(epoch) },
  );
  const { refresh } = live;
  useEffect(() => {
    // Refused only where the list itself was, which says why.
    connection.request('sessions.subscribe', {}).catch(() => undefined);
    return connection.subscribe(({ event }) => {
      if (event === 'sessions.changed') refresh();
    });
  }, [connection, epoch, refresh]);
  return live;
}

export function useModels(): readonly ModelRow[] {
  const { connection } = useApp();
  const live = useLive(async (signal) => (await connection.request<{ models: ModelRow[] }>('models.list', {}, { signal })).models, {
    again: String(connection.epoch.value),
  });
  return live.value ?? [];
}

export function useDesk(sessionKey: string, outbox: Outbox): ChatDesk {
  const { connection } = useApp();
  const epoch = connection.epoch.value;
  const desk = useMemo(() => new ChatDesk({ sessionKey, connection, outbox, now, createKey: randomId }), [sessionKey, connection, outbox]);
  useEffect(() => desk.follow(), [desk]);
  useEffect(() => void desk.load(), [desk, epoch]);
  return desk;
}

/** Without `crypto.randomUUID`, which pages over plain http lack. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
