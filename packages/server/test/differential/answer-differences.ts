/** Known differences of what callers learn. */
import type { Difference, Exchange, Side } from './difference.ts';
import { anthropicMessages } from './wires/anthropic-messages.ts';
import { bedrockConverseStream } from './wires/bedrock-converse-stream.ts';
import { googleGenerativeAi } from './wires/google-generative-ai.ts';
import { finishOf } from './wires/wire.ts';

/** What the gateway makes of a provider's status, where that is another. */
const statuses: Readonly<Record<number, number>> = { 401: 502, 403: 502, 500: 502, 529: 503 };

export const answerDifferences: readonly Difference[] = [
  {
    name: 'the status of a refusal',
    whose: 'choice',
    reason:
      'A key that the provider refuses is not the fault of the caller, nor is a failure of the provider one of the gateway: both are 502 (docs/errors.md). Overloaded is 503, whatever number the provider has for it.',
    applies: ({ conversation }) => conversation.answer.failure?.kind === 'refused',
    take(exchange, { side }) {
      const { outcome } = exchange;
      if (side === 'through' || !('failed' in outcome)) return exchange;
      const { status = 0 } = outcome.failed;
      return { ...exchange, outcome: { ...outcome, failed: { status: statuses[status] ?? status } } };
    },
  },
  {
    name: 'a stream that breaks before its first word',
    whose: 'choice',
    reason:
      'Nothing has been said yet, so the gateway answers with the status of the failure; asked directly, the stream has begun with 200.',
    applies: ({ conversation: { answer } }) => answer.failure !== undefined && answer.failure.kind !== 'refused',
    take({ requests, outcome }) {
      return { requests, outcome: 'failed' in outcome ? { ...outcome, failed: { status: undefined } } : outcome };
    },
  },
  {
    name: 'a stream without its end',
    whose: 'theirs',
    reason:
      'What was cut off is told as an answer that ended for some other reason; through the gateway it is an error (case 10 of the conformance page).',
    applies: ({ streaming, conversation: { answer } }) => streaming && answer.failure?.kind === 'unfinished',
    take: asFailure,
  },
  {
    name: "an error within Gemini's stream",
    whose: 'theirs',
    reason:
      'Their Google provider does not look for `error` in an event and tells of an answer that ended; through the gateway it is an error.',
    applies: ({ provider, streaming, conversation: { answer } }) =>
      provider === 'google-generative-ai' && streaming && answer.failure?.kind === 'event',
    take: asFailure,
  },
  {
    name: 'a turn that pauses',
    whose: 'choice',
    reason:
      "OpenAI's formats have no word for Anthropic's `pause_turn`. Their provider says `stop`; the gateway passes the word on, so that nobody takes a pause for the end (case 41).",
    applies: ({ provider, client, conversation: { answer } }) =>
      provider === 'anthropic-messages' && client !== provider && finishOf(anthropicMessages, answer) === 'pause_turn',
    take: (exchange, { side }) => (side === 'direct' ? withFinish(exchange, 'stop', 'other') : exchange),
  },
  {
    name: 'a full context window at Bedrock',
    whose: 'theirs',
    reason:
      'Their Bedrock provider does not know `model_context_window_exceeded`, which their Anthropic provider tells as `length`; the gateway tells it so for both.',
    applies: ({ provider, conversation: { answer } }) =>
      provider === 'bedrock-converse-stream' && finishOf(bedrockConverseStream, answer) === 'model_context_window_exceeded',
    take: (exchange, { side }) => (side === 'direct' ? withFinish(exchange, 'other', 'length') : exchange),
  },
  {
    name: 'a call that Gemini could not write',
    whose: 'choice',
    reason: 'Their provider tells of an answer that ended for the reason `error`; the gateway of a failure, so that a route can try again.',
    applies: ({ provider, conversation: { answer } }) =>
      provider === 'google-generative-ai' &&
      answer.calls.length === 0 &&
      finishOf(googleGenerativeAi, answer) === 'MALFORMED_FUNCTION_CALL',
    take(exchange, side) {
      const { requests, outcome } = asFailure(exchange, side);
      // A whole answer that failed says nothing; of a stream the text was heard before.
      return {
        requests,
        outcome: 'failed' in outcome ? { failed: { status: undefined }, text: side.streaming ? outcome.text : '' } : outcome,
      };
    },
  },
];

/** Where their code tells of an end that it does not understand, and of none of the calls. */
function asFailure({ requests, outcome }: Exchange, { side }: Side): Exchange {
  const told = side === 'direct' && 'finish' in outcome && ['other', 'error'].includes(outcome.finish);
  return { requests, outcome: told ? { failed: { status: undefined }, text: outcome.text } : outcome };
}

function withFinish({ requests, outcome }: Exchange, from: string, to: string): Exchange {
  return { requests, outcome: 'finish' in outcome && outcome.finish === from ? { ...outcome, finish: to } : outcome };
}
