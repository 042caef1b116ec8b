/**
 * Reads the messages of a chat completion, part by part. Results of tools that follow each other become one message.
 *
 * Beside OpenAI's own fields it takes those that other providers of this dialect have added and clients send back:
 * `reasoning_content`, `thinking_blocks` (Anthropic's signed thinking), `cache_control`.
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { isDataUrl, parseDataUrl } from '../data-url.ts';
import {
  compact,
  invalid,
  objectsOf,
  optionalArray,
  optionalObject,
  optionalString,
  pathOf,
  requiredObject,
  requiredString,
  restOf,
  unsupported,
  wrongType,
} from '../fields.ts';
import type { FilePart, ImagePart, MediaSource, Message, Part, TextPart, ToolCallPart, ToolResultPart } from '../request.ts';

const dialect = 'openai-completions';

const setOf = (...names: string[]): ReadonlySet<string> => new Set(names);
const knownMessageFields = setOf('role', 'content', 'name', 'cache_control');
const knownAssistantFields = setOf(
  'role',
  'content',
  'name',
  'cache_control',
  'refusal',
  'tool_calls',
  'reasoning_content',
  'thinking_blocks',
);
const knownToolFields = setOf('role', 'content', 'tool_call_id', 'cache_control');
const knownTextFields = setOf('type', 'text', 'cache_control');
const knownImageFields = setOf('type', 'image_url', 'cache_control');
const knownFileFields = setOf('type', 'file', 'cache_control');
const knownCallFields = setOf('id', 'type', 'function', 'cache_control');
const knownCallFunctionFields = setOf('name', 'arguments');

export function decodeMessages(values: readonly JsonValue[]): Message[] {
  const messages: Message[] = [];
  for (const { object, path } of objectsOf(values, 'messages')) {
    const role = requiredString(object, 'role', path);
    if (role === 'tool') {
      const result = decodeToolResult(object, path);
      const last = messages.at(-1);
      if (last?.role === 'tool') messages[messages.length - 1] = { ...last, parts: [...last.parts, result] };
      else messages.push({ role, parts: [result] });
    } else messages.push(decodeMessage(object, role, path));
  }
  return messages;
}

function decodeMessage(message: JsonObject, role: string, path: string): Message {
  const name = optionalString(message, 'name', path);
  if (role === 'assistant') {
    const parts = decodeAssistantParts(message, path);
    return compact<Message>({ role, parts, name, extensions: restOf(message, knownAssistantFields) });
  }
  const extensions = restOf(message, knownMessageFields);
  const parts = withCacheControl(decodeContent(message, path, decodePart), message, path);
  if (role === 'user') return compact<Message>({ role, parts, name, extensions });
  if (role === 'system') return compact<Message>({ role, parts, name, extensions });
  if (role === 'developer') return compact<Message>({ role: 'system', developer: true, parts, name, extensions });
  if (role === 'function') throw unsupported(pathOf(path, 'role'), 'the deprecated role "function" (use "tool")', 'another provider');
  throw invalid(pathOf(path, 'role'), 'must be "system", "developer", "user", "assistant" or "tool"');
}

function decodeContent<T extends Part>(message: JsonObject, path: string, decode: (part: JsonObject, path: string) => T): (T | TextPart)[] {
  const content = message['content'] ?? undefined;
  if (content === undefined) throw invalid(pathOf(path, 'content'), 'is required');
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw wrongType(content, 'a string or an array of parts', pathOf(path, 'content'));
  return objectsOf(content, pathOf(path, 'content')).map((part) => decode(part.object, part.path));
}

/** A mark on the message means a mark after its last part. */
function withCacheControl<T extends Part>(parts: T[], message: JsonObject, path: string): T[] {
  const cacheControl = optionalObject(message, 'cache_control', path);
  const last = parts.at(-1);
  return cacheControl && last ? [...parts.slice(0, -1), { ...last, cacheControl }] : parts;
}

function decodePart(part: JsonObject, path: string): Part {
  switch (requiredString(part, 'type', path)) {
    case 'text':
      return decodeText(part, path);
    case 'image_url':
      return decodeImage(part, path);
    case 'file':
      return decodeFile(part, path);
    case 'refusal':
      return { type: 'refusal', text: requiredString(part, 'refusal', path) };
    case 'input_audio': {
      const audio = requiredObject(part, 'input_audio', path);
      const audioPath = pathOf(path, 'input_audio');
      return { type: 'audio', data: requiredString(audio, 'data', audioPath), format: requiredString(audio, 'format', audioPath) };
    }
    default:
      return { type: 'native', dialect, value: part };
  }
}

function decodeText(part: JsonObject, path: string): TextPart {
  return compact<TextPart>({
    type: 'text',
    text: requiredString(part, 'text', path),
    cacheControl: optionalObject(part, 'cache_control', path),
    extensions: restOf(part, knownTextFields),
  });
}

