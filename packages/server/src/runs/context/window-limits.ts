/** How much of a model's window a conversation may take, from what is known of the model, or of all that a route leads to. */
import type { WindowLimits } from '../engine/contract.ts';

/** Undefined members: nobody knows. */
export interface KnownWindow {
  readonly contextWindow: number | undefined;
  readonly maxOutputTokens: number | undefined;
}

/** For models of which nobody knows more: what today's small ones take. A larger one is put into the configuration. */
const unknownContextTokens = 32_768;
/** Answers of agents are short, beside what models could write. */
const usualAnswerTokens = 8192;
/** The answer gets no more of a small window than this. */
const answerShare = 0.25;

/** @param known of each target: any of them may be asked, so the smallest window counts */
export function windowLimitsOf(model: string, known: readonly KnownWindow[]): WindowLimits {
  const smallest = (values: readonly (number | undefined)[]): number | undefined =>
    values.reduce((least, value) => (value !== undefined && (least === undefined || value < least) ? value : least), undefined);
  const contextTokens = smallest(known.map(({ contextWindow }) => contextWindow)) ?? unknownContextTokens;
  const longestAnswer = smallest(known.map(({ maxOutputTokens }) => maxOutputTokens)) ?? usualAnswerTokens;
  const answerTokens = Math.min(longestAnswer, usualAnswerTokens, Math.floor(contextTokens * answerShare));
  return { contextTokens, answerTokens, model };
}
