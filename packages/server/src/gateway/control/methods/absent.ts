/**
 * Methods about what OpenClaw does not have yet. Where "none" is the truth, the answer is the empty shape that clients know; what would
 * begin something is refused. Everything else about it is no method at all.
 */
import type { OperatorScope } from '@openclaw/protocol';
import { OpenClawError } from '../../../core/errors.ts';
import type { Method, MethodTable } from '../contract.ts';
import { Params } from './params.ts';

export function createAbsentMethods(): MethodTable {
  return { ...nodes, ...plugins, ...waking, ...asking, 'doctor.memory.status': memoryStatus };
}

const nodes: MethodTable = {
  'node.list': answering('operator.read', [], () => ({ nodes: [] })),
  'node.pair.list': answering('operator.pairing', [], () => ({ pending: [], paired: [] })),
};

const plugins: MethodTable = { 'plugin.approval.list': answering('operator.approvals', [], () => []) };

const noEvents = { what: 'events that wake an agent', suggestion: 'Send a message instead: `agent` or `chat.send`.' };

const waking: MethodTable = {
  wake: refusing('operator.write', noEvents),
  'system-event': refusing('operator.admin', noEvents),
};

/** Agents put no questions to people yet, and messages that are commands are refused. */
const asking: MethodTable = {
  'question.list': answering('operator.questions', ['sessionKey', 'agentId'], () => ({ questions: [] })),
  'commands.list': answering('operator.read', ['agentId', 'scope', 'includeArgs', 'provider'], () => ({ commands: [] })),
};

/** Nothing is remembered beyond the conversations themselves. */
const memoryStatus = answering('operator.read', ['probe', 'agentId'], () => ({ enabled: false, agents: [] }));

function answering(scope: OperatorScope, passedOver: readonly string[], answer: () => unknown): Method {
  return {
    scope,
    run({ params }) {
      const read = new Params(params);
      read.passOver(...passedOver);
      read.end();
      return answer();
    },
  };
}

function refusing(scope: OperatorScope, details: { readonly what: string; readonly suggestion: string }): Method {
  return {
    scope,
    run() {
      throw new OpenClawError('not_in_release', { details });
    },
  };
}
