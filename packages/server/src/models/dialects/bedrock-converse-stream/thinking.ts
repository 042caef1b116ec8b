/**
 * How much a model of Bedrock is to think. Converse has one field for it, `outputConfig.effort`; Claude has more, which are
 * its own and go through `additionalModelRequestFields`.
 */
import type { JsonObject } from '../../../core/json.ts';
import type { EncodeTarget } from '../dialect.ts';
import { unsupported } from '../fields.ts';
import type { ModelRequest } from '../request.ts';
import { familyOf } from './model-family.ts';

export interface EncodedThinking {
  /** `outputConfig.effort` */
  readonly effort?: string;
  /** `thinking` among the fields of Claude's own. */
  readonly thinking?: JsonObject;
  /** The output limit that a budget was measured by, where the client gave none. */
  readonly maxTokens?: number;
}

const off: JsonObject = { type: 'disabled' };
const none: EncodedThinking = {};

export function encodeThinking(request: ModelRequest, target: EncodeTarget): EncodedThinking {
  if (!request.reasoning) return none;
  const family = familyOf(target.model);
  return family === 'claude' || family === 'unnamed' ? forClaude(request, target) : forOthers(request);
}

/** Words for models that have no budget. Thinking switched off is what happens without one. */
function forOthers({ reasoning }: ModelRequest): EncodedThinking {
  const { effort, budgetTokens } = reasoning ?? {};
  if (effort !== undefined) return effort === 'none' ? none : { effort: wordOf(effort) };
  if (budgetTokens === undefined || budgetTokens === 0) return none;
  if (budgetTokens <= 4096) return { effort: 'low' };
  return { effort: budgetTokens <= 16_384 ? 'medium' : 'high' };
}

function forClaude(request: ModelRequest, target: EncodeTarget): EncodedThinking {
  const { effort, budgetTokens, adaptive } = request.reasoning ?? {};
  const output = effort === undefined || effort === 'none' ? none : { effort: wordOf(effort) };
  if (budgetTokens !== undefined)
    return { ...output, thinking: budgetTokens === 0 ? off : { type: 'enabled', budget_tokens: budgetTokens } };
  if (effort === 'none') return { thinking: off };
  if (adaptive) return { ...output, thinking: { type: 'adaptive' } };
  // A client of Claude's own says apart from the effort whether to think; for all others the effort says both.
  if (effort === undefined || request.dialect === 'anthropic-messages') return output;
  // Claude cannot think before a call that is forced. The call is what the client demands; how hard to think is a wish.
  if (forcesCall(request)) return target.quirks.thinkingBudget ? none : output;
  if (!target.quirks.thinkingBudget) return { ...output, thinking: { type: 'adaptive' } };
  const maxTokens = request.maxOutputTokens ?? target.maxOutputTokens;
  return { thinking: { type: 'enabled', budget_tokens: budgetFor(effort, maxTokens, target) }, maxTokens };
}

function wordOf(effort: string): string {
  return effort === 'minimal' ? 'low' : effort;
}

function forcesCall({ tools, toolChoice }: ModelRequest): boolean {
  return tools !== undefined && tools.length > 0 && (toolChoice?.type === 'required' || toolChoice?.type === 'function');
}

/** Tokens to think for each word. Claude takes no budget under 1024. */
const budgets: Readonly<Record<string, number>> = { minimal: 1024, low: 4096, medium: 8192, high: 16_384, xhigh: 24_576, max: 32_768 };
const smallestBudget = 1024;

function budgetFor(effort: string, maxTokens: number, target: EncodeTarget): number {
  const wanted = Object.hasOwn(budgets, effort) ? budgets[effort] : undefined;
  if (wanted === undefined) throw unsupported('reasoning_effort', `the effort ${effort}`, target.provider);
  // The budget is part of the output limit and must leave room for an answer.
  const budget = Math.min(wanted, Math.floor(maxTokens / 2));
  if (budget < smallestBudget) throw unsupported('reasoning_effort', `thinking within ${maxTokens} output tokens`, target.provider);
  return budget;
}
