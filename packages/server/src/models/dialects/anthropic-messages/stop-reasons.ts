/** Why an answer ended, in Anthropic's words, both ways. Words that are new here travel as they are. */
import type { FinishEvent, FinishReason } from '../events.ts';

const reasons: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stopSequence',
  max_tokens: 'length',
  tool_use: 'toolCalls',
  pause_turn: 'pause',
  refusal: 'contentFilter',
  model_context_window_exceeded: 'contextWindow',
};

export function decodeFinish(word: string, stopSequence: unknown, calledTools: boolean): FinishEvent {
  const known = Object.hasOwn(reasons, word) ? reasons[word] : undefined;
  return {
    type: 'finish',
    reason: known === 'stop' && calledTools ? 'toolCalls' : (known ?? 'other'),
    providerReason: word,
    ...(typeof stopSequence === 'string' && { stopSequence }),
  };
}

const words: Readonly<Record<Exclude<FinishReason, 'other'>, string>> = {
  stop: 'end_turn',
  stopSequence: 'stop_sequence',
  length: 'max_tokens',
  contextWindow: 'model_context_window_exceeded',
  toolCalls: 'tool_use',
  contentFilter: 'refusal',
  pause: 'pause_turn',
};

/** @param refused whether the model declined in a block of its own, which Anthropic says by the reason alone */
export function encodeFinish(finish: FinishEvent, refused: boolean): { stop_reason: string; stop_sequence: string | null } {
  const reason = refused && finish.reason === 'stop' ? 'contentFilter' : finish.reason;
  return {
    stop_reason: reason === 'other' ? finish.providerReason : words[reason],
    stop_sequence: reason === 'stopSequence' ? (finish.stopSequence ?? null) : null,
  };
}
