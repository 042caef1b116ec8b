/**
 * Reads the messages of Anthropic's wire, block by block. A user turn is split where results of tools and other content meet.
 *
 * Blocks of kinds that only Anthropic has (server tools, search results) are kept verbatim.
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import {
  compact,
  invalid,
  objectsOf,
  optionalBoolean,
  optionalObject,
  optionalString,
  pathOf,
  requiredObject,
  requiredString,
  restOf,
  wrongType,
} from '../fields.ts';
import type { FilePart, ImagePart, MediaSource, Message, Part, TextPart, ToolCallPart, ToolResultPart } from '../request.ts';

const dialect = 'anthropic-messages';

const setOf = (...names: string[]): ReadonlySet<string> => new Set(names);
const knownMessageFields = setOf('role', 'content');
const knownTextFields = setOf('type', 'text', 'cache_control', 'citations');
const knownImageFields = setOf('type', 'source', 'cache_control');
const knownDocumentFields = setOf('type', 'source', 'cache_control', 'title', 'context', 'citations');
const knownToolUseFields = setOf('type', 'id', 'name', 'input', 'cache_control');
const knownToolResultFields = setOf('type', 'tool_use_id', 'content', 'is_error', 'cache_control');

/** The top-level `system`, as a first message. */
export function decodeSystem(system: JsonValue | undefined): Message | undefined {
  if (system === undefined) return undefined;
  const parts = decodeContent(system, 'system', decodeSystemPart);
  return parts.length > 0 ? { role: 'system', parts } : undefined;
}

export function decodeMessages(values: readonly JsonValue[]): Message[] {
  return objectsOf(values, 'messages').flatMap(({ object, path }) => decodeMessage(object, path));
}

function decodeMessage(message: JsonObject, path: string): Message[] {
  const role = requiredString(message, 'role', path);
  const extensions = restOf(message, knownMessageFields);
  const content = message['content'] ?? undefined;
  const contentPath = pathOf(path, 'content');
  if (content === undefined) throw invalid(contentPath, 'is required');
  if (role === 'assistant') return [compact<Message>({ role, parts: decodeContent(content, contentPath, decodePart), extensions })];
  if (role === 'system') return [compact<Message>({ role, parts: decodeContent(content, contentPath, decodeSystemPart), extensions })];
  if (role !== 'user') throw invalid(pathOf(path, 'role'), 'must be "user", "assistant" or "system"');
  const turn = splitResults(decodeContent(content, contentPath, decodePart));
  return turn.map((part) => compact<Message>({ ...part, extensions }));
}

function splitResults(parts: readonly Part[]): { role: 'tool' | 'user'; parts: Part[] }[] {
  const messages: { role: 'tool' | 'user'; parts: Part[] }[] = [];
  for (const part of parts) {
    const role = part.type === 'toolResult' ? 'tool' : 'user';
    const last = messages.at(-1);
    if (last?.role === role) last.parts.push(part);
    else messages.push({ role, parts: [part] });
  }
  return messages.length > 0 ? messages : [{ role: 'user', parts: [] }];
}

function decodeContent<T extends Part>(content: JsonValue, path: string, decode: (block: JsonObject, path: string) => T): (T | TextPart)[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw wrongType(content, 'a string or an array of blocks', path);
  return objectsOf(content, path).map((block) => decode(block.object, block.path));
}

function decodeSystemPart(block: JsonObject, path: string): TextPart {
  const type = requiredString(block, 'type', path);
  if (type !== 'text') throw invalid(pathOf(path, 'type'), 'must be "text"');
  return decodeText(block, path);
}

