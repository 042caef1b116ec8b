/**
 * Writes the body of `POST /api/chat`: everything but the messages, which are `encode-messages.ts`.
 *
 * Ollama leaves every tool to the model's choice: who forces or forbids one at a time is refused by name. Fields of Ollama's own
 * that clients send along, because they know where they end up, are carried: `keep_alive`, and `options` (`num_ctx`, …).
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { withAllowedTools } from '../anthropic-messages/allowed-tools.ts';
import type { EncodedRequest, EncodeTarget } from '../dialect.ts';
import { compact, optionalObject, unsupported } from '../fields.ts';
import { refuseUncarried } from '../omissions.ts';
import type { ModelRequest, Reasoning, ResponseFormat, Tool } from '../request.ts';
import { encodeMessages } from './encode-messages.ts';

const carriedFields = ['seed', 'presence_penalty', 'frequency_penalty', 'keep_alive', 'options'];

export function encodeRequest(whole: ModelRequest, target: EncodeTarget): EncodedRequest {
  const request = withAllowedTools(whole);
  refuseUncarried(request.extensions, { from: request.dialect, place: 'request', path: '', target: target.provider }, carriedFields);
  refuseServiceTier(request.serviceTier, target);
  const body = compact<JsonObject>({
    model: target.model,
    messages: encodeMessages(request, target),
    // What is not said streams.
    stream: request.stream,
    tools: encodeTools(request, target),
    think: request.reasoning && encodeThinking(request.reasoning, target),
    format: request.responseFormat && encodeFormat(request.responseFormat),
    options: encodeOptions(request),
    keep_alive: request.extensions['keep_alive'],
  });
  return { path: '/api/chat', body, headers: {} };
}

function encodeOptions(request: ModelRequest): JsonObject | undefined {
  const { seed, presence_penalty, frequency_penalty } = request.extensions;
  const options = compact<JsonObject>({
    num_predict: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    stop: request.stopSequences && request.stopSequences.length > 0 ? [...request.stopSequences] : undefined,
    seed,
    presence_penalty,
    frequency_penalty,
    ...optionalObject(request.extensions, 'options', ''),
  });
  return Object.keys(options).length > 0 ? options : undefined;
}

function encodeTools(request: ModelRequest, target: EncodeTarget): JsonObject[] | undefined {
  const { tools, toolChoice, parallelToolCalls } = request;
  // A tool that is not offered is not called.
  if (!tools || tools.length === 0 || toolChoice?.type === 'none') return undefined;
  if (toolChoice && toolChoice.type !== 'auto') throw unsupported('tool_choice', `the choice ${toolChoice.type}`, target.provider);
  if (parallelToolCalls === false) throw unsupported('parallel_tool_calls', 'one tool call at a time', target.provider);
  return tools.map((tool, index) => encodeTool(tool, `tools[${index}]`, { request, target }));
}

function encodeTool(tool: Tool, path: string, context: { request: ModelRequest; target: EncodeTarget }): JsonObject {
  const { provider } = context.target;
  if (tool.type === 'native') throw unsupported(`${path}.type`, `the tool ${String(tool.definition['type'])}`, provider);
  if (tool.strict === true) throw unsupported(`${path}.strict`, 'a tool whose schema the model is held to', provider);
  refuseUncarried(tool.extensions, { from: context.request.dialect, place: 'tool', path, target: provider });
  const { name, description, inputSchema } = tool;
  const parameters = inputSchema ?? { type: 'object', properties: {} };
  return { type: 'function', function: compact<JsonObject>({ name, description, parameters }) };
}

function encodeFormat(format: ResponseFormat): JsonValue | undefined {
  if (format.type === 'text') return undefined;
  return format.type === 'jsonObject' ? 'json' : format.schema;
}

const levels: Readonly<Record<string, JsonValue>> = {
  none: false,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'max',
  max: 'max',
};

/** A word, or on and off: Ollama knows no budget. */
function encodeThinking({ effort, budgetTokens }: Reasoning, target: EncodeTarget): JsonValue {
  if (effort === undefined) return budgetTokens !== 0;
  const level = Object.hasOwn(levels, effort) ? levels[effort] : undefined;
  if (level === undefined) throw unsupported('reasoning_effort', `the effort ${effort}`, target.provider);
  return level;
}

/** There is one tier, which is what these ask for. */
function refuseServiceTier(tier: string | undefined, target: EncodeTarget): void {
  if (tier === undefined || tier === 'auto' || tier === 'default' || tier === 'standard_only') return;
  throw unsupported('service_tier', `the tier ${tier}`, target.provider);
}
