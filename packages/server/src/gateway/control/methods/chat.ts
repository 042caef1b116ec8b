/** `chat.*`: conversations as chat clients hold them. What happens meanwhile comes as events: `turn-events.ts`. */
import type { JsonObject } from '../../../core/json.ts';
import type { Method, MethodTable } from '../contract.ts';
import type { RunStarter, TurnResult } from '../run-starter.ts';
import { isCommand, messageLimit } from './agents.ts';
import { actorOf, originOf } from './actor.ts';
import { invalid, Params } from './params.ts';
import { resolveSession, type AgentDirectory } from './session-keys.ts';
import { chatEnd } from './turn-events.ts';
import { messageShape, sessionShape } from './turn-shapes.ts';

export interface ChatMethodsOptions {
  readonly turns: Pick<RunStarter, 'start' | 'wait' | 'history' | 'running' | 'abort'>;
  readonly agents: AgentDirectory;
  readonly defaultModel: () => string;
  /** What can be asked for, as `models.list` answers it. */
  readonly models: () => Promise<readonly object[]>;
}

const noWait = 0;

export function createChatMethods(options: ChatMethodsOptions): MethodTable {
  return { 'chat.send': send(options), 'chat.history': history(options), 'chat.abort': abort(options), 'chat.metadata': metadata(options) };
}

function send({ turns, agents }: ChatMethodsOptions): Method {
  return {
    scope: (params) => (isCommand(params) ? 'operator.admin' : 'operator.write'),
    async run({ params, client, signal }) {
      const { message, idempotencyKey, timeoutMs, ...named } = readSend(params);
      const { sessionKey, agentId } = resolveSession(named, agents);
      const started = await turns.start({
        ...{ sessionKey, agentId, message, idempotencyKey, origin: originOf(client) },
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      });
      const { runId, known } = started;
      if (!known) return { runId, status: 'started' };
      const result = await turns.wait(runId, { timeoutMs: noWait, signal });
      if (!result) return { runId, status: 'in_flight' };
      // Whoever lost the connection in the middle asks again, and waits for the event that ends the turn.
      client.send('chat', { runId, sessionKey, agentId, seq: 1, ...chatEnd(result) });
      return { runId, status: answered(result), ...(result.error ? { summary: result.error.message } : {}) };
    },
  };
}

function answered({ status }: TurnResult): string {
  return status === 'ok' ? 'ok' : 'error';
}

function readSend(params: JsonObject) {
  const read = new Params(params);
  const message = read.text('message', { limit: messageLimit });
  if (isCommand(params)) throw invalid('message', 'begins with a command; sessions.reset begins a session anew');
  const asked = {
    message,
    idempotencyKey: read.text('idempotencyKey', { limit: 200 }),
    sessionKey: read.text('sessionKey', { limit: 400 }),
    agentId: read.optionalText('agentId', { limit: 200 }),
    timeoutMs: read.optionalNumber('timeoutMs', { maximum: 24 * 60 * 60_000 }),
  };
  read.refuse('attachments', 'files are not in this release');
  read.refuse('thinking', 'is not in this release');
  read.refuse('deliver', 'there are no channels in this release');
  read.passOver('sessionId', 'originatingChannel', 'originatingTo', 'originatingAccountId', 'originatingThreadId');
  read.end();
  return asked;
}

function history({ turns, agents, defaultModel }: ChatMethodsOptions): Method {
  return {
    scope: 'operator.sessions.read',
    async run({ params }) {
      const read = new Params(params);
      const named = { sessionKey: read.text('sessionKey', { limit: 400 }), agentId: read.optionalText('agentId', { limit: 200 }) };
      const limit = read.optionalNumber('limit', { minimum: 1, maximum: 1000 }) ?? 200;
      const offset = read.optionalNumber('offset') ?? 0;
      read.passOver('maxChars', 'sessionId');
      read.end();
      const { sessionKey } = resolveSession(named, agents);
      // Before the messages: a turn that ends in between is then told twice, and not left out.
      const running = await turns.running(sessionKey);
      const { session, messages, nextOffset } = await turns.history(sessionKey, { limit, offset });
      // What a running turn has said comes as `inFlightRun`, which its events go on from.
      const whole = messages.filter(({ role, runId }) => role === 'user' || runId !== running?.runId);
      return {
        ...{ sessionKey, sessionId: session?.sessionId ?? null, messages: whole.map(messageShape) },
        ...{ pendingInputs: { items: [], total: 0 }, deltaCursor: null },
        ...{ hasMore: nextOffset !== undefined, nextOffset: nextOffset ?? null, totalMessages: session?.messageCount ?? 0 },
        defaults: { model: defaultModel() },
        sessionInfo: session ? sessionShape(session) : {},
        ...(running ? { inFlightRun: { runId: running.runId, text: running.text, startedAt: running.acceptedAtMs } } : {}),
      };
    },
  };
}

function abort({ turns, agents }: ChatMethodsOptions): Method {
  return {
    scope: 'operator.write',
    async run({ params, client }) {
      const read = new Params(params);
      const named = { sessionKey: read.text('sessionKey', { limit: 400 }), agentId: read.optionalText('agentId', { limit: 200 }) };
      const runId = read.optionalText('runId', { limit: 200 });
      read.end();
      const { sessionKey } = resolveSession(named, agents);
      const runIds = await turns.abort({ sessionKey, ...(runId === undefined ? {} : { runId }) }, actorOf(client.principal));
      return { ok: true, aborted: runIds.length > 0, runIds };
    },
  };
}

function metadata({ agents, models, defaultModel }: ChatMethodsOptions): Method {
  return {
    scope: 'operator.sessions.read',
    async run({ params }) {
      const read = new Params(params);
      const named = { sessionKey: read.optionalText('sessionKey', { limit: 400 }), agentId: read.optionalText('agentId', { limit: 200 }) };
      read.end();
      const { sessionKey, agentId } = resolveSession(named, agents);
      return { sessionKey, agentId, defaults: { model: defaultModel() }, models: await models(), commands: [] };
    },
  };
}
