/** Writes `generationConfig`: how to sample, how much to think, which form the answer has. */
import type { JsonObject } from '../../../core/json.ts';
import { compact, unsupported } from '../fields.ts';
import type { EncodeTarget } from '../dialect.ts';
import type { ModelRequest, Reasoning, ResponseFormat } from '../request.ts';
import { isBeforeGemini3, isFlash, thinks } from './models.ts';

/** @param thinkingConfig what the client itself wrote in Google's words, if it did */
export function encodeGenerationConfig(
  request: ModelRequest,
  target: EncodeTarget,
  thinkingConfig: JsonObject | undefined,
): JsonObject | undefined {
  const { seed, presence_penalty, frequency_penalty } = request.extensions;
  const config = compact<JsonObject>({
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    maxOutputTokens: request.maxOutputTokens,
    stopSequences: request.stopSequences && request.stopSequences.length > 0 ? [...request.stopSequences] : undefined,
    seed,
    presencePenalty: presence_penalty,
    frequencyPenalty: frequency_penalty,
    thinkingConfig: thinkingConfig ?? (request.reasoning && encodeThinking(request.reasoning, target)),
    ...(request.responseFormat && encodeFormat(request.responseFormat)),
  });
  return Object.keys(config).length > 0 ? config : undefined;
}

function encodeFormat(format: ResponseFormat): JsonObject {
  if (format.type === 'text') return {};
  if (format.type === 'jsonObject') return { responseMimeType: 'application/json' };
  const { schema, description } = format;
  const described = description === undefined || schema['description'] !== undefined ? schema : { ...schema, description };
  return { responseMimeType: 'application/json', responseJsonSchema: described };
}

/** Tokens to think for each word, as Google's own compatible endpoint has them, for models that know budgets only. */
const budgets: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
};
const levels: Readonly<Record<string, string>> = {
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
  max: 'HIGH',
};

/** Thoughts are shown to whoever asks for thinking, as other providers do. */
function encodeThinking({ effort, budgetTokens, adaptive }: Reasoning, target: EncodeTarget): JsonObject | undefined {
  const { model } = target;
  if (effort === 'none' || (effort === undefined && budgetTokens === 0)) return leastThinking(model);
  const amount =
    effort !== undefined
      ? amountFor(effort, target)
      : budgetTokens !== undefined
        ? { thinkingBudget: withinRange(budgetTokens, model) }
        : adaptive === true && isBeforeGemini3(model)
          ? { thinkingBudget: -1 }
          : {};
  return { ...amount, includeThoughts: true };
}

function amountFor(effort: string, { model, provider }: EncodeTarget): JsonObject {
  const table = isBeforeGemini3(model) ? budgets : levels;
  if (!Object.hasOwn(table, effort)) throw unsupported('reasoning_effort', `the effort ${effort}`, provider);
  if (isBeforeGemini3(model)) return { thinkingBudget: budgets[effort] ?? -1 };
  // Only the small models take the lowest level.
  return { thinkingLevel: effort === 'minimal' && !isFlash(model) ? 'LOW' : (levels[effort] ?? 'HIGH') };
}

/** Off where a model can be switched off; else the least that each model of its kind takes. Nothing, where none would think. */
function leastThinking(model: string): JsonObject | undefined {
  if (!thinks(model)) return undefined;
  if (!isBeforeGemini3(model)) return { thinkingLevel: isFlash(model) ? 'MINIMAL' : 'LOW' };
  return { thinkingBudget: withinRange(0, model) };
}

/** A client writes its budget for the models of another provider, whose range is another. */
function withinRange(budget: number, model: string): number {
  if (isFlash(model)) return Math.min(budget, 24_576);
  return isBeforeGemini3(model) ? Math.min(Math.max(budget, 128), 32_768) : budget;
}
