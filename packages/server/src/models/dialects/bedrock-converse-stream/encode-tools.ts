/** Writes tools and the choice among them as Converse has them. */
import type { JsonObject } from '../../../core/json.ts';
import type { EncodeTarget } from '../dialect.ts';
import { compact, unsupported } from '../fields.ts';
import { refuseUncarried } from '../omissions.ts';
import type { ModelRequest, Tool } from '../request.ts';
import { withoutTopLevelChoice } from '../tool-schema.ts';
import { createCachePoints } from './cache-points.ts';
import { familyOf } from './model-family.ts';

/** The tools with their cache points; empty where none may be called. */
export function encodeTools(request: ModelRequest, target: EncodeTarget): JsonObject[] {
  const { tools = [], toolChoice } = request;
  if (tools.length === 0) return [];
  if (toolChoice?.type === 'none') {
    // Converse has no word for it. Without tools none is called, but a conversation with calls in it must have them.
    if (hasCalls(request)) throw unsupported('tool_choice', 'the choice none in a conversation with tool calls', target.provider);
    return [];
  }
  if (request.parallelToolCalls === false) throw unsupported('parallel_tool_calls', 'one tool call at a time', target.provider);
  const cachePoint = createCachePoints(target);
  return tools.flatMap((tool, index) => {
    const spec = { toolSpec: encodeTool(tool, index, { request, target }) };
    const point = tool.type === 'function' ? cachePoint(tool.cacheControl, 'tools') : undefined;
    return point ? [spec, point] : [spec];
  });
}

function hasCalls({ messages }: ModelRequest): boolean {
  return messages.some(({ parts }) => parts.some(({ type }) => type === 'toolCall' || type === 'toolResult'));
}

function encodeTool(tool: Tool, index: number, { request, target }: { request: ModelRequest; target: EncodeTarget }): JsonObject {
  const path = `tools[${index}]`;
  if (tool.type === 'native') throw unsupported(`${path}.type`, `the tool ${String(tool.definition['type'])}`, target.provider);
  refuseUncarried(tool.extensions, { from: request.dialect, place: 'tool', path, target: target.provider });
  const schema = tool.inputSchema ?? { type: 'object', properties: {} };
  const isClaude = ['claude', 'unnamed'].includes(familyOf(target.model));
  return compact<JsonObject>({
    name: tool.name,
    // Converse refuses an empty one.
    description: tool.description || undefined,
    inputSchema: { json: isClaude ? withoutTopLevelChoice(schema, { path, target: target.provider }) : schema },
    // `false` is what happens without it.
    strict: tool.strict || undefined,
  });
}

export function encodeToolChoice({ toolChoice }: ModelRequest, target: EncodeTarget): JsonObject | undefined {
  switch (toolChoice?.type) {
    case undefined:
    case 'none':
      return undefined;
    case 'auto':
      return { auto: {} };
    case 'required':
      return { any: {} };
    case 'function':
      return { tool: { name: toolChoice.name } };
    case 'native':
      throw unsupported('tool_choice', `the choice ${String(toolChoice.value['type'])}`, target.provider);
  }
}
