/** Why an answer ended, in Converse's words. Words that are new here travel as they are. */
import { isJsonObject, type JsonValue } from '../../../core/json.ts';
import type { FinishEvent, FinishReason } from '../events.ts';

const reasons: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stopSequence',
  max_tokens: 'length',
  tool_use: 'toolCalls',
  content_filtered: 'contentFilter',
  guardrail_intervened: 'contentFilter',
  model_context_window_exceeded: 'contextWindow',
};

/** @param fields `additionalModelResponseFields`, where the stop sequence is that ended the answer, itself or in a `delta`: see `encode-request.ts` */
export function decodeFinish(word: string, fields: JsonValue | undefined, calledTools: boolean): FinishEvent {
  const known = Object.hasOwn(reasons, word) ? reasons[word] : undefined;
  const delta = isJsonObject(fields) ? fields['delta'] : undefined;
  const sequence = (isJsonObject(delta) ? delta : isJsonObject(fields) ? fields : {})['stop_sequence'];
  return {
    type: 'finish',
    reason: known === 'stop' && calledTools ? 'toolCalls' : (known ?? 'other'),
    providerReason: word,
    ...(known === 'stopSequence' && typeof sequence === 'string' && { stopSequence: sequence }),
  };
}
