/** Conversations as the list at the side shows them. */
export interface SessionRow {
  readonly key: string;
  readonly label?: string;
  readonly model?: string;
  readonly messageCount: number;
  readonly updatedAt: number;
}

export const mainSession = 'agent:main:main';

const labelLimit = 60;

/** What a session without a name is called: `agent:main:main` is the main one. */
export function nameOf({ key, label }: Pick<SessionRow, 'key' | 'label'>): string {
  if (label !== undefined) return label;
  if (key === mainSession) return 'Main';
  const [, agent = '', name = key] = /^agent:([^:]+):(.+)$/s.exec(key) ?? [];
  const short = name.replace(/^web-\w+$/, 'New conversation');
  return agent === '' || agent === 'main' ? short : `${agent}: ${short}`;
}

/** A key that no session has. */
export function newSessionKey(random: string): string {
  return `agent:main:web-${random}`;
}

/** Conversations that were begun on this page are called after their first message; others have names that mean something already. */
export function labelFor({
  key,
  label,
  message,
}: {
  readonly key: string;
  readonly label: string | undefined;
  readonly message: string;
}): string | undefined {
  if (label !== undefined || !/^agent:main:web-\w+$/.test(key)) return undefined;
  const line = message.trim().split('\n', 1)[0]?.trim() ?? '';
  if (line === '') return undefined;
  return line.length <= labelLimit
    ? line
    : `${line
        .slice(0, labelLimit - 1)
        .toWellFormed()
        .trimEnd()}…`;
}

/** The open one is in the list also before it has a message. */
export function withOpen(sessions: readonly SessionRow[], key: string): readonly SessionRow[] {
  if (sessions.some((session) => session.key === key)) return sessions;
  return [{ key, messageCount: 0, updatedAt: 0 }, ...sessions];
}
