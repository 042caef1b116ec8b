/** The same requests in every dialect that clients speak. */
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import type { Cell } from './cells.ts';

export interface AskedTool {
  readonly name: string;
  readonly description?: string;
  readonly schema?: JsonObject;
  readonly strict?: boolean;
}

const emptySchema: JsonObject = { type: 'object', properties: {} };

export function toolsOf(client: Cell['in'], tools: readonly AskedTool[]): JsonObject[] {
  return tools.map(({ name, description, schema = emptySchema, strict }) => {
    const about = { ...(description !== undefined && { description }), ...(strict !== undefined && { strict }) };
    if (client === 'openai-completions') return { type: 'function', function: { name, ...about, parameters: schema } };
    if (client === 'openai-responses') return { type: 'function', name, ...about, parameters: schema };
    return { name, ...about, input_schema: schema };
  });
}

export const weather: AskedTool = { name: 'get_weather' };

/** The one tool that most cases need. */
export function toolFields(cell: Cell): JsonObject {
  return { tools: toolsOf(cell.in, [weather]) };
}

export interface AskedCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote it, also where it is no JSON. */
  readonly json: string;
}

export interface AskedResult {
  readonly id: string;
  readonly content: string | readonly ContentPart[];
}

export type ContentPart = { readonly text: string; readonly marked?: JsonObject } | { readonly image: string; readonly mediaType: string };

/** What somebody said, in the order of the conversation. */
export type Said =
  | { readonly system: string | readonly ContentPart[]; readonly developer?: boolean }
  | { readonly user: string | readonly ContentPart[] }
  | { readonly assistant: string }
  | { readonly calls: readonly AskedCall[] }
  | { readonly results: readonly AskedResult[] };

/** The fields that hold a conversation: `messages`, with Anthropic's `system` beside it, or `input`. */
export function conversationOf(client: Cell['in'], said: readonly Said[]): JsonObject {
  if (client === 'openai-completions') return { messages: said.flatMap(chatMessages) };
  if (client === 'openai-responses') return { input: said.flatMap(responseItems) };
  const first = said.findIndex((one) => !('system' in one));
  const leading = said.slice(0, first === -1 ? said.length : first);
  const system = leading.flatMap((one) => ('system' in one ? blocksOf(one.system) : []));
  return { ...(system.length > 0 && { system }), messages: anthropicMessages(said.slice(leading.length)) };
}

export function wholeCall({ id, name, json }: AskedCall): JsonObject {
  return { id, type: 'function', function: { name, arguments: json } };
}

function chatMessages(said: Said): JsonObject[] {
  if ('calls' in said) return [{ role: 'assistant', content: null, tool_calls: said.calls.map(wholeCall) }];
  if ('results' in said) {
    return said.results.map(({ id, content }) => ({ role: 'tool', tool_call_id: id, content: contentOf(content, chatPart) }));
  }
  if ('assistant' in said) return [{ role: 'assistant', content: said.assistant }];
  if ('system' in said) return [{ role: said.developer ? 'developer' : 'system', content: contentOf(said.system, chatPart) }];
  return [{ role: 'user', content: contentOf(said.user, chatPart) }];
}

function contentOf(content: string | readonly ContentPart[], write: (part: ContentPart) => JsonObject): JsonValue {
  return typeof content === 'string' ? content : content.map(write);
}

function markOf(part: ContentPart): JsonObject {
  return 'marked' in part && part.marked ? { cache_control: part.marked } : {};
}

function chatPart(part: ContentPart): JsonObject {
  if ('text' in part) return { type: 'text', text: part.text, ...markOf(part) };
  return { type: 'image_url', image_url: { url: `data:${part.mediaType};base64,${part.image}` } };
}

function responseItems(said: Said): JsonObject[] {
  if ('calls' in said) return said.calls.map(({ id, name, json }) => ({ type: 'function_call', call_id: id, name, arguments: json }));
  if ('results' in said) {
    return said.results.map(({ id, content }) => ({
      ...{ type: 'function_call_output', call_id: id },
      output: contentOf(content, inputPart),
    }));
  }
  if ('assistant' in said) return [{ role: 'assistant', content: said.assistant }];
  if ('system' in said) return [{ role: said.developer ? 'developer' : 'system', content: contentOf(said.system, inputPart) }];
  return [{ role: 'user', content: contentOf(said.user, inputPart) }];
}

function inputPart(part: ContentPart): JsonObject {
  if ('text' in part) return { type: 'input_text', text: part.text, ...markOf(part) };
  return { type: 'input_image', image_url: `data:${part.mediaType};base64,${part.image}` };
}

/** Results and what the user says after them are one turn there. */
function anthropicMessages(said: readonly Said[]): JsonObject[] {
  const messages: { role: string; content: JsonValue }[] = [];
  for (const one of said) {
    const role = 'system' in one ? 'system' : 'calls' in one || 'assistant' in one ? 'assistant' : 'user';
    const content = anthropicContent(one);
    const last = messages.at(-1);
    if (last && last.role === role) last.content = [...asBlocks(last.content), ...asBlocks(content)];
    else messages.push({ role, content });
  }
  return messages;
}

function asBlocks(content: JsonValue): JsonObject[] {
  return typeof content === 'string' ? blocksOf(content) : (content as JsonObject[]);
}

function anthropicContent(said: Said): JsonValue {
  if ('calls' in said) return said.calls.map(({ id, name, json }) => ({ type: 'tool_use', id, name, input: inputOf(json) }));
  if ('results' in said) {
    return said.results.map(({ id, content }) => ({ type: 'tool_result', tool_use_id: id, content: contentOf(content, block) }));
  }
  if ('assistant' in said) return said.assistant;
  const content = 'system' in said ? said.system : said.user;
  return typeof content === 'string' ? content : blocksOf(content);
}

function blocksOf(content: string | readonly ContentPart[]): JsonObject[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content.map(block);
}

function block(part: ContentPart): JsonObject {
  if ('text' in part) return { type: 'text', text: part.text, ...markOf(part) };
  return { type: 'image', source: { type: 'base64', media_type: part.mediaType, data: part.image } };
}

function inputOf(json: string): JsonValue {
  if (json === '') return {};
  try {
    return JSON.parse(json) as JsonValue;
  } catch {
    return json;
  }
}

/** A schema for the answer. */
export function schemaFields(client: Cell['in'], schema: JsonObject, strict?: boolean): JsonObject {
  const held = strict === undefined ? {} : { strict };
  if (client === 'openai-completions')
    return { response_format: { type: 'json_schema', json_schema: { name: 'person', schema, ...held } } };
  if (client === 'openai-responses') return { text: { format: { type: 'json_schema', name: 'person', schema, ...held } } };
  return { output_config: { format: { type: 'json_schema', schema } } };
}

/** The content of the one message that a user says. */
export function partFields(client: Cell['in'], part: JsonObject, question = 'What is this?'): JsonObject {
  if (client === 'openai-responses') return { input: [{ role: 'user', content: [{ type: 'input_text', text: question }, part] }] };
  return { messages: [{ role: 'user', content: [{ type: 'text', text: question }, part] }] };
}
