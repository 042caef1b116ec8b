/**
 * Writes the body of `POST /chat/completions`: everything but the messages, which are `encode-messages.ts`.
 *
 * What the wire cannot say, or what the answer could not bring back through the internal events, is refused by name.
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import type { EncodedRequest, EncodeTarget } from '../dialect.ts';
import { compact, unsupported } from '../fields.ts';
import { refuseUncarried } from '../omissions.ts';
import type { ModelRequest, Reasoning, ResponseFormat, Tool, ToolChoice } from '../request.ts';
import { encodeMessages } from './encode-messages.ts';

const dialect = 'openai-completions';

export function encodeRequest(request: ModelRequest, target: EncodeTarget): EncodedRequest {
  const own = request.dialect === dialect;
  if (own) refuseAnswersNotCarried(request.extensions, target);
  else refuseUncarried(request.extensions, { from: request.dialect, place: 'request', path: '', target: target.provider });
  const { quirks } = target;
  const { stream_options: ownStreamOptions, ...extensions } = own ? request.extensions : {};
  if (request.topK !== undefined && !(quirks.topK ?? own)) throw unsupported('top_k', 'top_k', target.provider);
  const asksUsage = request.stream && quirks.streamUsage !== false;
  const body = compact<JsonObject>({
    model: target.model,
    messages: encodeMessages(request, target),
    stream: request.stream || undefined,
    stream_options: asksUsage ? { ...objectOf(ownStreamOptions), include_usage: true } : undefined,
    [quirks.maxTokensField ?? 'max_tokens']: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    stop: encodeStop(request.stopSequences),
    tools:
      request.tools && request.tools.length > 0
        ? request.tools.map((tool, index) => encodeTool(tool, index, { request, target }))
        : undefined,
    tool_choice: request.toolChoice && encodeToolChoice(request.toolChoice, target),
    parallel_tool_calls: request.tools && request.tools.length > 0 ? request.parallelToolCalls : undefined,
    response_format: request.responseFormat && encodeResponseFormat(request.responseFormat),
    reasoning_effort: request.reasoning && effortOf(request.reasoning),
    user: request.user,
    service_tier:
      request.serviceTier === undefined ? undefined : own ? request.serviceTier : encodeServiceTier(request.serviceTier, target),
    ...extensions,
  });
  return { path: '/chat/completions', body, headers: {} };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

/** Log probabilities, several choices and sound come back on fields that the internal events do not have. */
function refuseAnswersNotCarried(extensions: JsonObject, target: EncodeTarget): void {
  const { n, logprobs, modalities, audio } = extensions;
  if (n !== undefined && n !== 1) throw unsupported('n', 'more than one choice', target.provider);
  if (logprobs === true) throw unsupported('logprobs', 'log probabilities', target.provider);
  if (audio !== undefined || (Array.isArray(modalities) && modalities.includes('audio'))) {
    throw unsupported(audio === undefined ? 'modalities' : 'audio', 'spoken answers', target.provider);
  }
}

function encodeStop(stopSequences: readonly string[] | undefined): JsonValue | undefined {
  if (!stopSequences || stopSequences.length === 0) return undefined;
  const [only] = stopSequences;
  return stopSequences.length === 1 && only !== undefined ? only : [...stopSequences];
}

function encodeTool(tool: Tool, index: number, context: { request: ModelRequest; target: EncodeTarget }): JsonObject {
  const { request, target } = context;
  const own = request.dialect === dialect;
  if (tool.type === 'native') {
    if (tool.dialect === dialect) return tool.definition;
    throw unsupported(`tools[${index}].type`, `the tool ${String(tool.definition['type'])}`, target.provider);
  }
  if (!own) refuseUncarried(tool.extensions, { from: request.dialect, place: 'tool', path: `tools[${index}]`, target: target.provider });
  return compact<JsonObject>({
    type: 'function',
    function: compact<JsonObject>({
      name: tool.name,
      description: tool.description,
      parameters: tool.inputSchema,
      strict: tool.strict,
      ...(own && tool.extensions),
    }),
    cache_control: (target.quirks.cacheControl ?? own) ? tool.cacheControl : undefined,
  });
}

function encodeToolChoice(choice: ToolChoice, target: EncodeTarget): JsonValue {
  if (choice.type === 'function') return { type: 'function', function: { name: choice.name } };
  if (choice.type !== 'native') return choice.type;
  if (choice.dialect === dialect) return choice.value;
  throw unsupported('tool_choice', `the choice ${String(choice.value['type'])}`, target.provider);
}

function encodeResponseFormat(format: ResponseFormat): JsonObject {
  if (format.type === 'text') return { type: 'text' };
  if (format.type === 'jsonObject') return { type: 'json_object' };
  const { name, description, schema, strict } = format;
  return { type: 'json_schema', json_schema: compact<JsonObject>({ name, description, schema, strict }) };
}

/**
 * The word for how much to think. A budget becomes the nearest word. Thinking switched off, or left to the model, has no word
 * that every model of this dialect takes, and both are what happens without one.
 */
function effortOf(reasoning: Reasoning): string | undefined {
  if (reasoning.effort !== undefined) return reasoning.effort;
  const { budgetTokens } = reasoning;
  if (budgetTokens === undefined || budgetTokens === 0) return undefined;
  if (budgetTokens <= 4096) return 'low';
  return budgetTokens <= 16_384 ? 'medium' : 'high';
}

const serviceTiers: Readonly<Record<string, string>> = { auto: 'auto', standard_only: 'default' };

function encodeServiceTier(tier: string, target: EncodeTarget): string {
  const word = serviceTiers[tier];
  if (word === undefined) throw unsupported('service_tier', `the tier ${tier}`, target.provider);
  return word;
}
