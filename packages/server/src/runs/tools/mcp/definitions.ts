/**
 * From what a server says of its tools, and answers to calls, to what is believed of it. Pure.
 *
 * A definition that makes no sense is left out with a reason, and the others stay.
 */
import { createHash } from 'node:crypto';
import { effects, type Effect } from '@openclaw/protocol';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { exceedsDepth } from '../../../core/parse-json.ts';
import type { ToolResult } from '../contract.ts';
import { createBoundedText } from '../bounded-text.ts';
import type { McpServerSettings } from './settings.ts';

export interface McpTool {
  /** As the server calls it. */
  readonly ownName: string;
  /** As models call it. */
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
  readonly effect: Effect;
}

export interface ReadDefinitions {
  readonly tools: readonly McpTool[];
  /** Why what is not among them was left out. */
  readonly refused: readonly string[];
}

const toolLimit = 500;
const descriptionLimitCharacters = 4000;
const schemaLimitBytes = 64 * 1024;
const schemaDepthLimit = 32;
/** What the models' APIs take. */
const nameLimitCharacters = 64;

export function readDefinitions(definitions: readonly unknown[], settings: McpServerSettings): ReadDefinitions {
  const tools = new Map<string, McpTool>();
  const refused: string[] = [];
  for (const definition of definitions.slice(0, toolLimit)) {
    const read = readDefinition(definition, settings);
    if (typeof read === 'string') refused.push(read);
    else if (tools.has(read.name)) refused.push(`${read.ownName}: there is another tool of this name`);
    else tools.set(read.name, read);
  }
  if (definitions.length > toolLimit) refused.push(`${definitions.length - toolLimit} tools beyond the first ${toolLimit}`);
  return { tools: [...tools.values()], refused: refused.slice(0, 20) };
}

function readDefinition(definition: unknown, settings: McpServerSettings): McpTool | string {
  if (!isJsonObject(definition)) return 'a definition that is no object';
  const { name, description, inputSchema, annotations, execution } = definition;
  if (typeof name !== 'string' || name === '') return 'a tool without a name';
  const shown = JSON.stringify(name.slice(0, 80));
  if (!isJsonObject(inputSchema)) return `${shown}: its schema is no object`;
  if (inputSchema['type'] !== undefined && inputSchema['type'] !== 'object') return `${shown}: its schema is not that of an object`;
  const schemaText = Buffer.from(JSON.stringify(inputSchema));
  if (schemaText.length > schemaLimitBytes || exceedsDepth(schemaText, schemaDepthLimit))
    return `${shown}: its schema is too large or too deep`;
  if (isJsonObject(execution) && execution['taskSupport'] === 'required')
    return `${shown}: it only runs as a task of MCP, which is not supported`;
  return {
    ownName: name,
    name: toolName(settings.name, name),
    description: typeof description === 'string' ? description.slice(0, descriptionLimitCharacters).toWellFormed() : '',
    parameters: { ...inputSchema, type: 'object' },
    effect: effectOf(settings, name, annotations),
  };
}

/** `server__tool`, of letters that every provider takes, and no longer than they take. */
export function toolName(server: string, tool: string): string {
  const whole = `${server}__${tool}`.replace(/[^A-Za-z0-9_-]/g, '_');
  if (whole.length <= nameLimitCharacters) return whole;
  // Long names mostly differ at their end.
  const digest = createHash('sha256').update(tool).digest('hex').slice(0, 8);
  return `${whole.slice(0, nameLimitCharacters - 9)}_${digest}`;
}

function effectOf(settings: McpServerSettings, tool: string, annotations: JsonValue | undefined): Effect {
  const said = settings.effects !== undefined && Object.hasOwn(settings.effects, tool) ? settings.effects[tool] : undefined;
  if (said !== undefined && effects.includes(said)) return said;
  if (!isJsonObject(annotations)) return 'once';
  if (annotations['readOnlyHint'] === true) return 'read';
  return annotations['idempotentHint'] === true ? 'idempotent' : 'once';
}

/** What the model is told of an answer. */
export function readAnswer(answer: unknown): ToolResult {
  if (!isJsonObject(answer)) return { isError: true, text: 'The server has answered with something that is no result.' };
  const { content, structuredContent, isError } = answer;
  const text = createBoundedText();
  if (Array.isArray(content)) for (const [index, part] of content.entries()) text.add(`${index === 0 ? '' : '\n'}${textOfPart(part)}`);
  if (text.length === 0 && structuredContent !== undefined) text.add(JSON.stringify(structuredContent));
  if (text.length === 0) text.add('[The server has answered with nothing.]');
  return { isError: isError === true, text: text.toString() };
}

function textOfPart(part: JsonValue): string {
  if (!isJsonObject(part)) return '[a part that is no object]';
  const { type, text, data, mimeType, uri, name, resource } = part;
  if (type === 'text' && typeof text === 'string') return text;
  if ((type === 'image' || type === 'audio') && typeof data === 'string') {
    return `[${type}, ${typeof mimeType === 'string' ? mimeType.slice(0, 100) : 'of unknown type'}, ${Math.floor((data.length * 3) / 4)} bytes]`;
  }
  if (type === 'resource_link' && typeof uri === 'string') return `[${typeof name === 'string' ? `${name}: ` : ''}${uri}]`;
  if (type === 'resource' && isJsonObject(resource)) {
    const where = typeof resource['uri'] === 'string' ? resource['uri'] : 'a resource';
    return typeof resource['text'] === 'string' ? `[${where}]\n${resource['text']}` : `[${where}, not text]`;
  }
  return '[a part of an unknown kind]';
}
