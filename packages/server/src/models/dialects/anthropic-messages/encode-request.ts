/**
 * Writes the body of `POST /v1/messages`: everything but the messages, which are `encode-messages.ts`.
 *
 * What Anthropic has no counterpart for is refused by name; what may be left out is in `../omissions.ts`.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import type { EncodedRequest, EncodeTarget } from '../dialect.ts';
import { compact, unsupported } from '../fields.ts';
import { withoutTopLevelChoice } from '../tool-schema.ts';
import { refuseUncarried } from '../omissions.ts';
import { pathSegment } from '../path-segment.ts';
import type { ModelRequest, ResponseFormat, Tool } from '../request.ts';
import { withAllowedTools } from './allowed-tools.ts';
import { limitBreakpoints } from './breakpoints.ts';
import { encodeMessages } from './encode-messages.ts';

const dialect = 'anthropic-messages';

/** Fields of Anthropic's that clients of other dialects send along because they know where they will end up. */
const carriedFields = ['thinking', 'cache_control', 'safety_identifier'];

export function encodeRequest(whole: ModelRequest, target: EncodeTarget): EncodedRequest {
  const request = withAllowedTools(whole);
  const own = request.dialect === dialect;
  if (!own)
    refuseUncarried(request.extensions, { from: request.dialect, place: 'request', path: '', target: target.provider }, carriedFields);
  const { thinking, cache_control, output_config, metadata, safety_identifier: identifier, ...others } = request.extensions;
  const { system, messages } = encodeMessages(request, target);
  const maxTokens = request.maxOutputTokens ?? target.maxOutputTokens;
  const reasoning = encodeReasoning(request, maxTokens, target);
  const format = request.responseFormat && encodeFormat(request.responseFormat, target);
  const user = request.user ?? (typeof identifier === 'string' && !own ? identifier : undefined);
  const output = { ...objectOf(own ? output_config : undefined), ...reasoning.output, ...(format && { format }) };
  const labels = { ...objectOf(own ? metadata : undefined), ...(user !== undefined && { user_id: user }) };
  const body = compact<JsonObject>({
    model: target.model,
    max_tokens: maxTokens,
    system,
    messages,
    stream: request.stream || undefined,
    temperature: encodeTemperature(request.temperature, target),
    top_p: request.topP,
    top_k: request.topK,
    stop_sequences: request.stopSequences && request.stopSequences.length > 0 ? [...request.stopSequences] : undefined,
    tools:
      request.tools && request.tools.length > 0
        ? request.tools.map((tool, index) => encodeTool(tool, index, { request, target }))
        : undefined,
    tool_choice: encodeToolChoice(request, target),
    thinking: thinking ?? reasoning.thinking,
    output_config: Object.keys(output).length > 0 ? output : undefined,
    metadata: Object.keys(labels).length > 0 ? labels : undefined,
    service_tier:
      request.serviceTier === undefined ? undefined : own ? request.serviceTier : encodeServiceTier(request.serviceTier, target),
    cache_control,
    ...(own && others),
  });
  if (!own) limitBreakpoints(body);
  if (target.quirks.modelInPath) return withModelInPath(body, target.model);
  return { path: '/v1/messages', body, headers: { 'anthropic-version': '2023-06-01' } };
}

