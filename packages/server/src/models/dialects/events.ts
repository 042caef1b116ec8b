/**
 * A model's answer as a sequence of events, in no vendor's words. Every dialect decodes into these and encodes from them.
 *
 * The grammar, which `assert-event-order.ts` checks in tests:
 *
 *     start (blockStart blockDelta* blockStop)* finish        an answer
 *     start? (blockStart blockDelta* blockStop?)* error       a failure, after which nothing comes
 *
 * `usage` may come anywhere between the start and the end: early, so that a stream that breaks off is still paid for.
 * Blocks may overlap (parallel tool calls stream interleaved); each has an index of its own, counted from 0 in the order
 * in which blocks start, and stable for the whole answer.
 */
import type { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';

export type ModelEvent = StartEvent | BlockStartEvent | BlockDeltaEvent | BlockStopEvent | UsageEvent | FinishEvent | ErrorEvent;

export interface StartEvent {
  readonly type: 'start';
  /** The provider's id of the answer. */
  readonly id: string;
  /** The model as the provider names it. */
  readonly model: string;
  /** Unix seconds, where the provider says it. */
  readonly createdSeconds?: number;
}

export interface BlockStartEvent {
  readonly type: 'blockStart';
  readonly index: number;
  readonly block: Block;
}

export type Block =
  | { readonly kind: 'text' }
  | { readonly kind: 'thinking' }
  | { readonly kind: 'redactedThinking'; readonly data: string }
  | { readonly kind: 'refusal' }
  | { readonly kind: 'toolCall'; readonly id: string; readonly name: string; readonly extensions?: JsonObject }
  /** A block of a kind that only its own dialect has (a server tool's result), verbatim. */
  | { readonly kind: 'native'; readonly dialect: string; readonly value: JsonObject };

export interface BlockDeltaEvent {
  readonly type: 'blockDelta';
  readonly index: number;
  readonly delta: BlockDelta;
}

export type BlockDelta =
  /** For text, thinking and refusal blocks. */
  | { readonly kind: 'text'; readonly text: string }
  /** A piece of the JSON text of a tool call's arguments. */
  | { readonly kind: 'arguments'; readonly json: string }
  /** The signature of a thinking block. */
  | { readonly kind: 'signature'; readonly signature: string }
  /** A delta that only its own dialect has (a citation), verbatim. */
  | { readonly kind: 'native'; readonly dialect: string; readonly value: JsonObject };

export interface BlockStopEvent {
  readonly type: 'blockStop';
  readonly index: number;
}

export interface UsageEvent {
  readonly type: 'usage';
  /** Counts so far; a later usage event replaces an earlier one. */
  readonly usage: Usage;
}

/** Tokens. `input` is all input, cached or not; each cached token is counted once more only in its own field. */
export interface Usage {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  /** Part of `output` that was thinking, where the provider says it. */
  readonly reasoning: number;
}

export interface FinishEvent {
  readonly type: 'finish';
  readonly reason: FinishReason;
  /** The provider's own word; it travels on where `reason` is `other`. */
  readonly providerReason: string;
  /** The stop sequence that ended it, where the provider says so. */
  readonly stopSequence?: string;
  /** Who went on with the answer after it had broken off, in their order: it is not one model's. */
  readonly continuedBy?: readonly string[];
}

export type FinishReason = 'stop' | 'stopSequence' | 'length' | 'contextWindow' | 'toolCalls' | 'contentFilter' | 'pause' | 'other';

export interface ErrorEvent {
  readonly type: 'error';
  readonly error: OpenClawError;
}
