/** Why an answer ended, in the words of chat completions, both ways. Words that are new here travel as they are. */
import type { JsonObject } from '../../../core/json.ts';
import type { FinishEvent, FinishReason } from '../events.ts';

const reasons: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'toolCalls',
  function_call: 'toolCalls',
  content_filter: 'contentFilter',
  // Not OpenAI's own: what this dialect's encoder writes for reasons that OpenAI does not have.
  pause_turn: 'pause',
};

/** @param choice the choice with the reason, for the fields beside it that say more */
export function decodeFinish(word: string, choice: JsonObject, calledTools: boolean): FinishEvent {
  const { stop_reason: stopSequence, native_finish_reason: native } = choice;
  const known = Object.hasOwn(reasons, word) ? reasons[word] : undefined;
  // xAI, Gemini and some local servers say `stop` although tools were called.
  if (known === 'stop' && calledTools) return { type: 'finish', reason: 'toolCalls', providerReason: word };
  // vLLM names the stop sequence beside the reason.
  if (known === 'stop' && typeof stopSequence === 'string')
    return { type: 'finish', reason: 'stopSequence', providerReason: word, stopSequence };
  if (known === 'length' && native === 'model_context_window_exceeded')
    return { type: 'finish', reason: 'contextWindow', providerReason: native };
  return { type: 'finish', reason: known ?? 'other', providerReason: word };
}

const words: Readonly<Record<Exclude<FinishReason, 'other'>, string>> = {
  stop: 'stop',
  stopSequence: 'stop',
  length: 'length',
  contextWindow: 'length',
  toolCalls: 'tool_calls',
  contentFilter: 'content_filter',
  pause: 'pause_turn',
};

/** The fields of a choice that say why it ended. */
export function encodeFinish(finish: FinishEvent): JsonObject {
  return {
    finish_reason: finish.reason === 'other' ? finish.providerReason : words[finish.reason],
    ...(finish.reason === 'contextWindow' && { native_finish_reason: 'model_context_window_exceeded' }),
    ...(finish.reason === 'stopSequence' && finish.stopSequence !== undefined && { stop_reason: finish.stopSequence }),
  };
}
