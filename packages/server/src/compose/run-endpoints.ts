/** Runs and conversations as the HTTP API asks for them. They are built after the gateway, and are there before its first request. */
import type { SessionDetails } from '@openclaw/protocol';
import { OpenClawError } from '../core/errors.ts';
import type { RunEndpointsOptions, SessionDirectory } from '../gateway/index.ts';
import type { Conversations } from '../runs/index.ts';
import type { RunsSide } from './runs.ts';

/** After it the summary may still come, in a run that can be watched; who asked is told that it takes longer. */
const compactionMs = 120_000;
const messagesAfterCompaction = 20;

export function runEndpointsOf(
  side: () => Pick<RunsSide, 'engine' | 'programs' | 'conversations'>,
): Pick<RunEndpointsOptions, 'runs' | 'programs' | 'sessions'> {
  const engine = () => side().engine;
  const programs = () => side().programs;
  return {
    runs: {
      // So that a run in a session becomes part of it.
      create: (request, origin) => side().conversations.create(request, origin),
      get: (runId) => engine().get(runId),
      list: (question) => engine().list(question),
      events: (runId, after, signal) => engine().events(runId, after, signal),
      cancel: (runId, by, reason) => engine().cancel(runId, by, reason),
      signal: (runId, signal, by) => engine().signal(runId, signal, by),
      resolveApproval: (which, verdict) => engine().resolveApproval(which, verdict),
      resolveOutcome: (which, decision, by) => engine().resolveOutcome(which, decision, by),
      retry: (runId, by) => engine().retry(runId, by),
      fork: (runId, fromSeq, origin) => engine().fork(runId, fromSeq, origin),
    },
    programs: {
      open: (request, by) => programs().open(request, by),
      begin: (runId, request) => programs().begin(runId, request),
      finishStep: (runId, step, request) => programs().finishStep(runId, step, request),
      failStep: (runId, step, request) => programs().failStep(runId, step, request),
      finish: (runId, request) => programs().finish(runId, request),
      cancel: (runId, by, reason) => programs().cancel(runId, by, reason),
    },
    sessions: sessionsOf(() => side().conversations),
  };
}

function sessionsOf(conversations: () => Conversations): SessionDirectory {
  const show = async (key: string, limit: number): Promise<SessionDetails> => {
    const { session, messages } = await conversations().history(key, { limit });
    if (!session) throw new OpenClawError('session_not_found', { details: { sessionKey: key } });
    const shown = messages.map(({ seq, role, text, atMs, runId }) => ({ seq, role, text, atMs, runId }));
    return { ...viewOf(session), messages: shown };
  };
  return {
    async list(page) {
      const { sessions, total } = await conversations().listSessions(page);
      return { sessions: sessions.map(viewOf), total };
    },
    show,
    remove: (key) => conversations().deleteSession(key),
    async compact(key, by) {
      await conversations().compactSession(key, { by, signal: AbortSignal.timeout(compactionMs) });
      return show(key, messagesAfterCompaction);
    },
  };
}

type Summary = Awaited<ReturnType<Conversations['listSessions']>>['sessions'][number];

function viewOf({ key, agentId, label, model, messageCount, createdAtMs, updatedAtMs }: Summary): Omit<SessionDetails, 'messages'> {
  return { key, agentId, label, model, messageCount, createdAtMs, updatedAtMs };
}
