/**
 * Writes tools and the choice among them.
 *
 * Schemas go out untouched as `parametersJsonSchema`, which takes JSON Schema; the older `parameters` takes a dialect of
 * OpenAPI, and translating into it loses references, unions and types in lists.
 */
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import type { EncodeTarget } from '../dialect.ts';
import { compact, invalid, objectsOf, requiredArray, requiredObject, requiredString, unsupported } from '../fields.ts';
import { refuseUncarried } from '../omissions.ts';
import type { FunctionTool, ModelRequest, Tool, ToolChoice } from '../request.ts';

const dialect = 'google-generative-ai';

/** Google's own tools, as its Interactions API names them in `type`, and as this wire does. */
const ownTools: Readonly<Record<string, string>> = {
  google_search: 'googleSearch',
  google_maps: 'googleMaps',
  url_context: 'urlContext',
  code_execution: 'codeExecution',
};

export function encodeTools(request: ModelRequest, target: EncodeTarget): JsonObject[] | undefined {
  if (!request.tools || request.tools.length === 0) return undefined;
  const declarations: JsonObject[] = [];
  const tools: JsonObject[] = [];
  for (const [index, tool] of request.tools.entries()) {
    const path = `tools[${index}]`;
    if (tool.type === 'native') tools.push(encodeNative(tool, path, target));
    else {
      refuseUncarried(tool.extensions, { from: request.dialect, place: 'tool', path, target: target.provider });
      declarations.push(encodeDeclaration(tool));
    }
  }
  return declarations.length > 0 ? [{ functionDeclarations: declarations }, ...tools] : tools;
}

function encodeDeclaration({ name, description, inputSchema }: FunctionTool): JsonObject {
  return compact<JsonObject>({
    name,
    description,
    parametersJsonSchema: inputSchema && takesArguments(inputSchema) ? inputSchema : undefined,
  });
}

/** A function without parameters has no schema there. */
function takesArguments(schema: JsonObject): boolean {
  const { type, properties, required: _required, additionalProperties, $schema: _dialect, ...others } = schema;
  const isClosed = additionalProperties === undefined || typeof additionalProperties === 'boolean';
  const isEmpty = properties === undefined || (isJsonObject(properties) && Object.keys(properties).length === 0);
  return !(isEmpty && isClosed && (type === 'object' || type === undefined) && Object.keys(others).length === 0);
}

function encodeNative({ dialect: from, definition }: Extract<Tool, { type: 'native' }>, path: string, target: EncodeTarget): JsonObject {
  if (from === dialect) return definition;
  const { type, ...options } = definition;
  const name = typeof type === 'string' && Object.hasOwn(ownTools, type) ? ownTools[type] : undefined;
  if (name === undefined) throw unsupported(`${path}.type`, `the tool ${String(type)}`, target.provider);
  return { [name]: options };
}

export function encodeToolConfig(request: ModelRequest, target: EncodeTarget): JsonObject | undefined {
  const { tools, toolChoice, parallelToolCalls } = request;
  const functions = tools?.filter((tool) => tool.type === 'function') ?? [];
  if (functions.length === 0) return undefined;
  if (parallelToolCalls === false) throw unsupported('parallel_tool_calls', 'one tool call at a time', target.provider);
  // VALIDATED leaves the choice to the model as AUTO does, and holds what it calls to the schema.
  const free = functions.some(({ strict }) => strict === true) ? { mode: 'VALIDATED' } : undefined;
  const config = toolChoice && toolChoice.type !== 'auto' ? encodeChoice(toolChoice, target) : free;
  return config && { functionCallingConfig: config };
}

function encodeChoice(choice: Exclude<ToolChoice, { type: 'auto' }>, target: EncodeTarget): JsonObject {
  if (choice.type === 'none') return { mode: 'NONE' };
  if (choice.type === 'required') return { mode: 'ANY' };
  if (choice.type === 'function') return { mode: 'ANY', allowedFunctionNames: [choice.name] };
  if (choice.value['type'] === 'allowed_tools') return encodeAllowedTools(choice.value);
  throw unsupported('tool_choice', `the choice ${String(choice.value['type'])}`, target.provider);
}

/** OpenAI's choice among some of the tools. All of them stay in the request, so that the prompt cache does. */
function encodeAllowedTools(choice: JsonObject): JsonObject {
  const path = 'tool_choice.allowed_tools';
  const allowed = requiredObject(choice, 'allowed_tools', 'tool_choice');
  const mode = requiredString(allowed, 'mode', path);
  if (mode !== 'auto' && mode !== 'required') throw invalid(`${path}.mode`, 'must be "auto" or "required"');
  const names = objectsOf(requiredArray(allowed, 'tools', path), `${path}.tools`).map(({ object, path: at }) =>
    requiredString(isJsonObject(object['function']) ? object['function'] : object, 'name', at),
  );
  return { mode: mode === 'auto' ? 'VALIDATED' : 'ANY', allowedFunctionNames: names };
}
