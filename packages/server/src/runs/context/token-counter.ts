/**
 * Counts the tokens of what is about to be sent to a model: an estimate, put right by what the provider counted in the request before.
 *
 * It keeps one number per model and nothing of what was said. It decides nothing: see `window.ts`.
 */
import type { ConversationMessage, ModelRequest, ModelToolSpec } from '../engine/contract.ts';
import { estimateTokens } from './estimate-tokens.ts';

export interface TokenCounter {
  /** By the estimate alone. */
  message(message: ConversationMessage): number;
  /** By the estimate alone. */
  tools(tools: readonly ModelToolSpec[]): number;
  /** How many tokens of this model one token of the estimate is. */
  factor(model: string | undefined): number;
  /** A provider has counted what it was sent. */
  learn(counted: CountedRequest): void;
}

export interface CountedRequest extends Pick<ModelRequest, 'model' | 'messages' | 'tools'> {
  readonly inputTokens: number;
}

/** What stands around each message, call and tool on the wire. */
const messageTokens = 4;
const callTokens = 12;
const toolTokens = 12;

/** Of fewer, what surrounds a request is too large a share of it to learn from. */
const fewestTokens = 200;
/**
 * A model that counts less is not believed: what comes next may be of another kind, a page of numbers after a talk, and then what was learnt of
 * the talk would be too little for it.
 */
const smallestFactor = 1;
/** Nobody counts further off than this; a report that does says something else. */
const largestFactor = 4;
/** How far a count that is lower than expected is believed; a higher one is at once. */
const easing = 0.3;
const rememberedModels = 200;

export function createTokenCounter(): TokenCounter {
  const factors = new Map<string, number>();
  const known = new WeakMap<object, number>();

  function once<Counted extends object>(counted: Counted, count: (counted: Counted) => number): number {
    let tokens = known.get(counted);
    if (tokens === undefined) known.set(counted, (tokens = count(counted)));
    return tokens;
  }

  const message = (one: ConversationMessage): number => once(one, countMessage);
  const tools = (offered: readonly ModelToolSpec[]): number => sum(offered.map((tool) => once(tool, countTool)));
  const factor = (model: string | undefined): number => factors.get(model ?? '') ?? 1;

  return {
    message,
    tools,
    factor,
    learn({ model, messages, tools: offered, inputTokens }) {
      const estimated = sum(messages.map(message)) + tools(offered);
      if (estimated < fewestTokens) return;
      const seen = Math.min(largestFactor, Math.max(smallestFactor, inputTokens / estimated));
      const before = factors.get(model) ?? seen;
      factors.delete(model);
      factors.set(model, seen >= before ? seen : before + (seen - before) * easing);
      const [oldest] = factors.keys();
      if (factors.size > rememberedModels && oldest !== undefined) factors.delete(oldest);
    },
  };
}

function countMessage(message: ConversationMessage): number {
  const own = messageTokens + estimateTokens(message.text);
  if (message.role === 'tool') return own + callTokens;
  if (message.role !== 'assistant') return own;
  return (
    own +
    sum(message.toolCalls.map(({ name, argumentsText, opaque }) => callTokens + estimateTokens(name + argumentsText) + countOpaque(opaque)))
  );
}

function countOpaque(opaque: object | undefined): number {
  return opaque ? estimateTokens(JSON.stringify(opaque)) : 0;
}

function countTool({ name, description, parameters }: ModelToolSpec): number {
  return toolTokens + estimateTokens(name + description) + estimateTokens(JSON.stringify(parameters));
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
