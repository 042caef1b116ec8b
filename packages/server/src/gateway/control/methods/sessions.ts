/** `sessions.*`: which conversations there are, and what can be done with them beside speaking. */
import type { ControlClient, Hub, Method, MethodTable } from '../contract.ts';
import type { RunStarter, SessionSummary } from '../run-starter.ts';
import { actorOf } from './actor.ts';
import { Params } from './params.ts';
import { resolveSession, type AgentDirectory } from './session-keys.ts';
import { sessionShape } from './turn-shapes.ts';
import type { Clock } from '../../../core/clock.ts';

export interface SessionMethodsOptions {
  readonly turns: Pick<
    RunStarter,
    'listSessions' | 'history' | 'patchSession' | 'resetSession' | 'deleteSession' | 'compactSession' | 'subscribe'
  >;
  readonly agents: AgentDirectory;
  readonly defaultModel: () => string;
  readonly hub: Pick<Hub, 'broadcast'>;
  readonly clock: Clock;
}

/** Where something is looked for in them, the latest so many are looked through. */
const searchedSessions = 1000;

export function createSessionMethods(options: SessionMethodsOptions): MethodTable {
  const followers = new WeakSet<ControlClient>();
  const tell = (sessionKey: string, reason: string): void => {
    const to = (client: ControlClient): boolean => followers.has(client);
    options.hub.broadcast('sessions.changed', { sessionKey, reason, ts: options.clock.now() }, { scope: 'operator.sessions.read', to });
  };
  options.turns.subscribe(({ kind, sessionKey }) => {
    if (kind === 'started' || kind === 'ended') tell(sessionKey, kind === 'started' ? 'run-started' : 'run-ended');
  });
  return {
    'sessions.list': list(options),
    'sessions.preview': preview(options),
    'sessions.describe': describe(options),
    'sessions.subscribe': {
      scope: 'operator.sessions.read',
      run({ params, client }) {
        const read = new Params(params);
        read.passOver('agentId');
        read.end();
        followers.add(client);
        return { subscribed: true };
      },
    },
    ...changes(options, tell),
  };
}

function list({ turns, agents, defaultModel, clock }: SessionMethodsOptions): Method {
  return {
    scope: 'operator.sessions.read',
    async run({ params }) {
      const read = new Params(params);
      const limit = read.optionalNumber('limit', { minimum: 1, maximum: 1000 }) ?? 100;
      const offset = read.optionalNumber('offset') ?? 0;
      const activeMinutes = read.optionalNumber('activeMinutes', { minimum: 1 });
      const wanted = {
        agentId: read.optionalText('agentId'),
        label: read.optionalText('label'),
        search: read.optionalText('search', { mayBeEmpty: true })?.toLowerCase(),
        sinceMs: activeMinutes === undefined ? undefined : clock.now() - activeMinutes * 60_000,
      };
      read.passOver('includeGlobal', 'includeUnknown', 'includeDerivedTitles', 'includeLastMessage', 'configuredAgentsOnly');
      read.refuse('spawnedBy', 'sessions do not begin sessions in this release');
      read.end();
      const page = Object.values(wanted).some((value) => value !== undefined && value !== '')
        ? await search(turns, wanted, { limit, offset })
        : await turns.listSessions({ limit, offset });
      const next = offset + page.sessions.length;
      return {
        ...{ ts: clock.now(), count: page.sessions.length, totalCount: page.total, limitApplied: limit },
        ...{ hasMore: next < page.total, nextOffset: next < page.total ? next : null, owners: [] },
        defaults: { agentId: agents.defaultId, model: defaultModel() },
        sessions: page.sessions.map(sessionShape),
      };
    },
  };
}

interface Wanted {
  readonly agentId: string | undefined;
  readonly label: string | undefined;
  readonly search: string | undefined;
  readonly sinceMs: number | undefined;
}

async function search(turns: Pick<RunStarter, 'listSessions'>, wanted: Wanted, page: { readonly limit: number; readonly offset: number }) {
  const { sessions } = await turns.listSessions({ limit: searchedSessions, offset: 0 });
  const found = sessions.filter((session) => fits(session, wanted));
  return { sessions: found.slice(page.offset, page.offset + page.limit), total: found.length };
}

