/**
 * Reads the body of `POST /responses`: everything but the input, which is `decode-input.ts`.
 *
 * Fields without a place in `ModelRequest` go to `extensions` under their own names. `previous_response_id` is among them:
 * what a request refers to has been put in its place before, or nobody here knows it.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
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
  requiredArray,
  requiredObject,
  requiredString,
  restOf,
} from '../fields.ts';
import type { Message, ModelRequest, ResponseFormat, Tool, ToolChoice } from '../request.ts';
import { decodeInput } from './decode-input.ts';

const dialect = 'openai-responses';

const setOf = (...names: string[]): ReadonlySet<string> => new Set(names);
const knownFields = setOf(
  'model',
  'input',
  'instructions',
  'stream',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_output_tokens',
  'temperature',
  'top_p',
  'text',
  'reasoning',
  'user',
  'service_tier',
);
const knownTextFields = setOf('format');
const knownReasoningFields = setOf('effort');
const knownFunctionFields = setOf('type', 'name', 'description', 'parameters', 'strict', 'cache_control');

export function decodeRequest(body: JsonObject): ModelRequest {
  const text = optionalObject(body, 'text', '') ?? {};
  const reasoning = optionalObject(body, 'reasoning', '') ?? {};
  const effort = optionalString(reasoning, 'effort', 'reasoning');
  const instructions = optionalString(body, 'instructions', '');
  const system: Message[] = instructions === undefined ? [] : [{ role: 'system', parts: [{ type: 'text', text: instructions }] }];
  return compact<ModelRequest>({
    dialect,
    model: requiredString(body, 'model', ''),
    stream: optionalBoolean(body, 'stream', '') ?? false,
    // Every stream of this dialect ends with its usage.
    includeUsage: true,
    messages: [...system, ...decodeInput(body['input'] ?? undefined)],
    tools: decodeTools(optionalArray(body, 'tools', '')),
    toolChoice: decodeToolChoice(body['tool_choice'] ?? undefined),
    parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls', ''),
    maxOutputTokens: optionalCount(body, 'max_output_tokens', ''),
    temperature: optionalNumber(body, 'temperature', ''),
    topP: optionalNumber(body, 'top_p', ''),
    responseFormat: decodeFormat(optionalObject(text, 'format', 'text')),
    reasoning: effort === undefined ? undefined : { effort },
    user: optionalString(body, 'user', ''),
    serviceTier: optionalString(body, 'service_tier', ''),
    extensions: {
      ...restOf(body, knownFields),
      ...named('text', restOf(text, knownTextFields)),
      ...named('reasoning', restOf(reasoning, knownReasoningFields)),
    },
  });
}

function named(name: string, value: JsonObject | undefined): JsonObject {
  return value ? { [name]: value } : {};
}

function decodeTools(values: JsonValue[] | undefined): readonly Tool[] | undefined {
  return values && values.length > 0 ? objectsOf(values, 'tools').map(({ object, path }) => decodeTool(object, path)) : undefined;
}

function decodeTool(tool: JsonObject, path: string): Tool {
  if (requiredString(tool, 'type', path) !== 'function') return { type: 'native', dialect, definition: tool };
  return compact<Tool>({
    type: 'function',
    name: requiredString(tool, 'name', path),
    description: optionalString(tool, 'description', path),
    inputSchema: optionalObject(tool, 'parameters', path),
    strict: optionalBoolean(tool, 'strict', path),
    cacheControl: optionalObject(tool, 'cache_control', path),
    extensions: restOf(tool, knownFunctionFields),
  });
}

function decodeToolChoice(value: JsonValue | undefined): ToolChoice | undefined {
  if (value === undefined) return undefined;
  if (value === 'auto' || value === 'none' || value === 'required') return { type: value };
  if (!isJsonObject(value)) throw invalid('tool_choice', 'must be "auto", "none", "required" or an object');
  const type = requiredString(value, 'type', 'tool_choice');
  if (type === 'function') return { type, name: requiredString(value, 'name', 'tool_choice') };
  return type === 'allowed_tools' ? decodeAllowedTools(value) : { type: 'native', dialect, value };
}

/** In the words of chat completions, which the other dialects know to read. */
function decodeAllowedTools(value: JsonObject): ToolChoice {
  const mode = requiredString(value, 'mode', 'tool_choice');
  const allowed = objectsOf(requiredArray(value, 'tools', 'tool_choice'), 'tool_choice.tools').map(({ object, path }): JsonObject => {
    if (requiredString(object, 'type', path) !== 'function') return object;
    return { type: 'function', function: { name: requiredString(object, 'name', path) } };
  });
  return { type: 'native', dialect: 'openai-completions', value: { type: 'allowed_tools', allowed_tools: { mode, tools: allowed } } };
}

function decodeFormat(format: JsonObject | undefined): ResponseFormat | undefined {
  if (!format) return undefined;
  const path = 'text.format';
  const type = requiredString(format, 'type', path);
  if (type === 'text') return { type };
  if (type === 'json_object') return { type: 'jsonObject' };
  if (type !== 'json_schema') throw invalid(`${path}.type`, 'must be "text", "json_object" or "json_schema"');
  return compact<ResponseFormat>({
    type: 'jsonSchema',
    name: requiredString(format, 'name', path),
    description: optionalString(format, 'description', path),
    schema: requiredObject(format, 'schema', path),
    strict: optionalBoolean(format, 'strict', path),
  });
}
