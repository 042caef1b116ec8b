/**
 * What a client asks of a model: a conversation, embeddings, a count of tokens. An operation knows what is sent and how the
 * answer is read; who is asked, how often and when is not its business (`service.ts`).
 */
import type { Clock } from '../core/clock.ts';
import type { JsonObject } from '../core/json.ts';
import type { Answer } from './answer.ts';
import type { CachedAnswer } from './cache.ts';
import type { FinishEvent, ModelEvent, Usage } from './dialects/events.ts';
import type { Target } from './target.ts';

export interface Operation {
  /** The model as the client wrote it. */
  readonly model: string;
  readonly stream: boolean;
  /** Rough, from sizes alone: for reservations, prices and what broke off before it was counted. */
  readonly estimate: TokenEstimate;
  /** What the client sent. */
  body(): JsonObject;
  /** Which session it belongs to, for routes that keep one at its target. */
  session(): string;
  /** Under what its answer may be kept; `undefined` where it may not. */
  cacheKey(): string | undefined;
  /** Asks one target and hands its answer on. @throws OpenClawError */
  ask(target: Target, context: AttemptContext): Promise<void>;
  /** Hands on an answer that was kept. */
  replay(kept: CachedAnswer, context: Pick<AttemptContext, 'answer' | 'clock'>): Promise<void>;
  /** Absent where an answer that broke off cannot be gone on with. */
  readonly going?: GoingOn;
}

/** How an answer that broke off after its first output is gone on with elsewhere. */
export interface GoingOn {
  /** Prepares for it: the answer is read as events even where its bytes could pass through. Before the first attempt. */
  allow(): void;
  /** Whether what the client has seen so far can be gone on with. */
  readonly possible: boolean;
  /** Whether this target takes the beginning of an answer. */
  takes(target: Target): boolean;
  /** The next attempt goes on. `usage`: what the one that broke off is known or estimated to have used. */
  begin(target: Target, usage: Usage | undefined): void;
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
  /** Takes the events down where the answer is to be kept. */
  readonly record?: ((events: readonly ModelEvent[]) => void) | undefined;
}

export interface Observed {
  usage: Usage | undefined;
  finish: FinishEvent | undefined;
  /** Length of the text and arguments that have come so far. */
  outputCharacters: number;
}

/** Characters of one token, roughly, for what nobody counted. */
export const charactersPerToken = 4;
