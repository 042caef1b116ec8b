/**
 * Reads the body of `POST /chat/completions`: everything but the messages, which are `decode-messages.ts`.
 *
 * Fields without a place in `ModelRequest` go to `extensions` under their own names.
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { isJsonObject } from '../../../core/json.ts';
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
  wrongType,
} from '../fields.ts';
import type { ModelRequest, ResponseFormat, Tool, ToolChoice } from '../request.ts';
import { decodeMessages } from './decode-messages.ts';

const dialect = 'openai-completions';

const knownFields: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_completion_tokens',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'response_format',
  'reasoning_effort',
  'user',
  'service_tier',
]);
const knownStreamOptions: ReadonlySet<string> = new Set(['include_usage']);
const knownFunctionFields: ReadonlySet<string> = new Set(['name', 'description', 'parameters', 'strict']);

export function decodeRequest(body: JsonObject): ModelRequest {
  const streamOptions = optionalObject(body, 'stream_options', '');
  const otherStreamOptions = streamOptions && restOf(streamOptions, knownStreamOptions);
  const effort = optionalString(body, 'reasoning_effort', '');
  return compact<ModelRequest>({
    dialect,
    model: requiredString(body, 'model', ''),
    stream: optionalBoolean(body, 'stream', '') ?? false,
    includeUsage: (streamOptions && optionalBoolean(streamOptions, 'include_usage', 'stream_options')) ?? false,
    messages: decodeMessages(requiredArray(body, 'messages', '')),
    tools: decodeTools(optionalArray(body, 'tools', '')),
    toolChoice: decodeToolChoice(body['tool_choice'] ?? undefined),
    parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls', ''),
    maxOutputTokens: optionalCount(body, 'max_completion_tokens', '') ?? optionalCount(body, 'max_tokens', ''),
    temperature: optionalNumber(body, 'temperature', ''),
    topP: optionalNumber(body, 'top_p', ''),
    topK: optionalCount(body, 'top_k', ''),
    stopSequences: decodeStop(body['stop'] ?? undefined),
    responseFormat: decodeResponseFormat(optionalObject(body, 'response_format', '')),
    reasoning: effort === undefined ? undefined : { effort },
    user: optionalString(body, 'user', ''),
    serviceTier: optionalString(body, 'service_tier', ''),
    extensions: { ...restOf(body, knownFields), ...(otherStreamOptions && { stream_options: otherStreamOptions }) },
  });
}

function decodeStop(value: JsonValue | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return stringsOf(value, 'stop');
  throw wrongType(value, 'a string or an array of strings', 'stop');
}

function decodeTools(values: JsonValue[] | undefined): readonly Tool[] | undefined {
  return values && objectsOf(values, 'tools').map(({ object, path }) => decodeTool(object, path));
}

function decodeTool(tool: JsonObject, path: string): Tool {
  if (requiredString(tool, 'type', path) !== 'function') return { type: 'native', dialect, definition: tool };
  const definition = requiredObject(tool, 'function', path);
  const definitionPath = pathOf(path, 'function');
  return compact<Tool>({
    type: 'function',
    name: requiredString(definition, 'name', definitionPath),
    description: optionalString(definition, 'description', definitionPath),
    inputSchema: optionalObject(definition, 'parameters', definitionPath),
    strict: optionalBoolean(definition, 'strict', definitionPath),
    cacheControl: optionalObject(tool, 'cache_control', path),
    extensions: restOf(definition, knownFunctionFields),
  });
}

function decodeToolChoice(value: JsonValue | undefined): ToolChoice | undefined {
  if (value === undefined) return undefined;
  if (value === 'auto' || value === 'none' || value === 'required') return { type: value };
  if (!isJsonObject(value)) throw invalid('tool_choice', 'must be "auto", "none", "required" or an object');
  if (requiredString(value, 'type', 'tool_choice') !== 'function') return { type: 'native', dialect, value };
  const named = requiredObject(value, 'function', 'tool_choice');
  return { type: 'function', name: requiredString(named, 'name', 'tool_choice.function') };
}

function decodeResponseFormat(format: JsonObject | undefined): ResponseFormat | undefined {
  if (!format) return undefined;
  const type = requiredString(format, 'type', 'response_format');
  if (type === 'text') return { type };
  if (type === 'json_object') return { type: 'jsonObject' };
  if (type !== 'json_schema') throw invalid('response_format.type', 'must be "text", "json_object" or "json_schema"');
  const path = 'response_format.json_schema';
  const schema = requiredObject(format, 'json_schema', 'response_format');
  return compact<ResponseFormat>({
    type: 'jsonSchema',
    name: requiredString(schema, 'name', path),
    description: optionalString(schema, 'description', path),
    schema: requiredObject(schema, 'schema', path),
    strict: optionalBoolean(schema, 'strict', path),
  });
}
