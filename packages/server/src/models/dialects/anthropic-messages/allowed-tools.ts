/**
 * OpenAI's `allowed_tools`: a choice among some of the tools. Anthropic has no word for it, but a request that offers only
 * those tools asks for the same.
 */
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import { invalid, objectsOf, requiredArray, requiredObject, requiredString } from '../fields.ts';
import type { ModelRequest, Tool } from '../request.ts';

const path = 'tool_choice.allowed_tools';

/** The request with the allowed tools alone; any other request as it is. @throws OpenClawError `invalid_request` */
export function withAllowedTools(request: ModelRequest): ModelRequest {
  const { toolChoice, tools } = request;
  if (toolChoice?.type !== 'native' || toolChoice.value['type'] !== 'allowed_tools') return request;
  const choice = requiredObject(toolChoice.value, 'allowed_tools', 'tool_choice');
  const mode = requiredString(choice, 'mode', path);
  if (mode !== 'auto' && mode !== 'required') throw invalid(`${path}.mode`, 'must be "auto" or "required"');
  const allowed = new Set(objectsOf(requiredArray(choice, 'tools', path), `${path}.tools`).map(({ object }) => nameOf(object)));
  const left = (tools ?? []).filter((tool) => allowed.has(nameOfTool(tool)));
  if (left.length === 0) throw invalid(`${path}.tools`, 'must name at least one of the tools');
  return { ...request, tools: left, toolChoice: { type: mode } };
}

function nameOf(named: JsonObject): string {
  const inner = isJsonObject(named['function']) ? named['function'] : named;
  return String(inner['name'] ?? '');
}

function nameOfTool(tool: Tool): string {
  return tool.type === 'function' ? tool.name : nameOf(tool.definition);
}
