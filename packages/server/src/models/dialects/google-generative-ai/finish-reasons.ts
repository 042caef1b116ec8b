/** Why an answer ended, in Gemini's words. Words that are new here travel as they are. */
import type { FinishEvent, FinishReason } from '../events.ts';

const reasons: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'contentFilter',
  RECITATION: 'contentFilter',
  BLOCKLIST: 'contentFilter',
  PROHIBITED_CONTENT: 'contentFilter',
  SPII: 'contentFilter',
  MODEL_ARMOR: 'contentFilter',
  IMAGE_SAFETY: 'contentFilter',
  IMAGE_PROHIBITED_CONTENT: 'contentFilter',
  IMAGE_RECITATION: 'contentFilter',
};

/** The model wrote something that is no answer: what it meant to call cannot be known. */
const failures: Readonly<Record<string, string>> = {
  MALFORMED_FUNCTION_CALL: 'its model wrote a function call that is not valid',
  UNEXPECTED_TOOL_CALL: 'its model called a tool that it was not offered',
  MALFORMED_RESPONSE: 'its model wrote an answer that is not valid',
  MISSING_THOUGHT_SIGNATURE: 'it misses the signature of a thought',
};

/** What is wrong with an answer that ended like this; `undefined` for one that is an answer. */
export function failureOf(word: string): string | undefined {
  return Object.hasOwn(failures, word) ? `${failures[word]} (${word})` : undefined;
}

export function decodeFinish(word: string, calledTools: boolean): FinishEvent {
  const known = Object.hasOwn(reasons, word) ? reasons[word] : undefined;
  // Gemini says STOP although tools were called.
  return { type: 'finish', reason: known === 'stop' && calledTools ? 'toolCalls' : (known ?? 'other'), providerReason: word };
}

/** The prompt itself was refused: there is no answer, and this is why. */
export function blockedPrompt(word: string): FinishEvent {
  return { type: 'finish', reason: 'contentFilter', providerReason: word };
}
