/**
 * Reads the body of `POST /v1/messages`: everything but the messages, which are `decode-messages.ts`.
 *
 * Fields without a place in `ModelRequest` go to `extensions` under their own names.
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import {
  compact,
  invalid,
  objectsOf,
  optionalArray,
  optionalBoolean,
  optionalCount,
  optionalNumber,
  optionalObject,
  optionalString,
  pathOf,
  requiredArray,
  requiredObject,
  requiredString,
  restOf,
  stringsOf,
} from '../fields.ts';
import type { Message, ModelRequest, Reasoning, ResponseFormat, Tool, ToolChoice } from '../request.ts';
import { decodeMessages, decodeSystem } from './decode-messages.ts';

const dialect = 'anthropic-messages';

const setOf = (...names: string[]): ReadonlySet<string> => new Set(names);
const knownFields = setOf(
  'model',
  'messages',
  'system',
  'stream',
  'max_tokens',
  'tools',
  'tool_choice',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
  'service_tier',
);
const knownToolFields = setOf('type', 'name', 'description', 'input_schema', 'strict', 'cache_control');
const knownOutputFields = setOf('format', 'effort');
const knownMetadata = setOf('user_id');

export function decodeRequest(body: JsonObject): ModelRequest {
  const system = decodeSystem(body['system'] ?? undefined);
  const messages: Message[] = decodeMessages(requiredArray(body, 'messages', ''));
  const { toolChoice, parallelToolCalls } = decodeToolChoice(optionalObject(body, 'tool_choice', ''));
  const output = optionalObject(body, 'output_config', '') ?? {};
  const metadata = optionalObject(body, 'metadata', '');
  const thinking = optionalObject(body, 'thinking', '');
  const maxOutputTokens = optionalCount(body, 'max_tokens', '');
  if (maxOutputTokens === undefined) throw invalid('max_tokens', 'is required');
  return compact<ModelRequest>({
    dialect,
    model: requiredString(body, 'model', ''),
    stream: optionalBoolean(body, 'stream', '') ?? false,
    includeUsage: true,
    messages: system ? [system, ...messages] : messages,
    tools: decodeTools(optionalArray(body, 'tools', '')),
    toolChoice,
    parallelToolCalls,
    maxOutputTokens,
    temperature: optionalNumber(body, 'temperature', ''),
    topP: optionalNumber(body, 'top_p', ''),
    topK: optionalCount(body, 'top_k', ''),
    stopSequences: decodeStops(optionalArray(body, 'stop_sequences', '')),
    responseFormat: decodeFormat(body, output),
    reasoning: decodeReasoning(thinking, optionalString(output, 'effort', 'output_config')),
    user: metadata && optionalString(metadata, 'user_id', 'metadata'),
    serviceTier: optionalString(body, 'service_tier', ''),
    extensions: {
      ...restOf(body, knownFields),
      ...(thinking && hasMoreThanReasoning(thinking) && { thinking }),
      ...named('output_config', restOf(output, knownOutputFields)),
      ...named('metadata', metadata && restOf(metadata, knownMetadata)),
    },
  });
}

function named(name: string, value: JsonObject | undefined): JsonObject {
  return value ? { [name]: value } : {};
}

function decodeStops(values: JsonValue[] | undefined): readonly string[] | undefined {
  return values && values.length > 0 ? stringsOf(values, 'stop_sequences') : undefined;
}

function decodeTools(values: JsonValue[] | undefined): readonly Tool[] | undefined {
  return values && objectsOf(values, 'tools').map(({ object, path }) => decodeTool(object, path));
}

function decodeTool(tool: JsonObject, path: string): Tool {
  const type = optionalString(tool, 'type', path) ?? 'custom';
  if (type !== 'custom') return { type: 'native', dialect, definition: tool };
  return compact<Tool>({
    type: 'function',
    name: requiredString(tool, 'name', path),
    description: optionalString(tool, 'description', path),
    inputSchema: requiredObject(tool, 'input_schema', path),
    strict: optionalBoolean(tool, 'strict', path),
    cacheControl: optionalObject(tool, 'cache_control', path),
    extensions: restOf(tool, knownToolFields),
  });
}

function decodeToolChoice(choice: JsonObject | undefined): { toolChoice: ToolChoice | undefined; parallelToolCalls: boolean | undefined } {
  if (!choice) return { toolChoice: undefined, parallelToolCalls: undefined };
  const disabled = optionalBoolean(choice, 'disable_parallel_tool_use', 'tool_choice');
  const parallelToolCalls = disabled === undefined ? undefined : !disabled;
  return { toolChoice: decodeChoiceType(choice), parallelToolCalls };
}

function decodeChoiceType(choice: JsonObject): ToolChoice {
  const type = requiredString(choice, 'type', 'tool_choice');
  if (type === 'auto' || type === 'none') return { type };
  if (type === 'any') return { type: 'required' };
  if (type === 'tool') return { type: 'function', name: requiredString(choice, 'name', 'tool_choice') };
  throw invalid('tool_choice.type', 'must be "auto", "any", "tool" or "none"');
}

/** `output_format` is the older name of `output_config.format`. Anthropic holds the model to the schema, which is OpenAI's `strict`. */
function decodeFormat(body: JsonObject, output: JsonObject): ResponseFormat | undefined {
  const current = optionalObject(output, 'format', 'output_config');
  const format = current ?? optionalObject(body, 'output_format', '');
  if (!format) return undefined;
  const path = current ? 'output_config.format' : 'output_format';
  if (requiredString(format, 'type', path) !== 'json_schema') throw invalid(pathOf(path, 'type'), 'must be "json_schema"');
  return { type: 'jsonSchema', name: 'response', schema: requiredObject(format, 'schema', path), strict: true };
}

function decodeReasoning(thinking: JsonObject | undefined, effort: string | undefined): Reasoning | undefined {
  const type = thinking && requiredString(thinking, 'type', 'thinking');
  const budget = type === 'enabled' ? optionalCount(thinking ?? {}, 'budget_tokens', 'thinking') : undefined;
  if (type === 'enabled' && budget === undefined) throw invalid('thinking.budget_tokens', 'is required');
  const reasoning = compact<Reasoning>({
    effort,
    budgetTokens: type === 'disabled' ? 0 : budget,
    adaptive: type === 'adaptive' ? true : undefined,
  });
  return Object.keys(reasoning).length > 0 ? reasoning : undefined;
}

const knownThinking: Readonly<Record<string, ReadonlySet<string>>> = {
  enabled: setOf('type', 'budget_tokens'),
  disabled: setOf('type'),
  adaptive: setOf('type'),
};

/** Whether there is anything in it that `Reasoning` cannot hold. */
function hasMoreThanReasoning(thinking: JsonObject): boolean {
  const known = knownThinking[String(thinking['type'])];
  return !known || restOf(thinking, known) !== undefined;
}
