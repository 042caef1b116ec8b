/** Known differences that come from the client: what Vercel's code for its format cannot say, or says otherwise than their code for the provider's. */
import { inBody, type Difference } from './difference.ts';
import { visit } from './visit.ts';

/** Also what is empty without them. */
const remove =
  (...paths: string[]): Difference['take'] =>
  (exchange, side) =>
    inBody((body) => {
      for (const path of paths) visit(body, path, (holder, key) => void delete holder[key]);
      if (JSON.stringify(body['inferenceConfig']) === '{}') delete body['inferenceConfig'];
    })(exchange, side);

export const clientDifferences: readonly Difference[] = [
  {
    name: 'results of tools that failed',
    whose: 'format',
    reason:
      "OpenAI's formats have no mark for a result that is an error, so their clients cannot set the provider's. Their Bedrock provider sets none either, which Bedrock has.",
    applies: ({ provider, client }) => provider !== client,
    take: remove('messages.*.content.*.is_error', 'messages.*.content.*.toolResult.status'),
  },
  {
    name: 'results of tools that failed, at OpenAI',
    whose: 'choice',
    reason:
      'Asked by a client of Anthropic, which has the mark, the gateway says `Error: ` before the text; their provider drops the mark.',
    applies: ({ provider, client }) => provider.startsWith('openai') && client === 'anthropic-messages',
    take: inBody((body, { side }) => {
      if (side === 'direct') return;
      for (const path of ['messages.*.content', 'input.*.output']) {
        visit(body, path, (holder, key) => {
          const said = holder[key];
          const result = holder['role'] === 'tool' || holder['type'] === 'function_call_output';
          if (result && typeof said === 'string') holder[key] = said.replace(/^Error: /, '');
        });
      }
    }),
  },
  {
    name: 'no tool may be called, said by Anthropic',
    whose: 'theirs',
    reason: 'Their Anthropic code leaves the tools out for the choice `none`; the gateway says `none`, which Anthropic has.',
    applies: ({ provider, client, conversation: { question } }) =>
      (provider === 'anthropic-messages' || client === 'anthropic-messages') && question.toolChoice?.type === 'none',
    take: remove('tools', 'tool_choice', 'toolConfig'),
  },
  {
    name: 'the limit that Anthropic demands',
    whose: 'format',
    reason: "A request in Anthropic's format has a limit always: where the caller gave none, their Anthropic code takes one of its own.",
    applies: ({ provider, client, conversation: { question } }) =>
      client === 'anthropic-messages' && provider !== client && question.maxOutputTokens === undefined,
    take: remove(
      'max_tokens',
      'max_completion_tokens',
      'max_output_tokens',
      'generationConfig.maxOutputTokens',
      'inferenceConfig.maxTokens',
    ),
  },
  {
    name: 'stop sequences from Responses',
    whose: 'theirs',
    reason: 'The format has none: their Responses code leaves them out with a warning, so that the gateway never hears of them.',
    applies: ({ client, conversation: { question } }) => client === 'openai-responses' && question.stopSequences !== undefined,
    take: remove('stop', 'stop_sequences', 'generationConfig.stopSequences', 'inferenceConfig.stopSequences'),
  },
  {
    name: 'the name of a schema',
    whose: 'format',
    reason: "Anthropic's format has no name for the schema of an answer, OpenAI's demands one: the gateway makes one up.",
    applies: ({ provider, client, conversation: { question } }) =>
      client === 'anthropic-messages' && provider.startsWith('openai') && question.responseFormat?.type === 'json',
    take: remove('response_format.json_schema.name', 'text.format.name'),
  },
];
