/**
 * The tool by which an agent hands a task to another one and waits for what comes of it.
 *
 * It begins nothing: the engine has the task done in a run of its own. Whom an agent may ask is said in its configuration.
 */
import type { Tool } from './contract.ts';

export interface Helper {
  readonly id: string;
  /** What it is good at, where that is said. */
  readonly description: string | undefined;
}

/** @param helpers one at least */
export function createHandOverTool(helpers: readonly Helper[]): Tool {
  const who = helpers.map(({ id, description }) => (description === undefined ? id : `${id} (${description})`)).join(', ');
  return {
    name: 'agent',
    description:
      `Hands a task to another agent, waits until it is done, and gives its answer. It knows nothing of this conversation: say all that it ` +
      `needs. There are: ${who}.`,
    parameters: {
      type: 'object',
      properties: {
        agent: { type: 'string', enum: helpers.map(({ id }) => id), description: 'Who is to do it.' },
        task: { type: 'string', minLength: 1, description: 'What is to be done, and what the answer is to say.' },
      },
      required: ['agent', 'task'],
      additionalProperties: false,
    },
    // Nothing happens here, and the same step has one run however often it is asked.
    effect: 'idempotent',
    handsOver: true,
    async run({ arguments: { agent, task } }) {
      const [agentId, words] = [String(agent), String(task)];
      return { isError: false, text: `handed to ${agentId}`, handOver: { agentId, task: words } };
    },
  };
}