function fits({ key, label, agentId, updatedAtMs }: SessionSummary, wanted: Wanted): boolean {
  if (wanted.agentId !== undefined && wanted.agentId !== agentId) return false;
  if (wanted.label !== undefined && wanted.label !== label) return false;
  if (wanted.sinceMs !== undefined && updatedAtMs < wanted.sinceMs) return false;
  return `${key} ${label ?? ''}`.toLowerCase().includes(wanted.search ?? '');
}

function preview({ turns, agents, clock }: SessionMethodsOptions): Method {
  return {
    scope: 'operator.sessions.read',
    async run({ params }) {
      const read = new Params(params);
      const keys = read.texts('keys', { limit: 100, each: 400 }) ?? [];
      const limit = read.optionalNumber('limit', { minimum: 1, maximum: 50 }) ?? 10;
      const maxChars = read.optionalNumber('maxChars', { minimum: 20, maximum: 2000 }) ?? 200;
      read.end();
      const previews = await Promise.all(
        keys.map(async (key) => {
          const { session, messages } = await turns.history(resolveSession({ sessionKey: key }, agents).sessionKey, { limit });
          if (!session) return { key, status: 'missing', items: [] };
          const items = messages.map(({ role, text }) => ({ role, text: text.slice(0, maxChars).toWellFormed() }));
          return { key, status: items.length === 0 ? 'empty' : 'ok', items };
        }),
      );
      return { ts: clock.now(), previews };
    },
  };
}

function describe({ turns, agents }: SessionMethodsOptions): Method {
  return {
    scope: 'operator.sessions.read',
    async run({ params }) {
      const read = new Params(params);
      const named = { sessionKey: read.text('key', { limit: 400 }), agentId: read.optionalText('agentId', { limit: 200 }) };
      read.passOver('includeDerivedTitles', 'includeLastMessage');
      read.end();
      const { session } = await turns.history(resolveSession(named, agents).sessionKey, { limit: 1 });
      return { session: session ? sessionShape(session) : null };
    },
  };
}

function changes({ turns, agents }: SessionMethodsOptions, tell: (sessionKey: string, reason: string) => void): MethodTable {
  const readKey = (read: Params): string => {
    const named = { sessionKey: read.text('key', { limit: 400 }), agentId: read.optionalText('agentId', { limit: 200 }) };
    return resolveSession(named, agents).sessionKey;
  };
  return {
    'sessions.patch': {
      scope: 'operator.sessions.write',
      async run({ params }) {
        const read = new Params(params);
        const key = readKey(read);
        const label = read.changedText('label', { limit: 512 });
        const model = read.changedText('model', { limit: 500 });
        read.end();
        const changed = { ...(label === undefined ? {} : { label }), ...(model === undefined ? {} : { model }) };
        const session = await turns.patchSession(key, changed);
        tell(key, 'patch');
        return { ok: true, key, entry: sessionShape(session) };
      },
    },
    'sessions.reset': {
      scope: 'operator.admin',
      async run({ params }) {
        const read = new Params(params);
        const key = readKey(read);
        read.passOver('reason');
        read.end();
        const session = await turns.resetSession(key);
        tell(key, 'reset');
        return { ok: true, key, entry: sessionShape(session) };
      },
    },
    'sessions.compact': {
      scope: 'operator.admin',
      async run({ params, client, signal }) {
        const read = new Params(params);
        const key = readKey(read);
        read.passOver('maxLines');
        read.end();
        const compacted = await turns.compactSession(key, { by: actorOf(client.principal), signal });
        if (compacted) tell(key, 'compact');
        return { ok: true, key, compacted };
      },
    },
    'sessions.delete': {
      scope: 'operator.admin',
      async run({ params }) {
        const read = new Params(params);
        const key = readKey(read);
        read.passOver('deleteTranscript', 'emitLifecycleHooks');
        read.end();
        const deleted = await turns.deleteSession(key);
        if (deleted) tell(key, 'delete');
        return { ok: true, key, deleted };
      },
    },
  };
}