function decodeImage(part: JsonObject, path: string): ImagePart {
  const image = requiredObject(part, 'image_url', path);
  const imagePath = pathOf(path, 'image_url');
  const url = requiredString(image, 'url', imagePath);
  return compact<ImagePart>({
    type: 'image',
    source: isDataUrl(url) ? parseDataUrl(url, pathOf(imagePath, 'url')) : { kind: 'url', url },
    detail: optionalString(image, 'detail', imagePath),
    cacheControl: optionalObject(part, 'cache_control', path),
    extensions: restOf(part, knownImageFields),
  });
}

function decodeFile(part: JsonObject, path: string): FilePart {
  const file = requiredObject(part, 'file', path);
  const filePath = pathOf(path, 'file');
  return compact<FilePart>({
    type: 'file',
    source: decodeFileSource(file, filePath),
    filename: optionalString(file, 'filename', filePath),
    cacheControl: optionalObject(part, 'cache_control', path),
    extensions: restOf(part, knownFileFields),
  });
}

function decodeFileSource(file: JsonObject, path: string): MediaSource {
  const fileId = optionalString(file, 'file_id', path);
  if (fileId !== undefined) return { kind: 'fileId', fileId };
  return parseDataUrl(requiredString(file, 'file_data', path), pathOf(path, 'file_data'));
}

function decodeAssistantParts(message: JsonObject, path: string): Part[] {
  if ((message['function_call'] ?? undefined) !== undefined) {
    throw unsupported(pathOf(path, 'function_call'), 'the deprecated function_call (use tool_calls)', 'another provider');
  }
  const parts = decodeThinking(message, path);
  const content = message['content'] ?? undefined;
  // An empty text beside calls is how many clients write "no text".
  if (content !== undefined && content !== '') parts.push(...decodeContent(message, path, decodePart));
  const refusal = optionalString(message, 'refusal', path);
  if (refusal) parts.push({ type: 'refusal', text: refusal });
  const calls = optionalArray(message, 'tool_calls', path);
  if (calls) parts.push(...objectsOf(calls, pathOf(path, 'tool_calls')).map((call) => decodeToolCall(call.object, call.path)));
  if (content === '' && parts.length === 0) parts.push({ type: 'text', text: '' });
  return withCacheControl(parts, message, path);
}

/** `thinking_blocks` hold the whole of it, signatures and all; `reasoning_content` is then a copy of their text. */
function decodeThinking(message: JsonObject, path: string): Part[] {
  const blocks = optionalArray(message, 'thinking_blocks', path);
  if (!blocks || blocks.length === 0) {
    const text = optionalString(message, 'reasoning_content', path);
    return text ? [{ type: 'thinking', text }] : [];
  }
  return objectsOf(blocks, pathOf(path, 'thinking_blocks')).map(({ object, path: blockPath }): Part => {
    const type = requiredString(object, 'type', blockPath);
    if (type === 'redacted_thinking') return { type: 'redactedThinking', data: requiredString(object, 'data', blockPath) };
    if (type !== 'thinking') throw invalid(pathOf(blockPath, 'type'), 'must be "thinking" or "redacted_thinking"');
    return compact<Part>({
      type: 'thinking',
      text: optionalString(object, 'thinking', blockPath) ?? '',
      signature: optionalString(object, 'signature', blockPath),
    });
  });
}

function decodeToolCall(call: JsonObject, path: string): Part {
  const type = optionalString(call, 'type', path) ?? 'function';
  if (type !== 'function') return { type: 'native', dialect, value: call };
  const called = requiredObject(call, 'function', path);
  const calledPath = pathOf(path, 'function');
  const extensions = { ...restOf(call, knownCallFields), ...restOf(called, knownCallFunctionFields) };
  return compact<ToolCallPart>({
    type: 'toolCall',
    id: requiredString(call, 'id', path),
    name: requiredString(called, 'name', calledPath),
    argumentsJson: optionalString(called, 'arguments', calledPath) ?? '',
    cacheControl: optionalObject(call, 'cache_control', path),
    extensions: Object.keys(extensions).length > 0 ? extensions : undefined,
  });
}

function decodeToolResult(message: JsonObject, path: string): ToolResultPart {
  return compact<ToolResultPart>({
    type: 'toolResult',
    toolCallId: requiredString(message, 'tool_call_id', path),
    parts: decodeContent(message, path, decodeResultPart),
    cacheControl: optionalObject(message, 'cache_control', path),
    extensions: restOf(message, knownToolFields),
  });
}

function decodeResultPart(part: JsonObject, path: string): ToolResultPart['parts'][number] {
  const decoded = decodePart(part, path);
  if (decoded.type === 'text' || decoded.type === 'image' || decoded.type === 'file' || decoded.type === 'native') return decoded;
  throw invalid(pathOf(path, 'type'), 'is not a kind of part that a tool result may hold');
}
