/**
 * Why an answer ended, as the Responses API says it, both ways: a status, and the reason where it is `incomplete`. Reasons
 * that are new here travel as they are.
 */
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import type { FinishEvent, FinishReason } from '../events.ts';

const reasons: Readonly<Record<string, FinishReason>> = {
  max_output_tokens: 'length',
  content_filter: 'contentFilter',
  // Not OpenAI's own: what others write for reasons that OpenAI does not have, this dialect's encoder among them.
  model_context_window_exceeded: 'contextWindow',
  pause_turn: 'pause',
};

/** For a response that is `completed` or `incomplete`. */
export function decodeFinish(response: JsonObject, calledTools: boolean): FinishEvent {
  const { status, incomplete_details: details } = response;
  if (status !== 'incomplete') return { type: 'finish', reason: calledTools ? 'toolCalls' : 'stop', providerReason: 'completed' };
  const { reason, native_finish_reason: native } = isJsonObject(details) ? details : {};
  if (reason === 'max_output_tokens' && native === contextWindow)
    return { type: 'finish', reason: 'contextWindow', providerReason: native };
  const word = typeof reason === 'string' ? reason : 'incomplete';
  return { type: 'finish', reason: (Object.hasOwn(reasons, word) ? reasons[word] : undefined) ?? 'other', providerReason: word };
}

const contextWindow = 'model_context_window_exceeded';

const words: Readonly<Partial<Record<FinishReason, string>>> = {
  length: 'max_output_tokens',
  // OpenAI says so for both limits, and its clients know no third reason; which one it was is said beside it.
  contextWindow: 'max_output_tokens',
  contentFilter: 'content_filter',
  pause: 'pause_turn',
};

/** `incomplete_details`: why it is incomplete; `undefined` where it is complete. */
export function incompleteDetails({ reason, providerReason }: FinishEvent): JsonObject | undefined {
  const word = reason === 'other' ? providerReason : words[reason];
  if (word === undefined) return undefined;
  return { reason: word, ...(reason === 'contextWindow' && { native_finish_reason: contextWindow }) };
}
