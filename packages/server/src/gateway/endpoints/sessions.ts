/** The part of `/v1/sessions`: conversations, for callers with the scope `admin`. What a session is, others know. */
import type { SessionDetails, SessionView } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { replyJson } from '../reply.ts';
import { type OperationHandler, wrong } from './operation-router.ts';

/** What the endpoints need of others; `compose/` fills it in. */
export interface SessionDirectory {
  /** The latest first. */
  list(page: {
    readonly limit: number;
    readonly offset: number;
  }): Promise<{ readonly sessions: readonly SessionView[]; readonly total: number }>;
  /** With its last messages, the oldest first. @throws OpenClawError `session_not_found` */
  show(key: string, messages: number): Promise<SessionDetails>;
  /** Stops what runs in it first. @returns whether there was one */
  remove(key: string): Promise<boolean>;
  /** Absent: it cannot be done by hand. @throws OpenClawError `session_not_found` */
  compact?(key: string, by: string): Promise<SessionDetails>;
}

const defaultSessions = 20;
const defaultMessages = 100;

type Name = 'listSessions' | 'getSession' | 'deleteSession' | 'compactSession';

export function createSessionHandlers(sessions: SessionDirectory): Record<Name, OperationHandler> {
  return {
    async listSessions({ request, query }) {
      const limit = Number(query['limit'] ?? defaultSessions);
      const offset = readOffset(query['after']);
      const page = await sessions.list({ limit, offset });
      const next = offset + page.sessions.length;
      const hasMore = page.sessions.length > 0 && next < page.total;
      replyJson(request.response, 200, {
        ...{ object: 'list', data: page.sessions, has_more: hasMore, next_after: hasMore ? String(next) : null },
      });
    },
    async getSession({ request, path, query }) {
      replyJson(request.response, 200, await sessions.show(path['key'] ?? '', Number(query['limit'] ?? defaultMessages)));
    },
    async deleteSession({ request, path }) {
      const key = path['key'] ?? '';
      if (!(await sessions.remove(key))) throw new OpenClawError('session_not_found', { details: { sessionKey: key } });
      replyJson(request.response, 200, { key, deleted: true });
    },
    async compactSession({ request, caller, path }) {
      if (!sessions.compact) {
        const details = {
          what: 'compacting a session by hand',
          suggestion: 'Runs shorten and summarise by themselves what no longer fits.',
        };
        throw new OpenClawError('not_in_release', { details });
      }
      replyJson(request.response, 200, await sessions.compact(path['key'] ?? '', caller.id));
    },
  };
}

function readOffset(after: string | number | undefined): number {
  if (after === undefined) return 0;
  if (!/^\d{1,9}$/.test(String(after))) throw wrong('after', 'must be what the page before gave as next_after');
  return Number(after);
}
