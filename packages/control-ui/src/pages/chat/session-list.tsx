/** The conversations that there are, the latest first. */
import { useState } from 'preact/hooks';
import { now } from '../../clock.ts';
import { TextField } from '../../components/fields.tsx';
import { Loaded } from '../../components/feedback.tsx';
import { Icon } from '../../components/icon.tsx';
import { formatAgo } from '../../format.ts';
import type { Live } from '../../live/use-live.ts';
import { routeHash } from '../../routing.ts';
import { nameOf, withOpen, type SessionRow } from './sessions.ts';

export interface SessionListProps {
  readonly live: Live<readonly SessionRow[]>;
  readonly openKey: string;
  readonly onNew: () => void;
}

/** With fewer one sees all of them anyway. */
const searchedFrom = 8;

export function SessionList({ live, openKey, onNew }: SessionListProps) {
  const [wanted, setWanted] = useState('');
  const words = wanted.trim().toLowerCase();
  return (
    <nav class="session-list" aria-label="Conversations">
      <button type="button" class="button button-wide" onClick={onNew}>
        <Icon name="plus" size={16} /> New conversation
      </button>
      {(live.value?.length ?? 0) >= searchedFrom && <TextField label="Find" type="search" value={wanted} onInput={setWanted} />}
      <Loaded live={live} lines={5}>
        {(sessions) => (
          <ul>
            {withOpen(sessions, openKey)
              .filter((session) => nameOf(session).toLowerCase().includes(words))
              .map((session) => (
                <li key={session.key}>
                  <a
                    class="session"
                    href={routeHash(['chat', session.key])}
                    {...(session.key === openKey ? { 'aria-current': 'page' as const } : {})}
                  >
                    <span class="session-name">{nameOf(session)}</span>
                    <span class="note">{session.updatedAt === 0 ? 'nothing said yet' : formatAgo(session.updatedAt, now())}</span>
                  </a>
                </li>
              ))}
          </ul>
        )}
      </Loaded>
    </nav>
  );
}