function decodePart(block: JsonObject, path: string): Part {
  switch (requiredString(block, 'type', path)) {
    case 'text':
      return decodeText(block, path);
    case 'image':
      return decodeImage(block, path);
    case 'document':
      return decodeDocument(block, path);
    case 'thinking':
      return compact<Part>({
        type: 'thinking',
        text: requiredString(block, 'thinking', path),
        signature: optionalString(block, 'signature', path),
      });
    case 'redacted_thinking':
      return { type: 'redactedThinking', data: requiredString(block, 'data', path) };
    case 'tool_use':
      return decodeToolUse(block, path);
    case 'tool_result':
      return decodeToolResult(block, path);
    default:
      return { type: 'native', dialect, value: block };
  }
}

function decodeText(block: JsonObject, path: string): TextPart {
  const citations = block['citations'] ?? undefined;
  return compact<TextPart>({
    type: 'text',
    text: requiredString(block, 'text', path),
    citations: Array.isArray(citations) && citations.length === 0 ? undefined : citations,
    cacheControl: optionalObject(block, 'cache_control', path),
    extensions: restOf(block, knownTextFields),
  });
}

function decodeImage(block: JsonObject, path: string): ImagePart {
  return compact<ImagePart>({
    type: 'image',
    source: decodeSource(requiredObject(block, 'source', path), pathOf(path, 'source')),
    cacheControl: optionalObject(block, 'cache_control', path),
    extensions: restOf(block, knownImageFields),
  });
}

function decodeSource(source: JsonObject, path: string): MediaSource {
  const type = requiredString(source, 'type', path);
  if (type === 'url') return { kind: 'url', url: requiredString(source, 'url', path) };
  if (type === 'file') return { kind: 'fileId', fileId: requiredString(source, 'file_id', path) };
  if (type !== 'base64') throw invalid(pathOf(path, 'type'), 'must be "base64", "url" or "file"');
  return { kind: 'base64', mediaType: requiredString(source, 'media_type', path), data: requiredString(source, 'data', path) };
}

function decodeDocument(block: JsonObject, path: string): Part {
  const source = requiredObject(block, 'source', path);
  const sourcePath = pathOf(path, 'source');
  // A document made of blocks has no counterpart anywhere.
  if (source['type'] === 'content') return { type: 'native', dialect, value: block };
  return compact<FilePart>({
    type: 'file',
    source:
      source['type'] === 'text' ? { kind: 'text', text: requiredString(source, 'data', sourcePath) } : decodeSource(source, sourcePath),
    filename: optionalString(block, 'title', path),
    context: optionalString(block, 'context', path),
    citations: optionalObject(block, 'citations', path),
    cacheControl: optionalObject(block, 'cache_control', path),
    extensions: restOf(block, knownDocumentFields),
  });
}

function decodeToolUse(block: JsonObject, path: string): ToolCallPart {
  const input = block['input'] ?? {};
  return compact<ToolCallPart>({
    type: 'toolCall',
    id: requiredString(block, 'id', path),
    name: requiredString(block, 'name', path),
    // Text where an object should be is what a model wrote that is not JSON: see `tool-input.ts`.
    argumentsJson: typeof input === 'string' ? input : JSON.stringify(input),
    cacheControl: optionalObject(block, 'cache_control', path),
    extensions: restOf(block, knownToolUseFields),
  });
}

function decodeToolResult(block: JsonObject, path: string): ToolResultPart {
  const content = block['content'] ?? [];
  return compact<ToolResultPart>({
    type: 'toolResult',
    toolCallId: requiredString(block, 'tool_use_id', path),
    parts: decodeContent(content, pathOf(path, 'content'), decodeResultPart),
    isError: optionalBoolean(block, 'is_error', path),
    cacheControl: optionalObject(block, 'cache_control', path),
    extensions: restOf(block, knownToolResultFields),
  });
}

function decodeResultPart(block: JsonObject, path: string): ToolResultPart['parts'][number] {
  const part = decodePart(block, path);
  if (part.type === 'text' || part.type === 'image' || part.type === 'file' || part.type === 'native') return part;
  throw invalid(pathOf(path, 'type'), 'is not a kind of block that a tool result may hold');
}