function withModelInPath({ model: _inPath, ...body }: JsonObject, model: string): EncodedRequest {
  const method = body['stream'] === true ? 'streamRawPredict' : 'rawPredict';
  return { path: `/models/${pathSegment(model)}:${method}`, body: { anthropic_version: 'vertex-2023-10-16', ...body }, headers: {} };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** OpenAI's scale ends at 2, Anthropic's at 1. */
function encodeTemperature(temperature: number | undefined, target: EncodeTarget): number | undefined {
  if (temperature !== undefined && temperature > 1) throw unsupported('temperature', 'a temperature above 1', target.provider);
  return temperature;
}

function encodeTool(tool: Tool, index: number, context: { request: ModelRequest; target: EncodeTarget }): JsonObject {
  const { request, target } = context;
  const own = request.dialect === dialect;
  if (tool.type === 'native') {
    if (tool.dialect === dialect) return tool.definition;
    throw unsupported(`tools[${index}].type`, `the tool ${String(tool.definition['type'])}`, target.provider);
  }
  if (!own) refuseUncarried(tool.extensions, { from: request.dialect, place: 'tool', path: `tools[${index}]`, target: target.provider });
  const schema = tool.inputSchema ?? { type: 'object', properties: {} };
  return compact<JsonObject>({
    name: tool.name,
    description: tool.description,
    input_schema: own ? schema : withoutTopLevelChoice(schema, { path: `tools[${index}]`, target: target.provider }),
    // `false` is what happens without it, and older models refuse the field.
    strict: own ? tool.strict : tool.strict || undefined,
    cache_control: tool.cacheControl,
    ...(own && tool.extensions),
  });
}

function encodeToolChoice(request: ModelRequest, target: EncodeTarget): JsonObject | undefined {
  const { toolChoice, parallelToolCalls } = request;
  const hasTools = request.tools !== undefined && request.tools.length > 0;
  if (toolChoice?.type === 'native') throw unsupported('tool_choice', `the choice ${String(toolChoice.value['type'])}`, target.provider);
  const oneAtATime = parallelToolCalls === undefined ? {} : { disable_parallel_tool_use: !parallelToolCalls };
  if (!toolChoice) return hasTools && parallelToolCalls === false ? { type: 'auto', ...oneAtATime } : undefined;
  // Without tools there is nothing to choose, and Anthropic refuses the field.
  if (!hasTools) return undefined;
  if (toolChoice.type === 'none') return { type: 'none' };
  if (toolChoice.type === 'function') return { type: 'tool', name: toolChoice.name, ...oneAtATime };
  return { type: toolChoice.type === 'required' ? 'any' : 'auto', ...oneAtATime };
}

function encodeFormat(format: ResponseFormat, target: EncodeTarget): JsonObject | undefined {
  if (format.type === 'text') return undefined;
  if (format.type === 'jsonObject') throw unsupported('response_format.type', 'json_object (use json_schema)', target.provider);
  const { schema, description } = format;
  const described = description === undefined || schema['description'] !== undefined ? schema : { ...schema, description };
  return { type: 'json_schema', schema: described };
}

/** Tokens to think for each word, for models that know budgets only. Anthropic takes no budget under 1024. */
const budgets: Readonly<Record<string, number>> = { minimal: 1024, low: 4096, medium: 8192, high: 16_384, xhigh: 24_576, max: 32_768 };
const smallestBudget = 1024;

interface EncodedReasoning {
  readonly thinking?: JsonObject;
  readonly output?: JsonObject;
}

function encodeReasoning(request: ModelRequest, maxTokens: number, target: EncodeTarget): EncodedReasoning {
  const { reasoning, dialect: from } = request;
  if (!reasoning) return {};
  const { effort, budgetTokens, adaptive } = reasoning;
  if (from === dialect) {
    const output = effort === undefined ? {} : { output: { effort } };
    if (budgetTokens !== undefined)
      return { thinking: budgetTokens === 0 ? off : { type: 'enabled', budget_tokens: budgetTokens }, ...output };
    return { ...(adaptive && { thinking: { type: 'adaptive' } }), ...output };
  }
  if (effort === undefined) return {};
  if (effort === 'none') return { thinking: off };
  // Anthropic cannot think before a call that is forced. The call is what the client demands; how hard to think is a wish.
  if (forcesCall(request)) return target.quirks.thinkingBudget ? {} : { output: { effort: wordOf(effort) } };
  if (target.quirks.thinkingBudget) return { thinking: { type: 'enabled', budget_tokens: budgetFor(effort, maxTokens, target) } };
  return { thinking: { type: 'adaptive' }, output: { effort: wordOf(effort) } };
}

function wordOf(effort: string): string {
  return effort === 'minimal' ? 'low' : effort;
}

function forcesCall({ tools, toolChoice }: ModelRequest): boolean {
  return tools !== undefined && tools.length > 0 && (toolChoice?.type === 'required' || toolChoice?.type === 'function');
}

const off: JsonObject = { type: 'disabled' };

function budgetFor(effort: string, maxTokens: number, target: EncodeTarget): number {
  const wanted = budgets[effort];
  if (wanted === undefined) throw unsupported('reasoning_effort', `the effort ${effort}`, target.provider);
  // The budget is part of the output limit and must leave room for an answer.
  const budget = Math.min(wanted, Math.floor(maxTokens / 2));
  if (budget < smallestBudget) throw unsupported('reasoning_effort', `thinking within ${maxTokens} output tokens`, target.provider);
  return budget;
}

const serviceTiers: Readonly<Record<string, string>> = { auto: 'auto', default: 'standard_only' };

function encodeServiceTier(tier: string, target: EncodeTarget): string {
  const word = serviceTiers[tier];
  if (word === undefined) throw unsupported('service_tier', `the tier ${tier}`, target.provider);
  return word;
}
