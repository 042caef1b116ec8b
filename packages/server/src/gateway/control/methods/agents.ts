/** `agent`, which asks and answers twice; `agent.wait`; and who can be asked. */
import type { JsonObject } from '../../../core/json.ts';
import type { Method, MethodCall, MethodTable } from '../contract.ts';
import type { RunStarter } from '../run-starter.ts';
import { originOf } from './actor.ts';
import { invalid, noParams, Params } from './params.ts';
import { mainKey, resolveSession, type AgentDirectory } from './session-keys.ts';
import { refusalOf, resultShape } from './turn-shapes.ts';

export interface AgentMethodsOptions {
  readonly turns: Pick<RunStarter, 'start' | 'wait'>;
  readonly agents: AgentDirectory;
  /** The model of agents that name none. */
  readonly defaultModel: () => string;
}

/** Longer than any turn: `agent` ends with the turn, or with its client. */
const untilTheEndMs = 25 * 60 * 60_000;
const waitDefaultMs = 30_000;
const waitLimitMs = 60 * 60_000;
export const messageLimit = 400_000;

export function createAgentMethods(options: AgentMethodsOptions): MethodTable {
  return { agent: agent(options), ...questions(options) };
}

function agent({ turns, agents }: AgentMethodsOptions): Method {
  return {
    scope: (params) => (isCommand(params) ? 'operator.admin' : 'operator.write'),
    async run({ params, client, accept, signal }) {
      const asked = readAgent(params);
      const { sessionKey, agentId } = resolveSession(asked, agents);
      const { message, idempotencyKey, model, timeoutMs } = asked;
      const started = await turns.start({
        ...{ sessionKey, agentId, message, idempotencyKey, origin: originOf(client) },
        ...(model === undefined ? {} : { model }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      });
      const { runId, acceptedAtMs, known } = started;
      accept({ runId, sessionKey, agentId, status: 'accepted', acceptedAt: acceptedAtMs, ...(known ? { known } : {}) });
      const result = await turns.wait(runId, { timeoutMs: untilTheEndMs, signal });
      if (!result) return { runId, status: 'timeout' };
      if (result.status !== 'ok') throw refusalOf(result);
      return resultShape(result);
    },
  };
}

function readAgent(params: JsonObject) {
  const read = new Params(params);
  const message = read.text('message', { limit: messageLimit });
  if (isCommand(params)) throw invalid('message', 'begins with a command; sessions.reset begins a session anew');
  const timeoutSeconds = read.optionalNumber('timeout', { maximum: 24 * 60 * 60 });
  const asked = {
    message,
    idempotencyKey: read.text('idempotencyKey', { limit: 200 }),
    agentId: read.optionalText('agentId', { limit: 200 }),
    sessionKey: read.optionalText('sessionKey', { limit: 400 }),
    sessionId: read.optionalText('sessionId', { limit: 200 }),
    model: read.optionalText('model', { limit: 500 }),
    timeoutMs: timeoutSeconds === undefined ? undefined : timeoutSeconds * 1000,
  };
  read.refuse('deliver', 'there are no channels in this release; the answer comes to who asks');
  for (const name of ['attachments', 'images']) read.refuse(name, 'files are not in this release');
  for (const name of ['extraSystemPrompt', 'thinking']) read.refuse(name, 'is not in this release');
  // Where an answer would be delivered, and what groups runs in lists: neither is there.
  read.passOver(
    'to',
    'replyTo',
    'channel',
    'replyChannel',
    'accountId',
    'replyAccountId',
    'threadId',
    'groupId',
    'groupChannel',
    'groupSpace',
  );
  read.passOver('bestEffortDeliver', 'lane', 'label', 'runContext', 'inputProvenance');
  read.end();
  return asked;
}

/** What clients send as a message and mean as an order: it must not reach a model as if somebody had said it. */
export function isCommand({ message }: JsonObject): boolean {
  return typeof message === 'string' && /^\/(?:new|reset)(?:\s|$)/.test(message.trimStart());
}

function questions({ turns, agents, defaultModel }: AgentMethodsOptions): MethodTable {
  return {
    'agent.wait': {
      scope: 'operator.write',
      async run({ params, signal }: MethodCall) {
        const read = new Params(params);
        const runId = read.text('runId', { limit: 200 });
        const timeoutMs = read.optionalNumber('timeoutMs', { maximum: waitLimitMs }) ?? waitDefaultMs;
        read.end();
        const result = await turns.wait(runId, { timeoutMs, signal });
        return result ? resultShape(result) : { runId, status: 'timeout' };
      },
    },
    'agents.list': {
      scope: 'operator.read',
      run({ params }) {
        noParams(params);
        const list = agents.list().map(({ id, model }) => ({ id, name: id, model: { primary: model ?? defaultModel() } }));
        return { defaultId: agents.defaultId, selectionRequired: false, mainKey, scope: 'per-sender', agents: list };
      },
    },
    'agent.identity.get': {
      scope: 'operator.read',
      run({ params }) {
        const read = new Params(params);
        const named = {
          agentId: read.optionalText('agentId', { limit: 200 }),
          sessionKey: read.optionalText('sessionKey', { limit: 400 }),
        };
        read.end();
        const { agentId } = resolveSession(named, agents);
        return { agentId, name: agentId };
      },
    },
  };
}
