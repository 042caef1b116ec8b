/** Names of sessions: `agent:<agent>:<rest>`. Clients may write less of it. */
import { OpenClawError } from '../../../core/errors.ts';
import { invalid } from './params.ts';

export interface AgentRow {
  readonly id: string;
  /** Where it has one of its own. */
  readonly model?: string;
}

export interface AgentDirectory {
  readonly defaultId: string;
  list(): readonly AgentRow[];
}

/** The session that everybody means who names none. */
export const mainKey = 'main';

export interface NamedSession {
  readonly sessionKey?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly agentId?: string | undefined;
}

/** @throws OpenClawError `agent_not_found`, and `invalid_request` where key and agent contradict each other */
export function resolveSession(named: NamedSession, agents: AgentDirectory): { readonly sessionKey: string; readonly agentId: string } {
  const written = named.sessionKey;
  const inKey = written === undefined ? undefined : /^agent:([^:]+):.+$/s.exec(written)?.[1];
  if (written?.startsWith('agent:') && inKey === undefined) throw invalid('sessionKey', "must be 'agent:AGENT:NAME', or a name alone");
  if (inKey !== undefined && named.agentId !== undefined && inKey !== named.agentId)
    throw invalid('agentId', `is not the agent of ${written}`);
  const agentId = inKey ?? named.agentId ?? agents.defaultId;
  if (!agents.list().some(({ id }) => id === agentId)) throw new OpenClawError('agent_not_found', { details: { agentId } });
  if (inKey !== undefined && written !== undefined) return { sessionKey: written, agentId };
  if (written !== undefined) return { sessionKey: `agent:${agentId}:${written}`, agentId };
  const rest = named.sessionId === undefined ? mainKey : `explicit:${named.sessionId}`;
  return { sessionKey: `agent:${agentId}:${rest}`, agentId };
}
