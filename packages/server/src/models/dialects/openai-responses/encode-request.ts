/**
 * Writes the body of `POST /responses`: everything but the input, which is `encode-input.ts`.
 *
 * For a client of another dialect nothing is stored at the provider, and its reasoning comes back encrypted, so that the
 * client can send it again. What the wire cannot say is refused by name.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import type { EncodedRequest, EncodeTarget } from '../dialect.ts';
import { compact, unsupported } from '../fields.ts';
import { refuseUncarried } from '../omissions.ts';
import type { ModelRequest, Reasoning, ResponseFormat, Tool, ToolChoice } from '../request.ts';
import { encodeInput } from './encode-input.ts';

const dialect = 'openai-responses';

/** Fields of chat completions that mean the same here, under the same names. */
const carriedFields = [
  ...['metadata', 'prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options', 'safety_identifier'],
  ...['verbosity', 'moderation'],
];

export function encodeRequest(request: ModelRequest, target: EncodeTarget): EncodedRequest {
  const own = request.dialect === dialect;
  const chat = request.dialect === 'openai-completions';
  if (!own)
    refuseUncarried(
      request.extensions,
      { from: request.dialect, place: 'request', path: '', target: target.provider },
      chat ? carriedFields : [],
    );
  if (request.topK !== undefined) throw unsupported('top_k', 'top_k', target.provider);
  if (request.stopSequences && request.stopSequences.length > 0) throw unsupported('stop', 'stop sequences', target.provider);
  const { text, reasoning, ...extensions } = own ? request.extensions : carriedFrom(request.extensions, chat);
  const tools = request.tools && request.tools.length > 0 ? request.tools : undefined;
  const { instructions, input } = encodeInput(request, target);
  const body = compact<JsonObject>({
    model: target.model,
    instructions,
    input,
    stream: request.stream || undefined,
    ...(!own && { store: false, include: ['reasoning.encrypted_content'] }),
    tools: tools?.map((tool, index) => encodeTool(tool, index, { request, target })),
    tool_choice: tools && request.toolChoice && encodeToolChoice(request.toolChoice, target),
    parallel_tool_calls: tools && request.parallelToolCalls,
    max_output_tokens: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    text: merged(request.responseFormat && { format: encodeFormat(request.responseFormat) }, text),
    reasoning: merged(encodeEffort(request.reasoning), reasoning),
    user: request.user,
    service_tier:
      request.serviceTier === undefined ? undefined : own || chat ? request.serviceTier : encodeServiceTier(request.serviceTier, target),
    ...extensions,
  });
  return { path: '/responses', body, headers: {} };
}

/** Chat completions have `verbosity` at the top. Labels are for stored responses, and this one is not stored. */
function carriedFrom(extensions: JsonObject, chat: boolean): JsonObject {
  if (!chat) return {};
  const { verbosity } = extensions;
  const carried: JsonObject = verbosity === undefined ? {} : { text: { verbosity } };
  for (const field of carriedFields) {
    if (field !== 'verbosity' && extensions[field] !== undefined) carried[field] = extensions[field];
  }
  return carried;
}

function merged(first: JsonObject | undefined, second: JsonValue | undefined): JsonObject | undefined {
  return first || isJsonObject(second) ? { ...first, ...(isJsonObject(second) && second) } : undefined;
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
    name: tool.name,
    description: tool.description,
    parameters: tool.inputSchema ?? (own ? undefined : { type: 'object', properties: {} }),
    // Without a word OpenAI holds the model to the schema here, which chat completions and Anthropic do not.
    strict: tool.strict ?? (own ? undefined : false),
    cache_control: (target.quirks.cacheControl ?? own) ? tool.cacheControl : undefined,
    ...(own && tool.extensions),
  });
}

function encodeToolChoice(choice: ToolChoice, target: EncodeTarget): JsonValue {
  if (choice.type === 'function') return { type: 'function', name: choice.name };
  if (choice.type !== 'native') return choice.type;
  if (choice.dialect === dialect) return choice.value;
  const { type, allowed_tools: allowed } = choice.value;
  if (type === 'allowed_tools' && isJsonObject(allowed) && Array.isArray(allowed['tools'])) {
    return compact<JsonObject>({ type, mode: allowed['mode'], tools: allowed['tools'].map(flattened) });
  }
  throw unsupported('tool_choice', `the choice ${String(type)}`, target.provider);
}

/** `{ type: 'function', function: { name } }` as `{ type: 'function', name }`. */
function flattened(tool: JsonValue): JsonValue {
  if (!isJsonObject(tool) || !isJsonObject(tool['function'])) return tool;
  return compact<JsonObject>({ type: 'function', name: tool['function']['name'] });
}

function encodeFormat(format: ResponseFormat): JsonObject {
  if (format.type === 'text') return { type: 'text' };
  if (format.type === 'jsonObject') return { type: 'json_object' };
  const { name, description, schema, strict } = format;
  return compact<JsonObject>({ type: 'json_schema', name, description, schema, strict });
}

/** A budget becomes the nearest word. Thinking switched off, or left to the model, has no word that every model takes. */
function encodeEffort(reasoning: Reasoning | undefined): JsonObject | undefined {
  if (!reasoning) return undefined;
  if (reasoning.effort !== undefined) return { effort: reasoning.effort };
  const { budgetTokens } = reasoning;
  if (budgetTokens === undefined || budgetTokens === 0) return undefined;
  return { effort: budgetTokens <= 4096 ? 'low' : budgetTokens <= 16_384 ? 'medium' : 'high' };
}

/** Anthropic's words. */
const serviceTiers: Readonly<Record<string, string>> = { auto: 'auto', standard_only: 'default' };

function encodeServiceTier(tier: string, target: EncodeTarget): string {
  const word = serviceTiers[tier];
  if (word === undefined) throw unsupported('service_tier', `the tier ${tier}`, target.provider);
  return word;
}
