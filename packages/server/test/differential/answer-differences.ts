/** Known differences of what callers learn. */
import type { Difference, Exchange, Side } from './difference.ts';

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
];

function asFailure({ requests, outcome }: Exchange, { side }: Side): Exchange {
  const told = side === 'direct' && 'finish' in outcome && outcome.finish === 'other';
  return { requests, outcome: told ? { failed: { status: undefined }, text: outcome.text } : outcome };
}
