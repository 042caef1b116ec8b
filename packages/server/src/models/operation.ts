/**
 * What a client asks of a model: a conversation, embeddings, a count of tokens. An operation knows what is sent and how the
 * answer is read; who is asked, how often and when is not its business (`service.ts`).
 */
import type { Clock } from '../core/clock.ts';
import type { Answer } from './answer.ts';
import type { FinishEvent, Usage } from './dialects/events.ts';
import type { Target } from './target.ts';

export interface Operation {
  /** The model as the client wrote it. */
  readonly model: string;
  readonly stream: boolean;
  /** Rough, from sizes alone: for reservations, prices and what broke off before it was counted. */
  readonly estimate: TokenEstimate;
  /** Asks one target and hands its answer on. @throws OpenClawError */
  ask(target: Target, context: AttemptContext): Promise<void>;
}

export interface TokenEstimate {
  readonly input: number;
  /** What the client allows, or what is usual. */
  readonly output: number;
}

export interface AttemptContext {
  /** Ends this attempt; it may be cancelled while the request lives on. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly answer: Answer;
  /** What is learnt on the way, kept even if the attempt fails later. */
  readonly observed: Observed;
  /** Called before the first output goes to the client. @throws OpenClawError `superseded` if another attempt was first */
  readonly onOutput: () => void;
}

export interface Observed {
  usage: Usage | undefined;
  finish: FinishEvent | undefined;
  /** Length of the text and arguments that have come so far. */
  outputCharacters: number;
}

/** Characters of one token, roughly, for what nobody counted. */
export const charactersPerToken = 4;
