/**
 * Why an answer ended, as the Responses API says it, both ways: a status, and the reason where it is `incomplete`. Reasons
 * that are new here travel as they are.
 */
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import type { FinishEvent, FinishReason } from '../events.ts';

const reasons: Readonly<Record<string, FinishReason>> = {
  max_output_tokens: 'length',
  content_filter: 'contentFilter',
  // Not OpenAI's own: what this dialect's encoder writes for reasons that OpenAI does not have.
  model_context_window_exceeded: 'contextWindow',
  pause_turn: 'pause',
};

/** For a response that is `completed` or `incomplete`. */
export function decodeFinish(response: JsonObject, calledTools: boolean): FinishEvent {
  const { status, incomplete_details: details } = response;
  if (status !== 'incomplete') return { type: 'finish', reason: calledTools ? 'toolCalls' : 'stop', providerReason: 'completed' };
  const word = isJsonObject(details) && typeof details['reason'] === 'string' ? details['reason'] : 'incomplete';
  return { type: 'finish', reason: (Object.hasOwn(reasons, word) ? reasons[word] : undefined) ?? 'other', providerReason: word };
}

const words: Readonly<Partial<Record<FinishReason, string>>> = {
  length: 'max_output_tokens',
  contentFilter: 'content_filter',
  contextWindow: 'model_context_window_exceeded',
  pause: 'pause_turn',
};

/** Why it is incomplete; `undefined` where it is complete. */
export function incompleteReason({ reason, providerReason }: FinishEvent): string | undefined {
  return reason === 'other' ? providerReason : words[reason];
}
