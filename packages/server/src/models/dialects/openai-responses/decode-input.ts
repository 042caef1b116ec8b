/**
 * Reads the input of a response: a text, or items. Items of the assistant that follow each other (reasoning, messages, calls)
 * become one message, since other dialects have one turn for them; so do results of tools.
 *
 * Items of kinds that only this dialect has are kept verbatim, each in its place.
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
import type { FilePart, ImagePart, Message, Part, TextPart, ToolCallPart, ToolResultPart } from '../request.ts';
import { readEncrypted, sealProof } from './reasoning.ts';

const dialect = 'openai-responses';

const setOf = (...names: string[]): ReadonlySet<string> => new Set(names);
const knownMessageFields = setOf('type', 'role', 'content');
const knownTextFields = setOf('type', 'text', 'annotations', 'cache_control');
const knownImageFields = setOf('type', 'image_url', 'file_id', 'detail', 'cache_control');
const knownFileFields = setOf('type', 'file_data', 'file_url', 'file_id', 'filename', 'cache_control');
const knownCallFields = setOf('type', 'call_id', 'name', 'arguments', 'cache_control');
const knownOutputFields = setOf('type', 'call_id', 'output', 'cache_control');

export function decodeInput(input: JsonValue | undefined): Message[] {
  if (input === undefined) return [];
  if (typeof input === 'string') return [{ role: 'user', parts: [{ type: 'text', text: input }] }];
  if (!Array.isArray(input)) throw wrongType(input, 'a string or an array of items', 'input');
  const messages: Message[] = [];
  for (const { object, path } of objectsOf(input, 'input')) addMessage(messages, decodeItem(object, path));
  return messages;
}

/** Turns of the assistant and results of tools run together; what users and systems say stays apart. */
function addMessage(messages: Message[], next: Message): void {
  const last = messages.at(-1);
  const joins = last?.role === next.role && (next.role === 'assistant' || next.role === 'tool');
  if (joins) messages[messages.length - 1] = { ...last, parts: [...last.parts, ...next.parts] };
  else messages.push(next);
}

function decodeItem(item: JsonObject, path: string): Message {
  // The easy form of a message has a role and no type; the short form of a reference has an id alone.
  const type =
    optionalString(item, 'type', path) ?? (item['role'] === undefined && item['id'] !== undefined ? 'item_reference' : 'message');
  switch (type) {
    case 'message':
      return decodeMessage(item, path);
    case 'function_call':
      return { role: 'assistant', parts: [decodeCall(item, path)] };
    case 'function_call_output':
      return { role: 'tool', parts: [decodeCallOutput(item, path)] };
    case 'reasoning':
      return { role: 'assistant', parts: decodeReasoning(item, path) };
    default:
      return { role: isSaidToModel(type) ? 'user' : 'assistant', parts: [{ type: 'native', dialect, value: item }] };
  }
}

/** What a client answers to an item of the model (`computer_call_output`, `mcp_approval_response`). */
function isSaidToModel(type: string): boolean {
  return type.endsWith('_output') || type.endsWith('_response');
}

function decodeMessage(item: JsonObject, path: string): Message {
  const role = requiredString(item, 'role', path);
  const fields = restOf(item, knownMessageFields);
  if (role === 'assistant') return { role, parts: markFirst(decodeContent(item, path, decodePart), fields) };
  const parts = decodeContent(item, path, decodePart);
  if (role === 'user' || role === 'system') return compact<Message>({ role, parts, extensions: fields });
  if (role === 'developer') return compact<Message>({ role: 'system', developer: true, parts, extensions: fields });
  throw invalid(pathOf(path, 'role'), 'must be "user", "assistant", "system" or "developer"');
}

/** The id, status and phase of an assistant's message go with its first text: the message itself may be part of a longer turn. */
function markFirst(parts: Part[], fields: JsonObject | undefined): Part[] {
  const [first, ...others] = parts;
  if (!fields || first?.type !== 'text') return parts;
  return [{ ...first, extensions: { ...first.extensions, item: fields } }, ...others];
}

function decodeContent<T extends Part>(item: JsonObject, path: string, decode: (part: JsonObject, path: string) => T): (T | TextPart)[] {
  const content = item['content'] ?? undefined;
  const contentPath = pathOf(path, 'content');
  if (content === undefined) throw invalid(contentPath, 'is required');
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw wrongType(content, 'a string or an array of parts', contentPath);
  return objectsOf(content, contentPath).map((part) => decode(part.object, part.path));
}

function decodePart(part: JsonObject, path: string): Part {
  const type = requiredString(part, 'type', path);
  if (type === 'refusal') return { type, text: requiredString(part, 'refusal', path) };
  if (type !== 'input_audio') return decodeResultPart(part, path);
  const audio = requiredObject(part, 'input_audio', path);
  const audioPath = pathOf(path, 'input_audio');
  return { type: 'audio', data: requiredString(audio, 'data', audioPath), format: requiredString(audio, 'format', audioPath) };
}

function decodeResultPart(part: JsonObject, path: string): TextPart | ImagePart | FilePart {
  const type = requiredString(part, 'type', path);
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return decodeText(part, path);
    case 'input_image':
      return decodeImage(part, path);
    case 'input_file':
      return decodeFile(part, path);
    default:
      throw unsupported(pathOf(path, 'type'), `a part of kind ${type.slice(0, 60)}`, 'a provider of another dialect');
  }
}

function decodeText(part: JsonObject, path: string): TextPart {
  const annotations = optionalArray(part, 'annotations', path);
  return compact<TextPart>({
    type: 'text',
    text: requiredString(part, 'text', path),
    citations: annotations && annotations.length > 0 ? annotations : undefined,
    cacheControl: optionalObject(part, 'cache_control', path),
    extensions: restOf(part, knownTextFields),
  });
}

function decodeImage(part: JsonObject, path: string): ImagePart {
  const fileId = optionalString(part, 'file_id', path);
  return compact<ImagePart>({
    type: 'image',
    source:
      fileId === undefined ? sourceOf(requiredString(part, 'image_url', path), pathOf(path, 'image_url')) : { kind: 'fileId', fileId },
    detail: optionalString(part, 'detail', path),
    cacheControl: optionalObject(part, 'cache_control', path),
    extensions: restOf(part, knownImageFields),
  });
}

function sourceOf(url: string, path: string): ImagePart['source'] {
  return isDataUrl(url) ? parseDataUrl(url, path) : { kind: 'url', url };
}

function decodeFile(part: JsonObject, path: string): FilePart {
  return compact<FilePart>({
    type: 'file',
    source: decodeFileSource(part, path),
    filename: optionalString(part, 'filename', path),
    cacheControl: optionalObject(part, 'cache_control', path),
    extensions: restOf(part, knownFileFields),
  });
}

function decodeFileSource(part: JsonObject, path: string): FilePart['source'] {
  const fileId = optionalString(part, 'file_id', path);
  if (fileId !== undefined) return { kind: 'fileId', fileId };
  const url = optionalString(part, 'file_url', path);
  if (url !== undefined) return sourceOf(url, pathOf(path, 'file_url'));
  const data = requiredString(part, 'file_data', path);
  // OpenAI takes bare base64 too, which is a PDF then.
  return isDataUrl(data) ? parseDataUrl(data, pathOf(path, 'file_data')) : { kind: 'base64', mediaType: 'application/pdf', data };
}

function decodeCall(item: JsonObject, path: string): ToolCallPart {
  return compact<ToolCallPart>({
    type: 'toolCall',
    id: requiredString(item, 'call_id', path),
    name: requiredString(item, 'name', path),
    argumentsJson: optionalString(item, 'arguments', path) ?? '',
    cacheControl: optionalObject(item, 'cache_control', path),
    extensions: restOf(item, knownCallFields),
  });
}

function decodeCallOutput(item: JsonObject, path: string): ToolResultPart {
  return compact<ToolResultPart>({
    type: 'toolResult',
    toolCallId: requiredString(item, 'call_id', path),
    parts: decodeOutput(item['output'] ?? undefined, pathOf(path, 'output')),
    cacheControl: optionalObject(item, 'cache_control', path),
    extensions: restOf(item, knownOutputFields),
  });
}

function decodeOutput(output: JsonValue | undefined, path: string): ToolResultPart['parts'] {
  if (output === undefined) throw invalid(path, 'is required');
  if (typeof output === 'string') return [{ type: 'text', text: output }];
  if (!Array.isArray(output)) throw wrongType(output, 'a string or an array of parts', path);
  return objectsOf(output, path).map((part) => decodeResultPart(part.object, part.path));
}

/** The summary, or the reasoning itself where a provider shows it. */
function decodeReasoning(item: JsonObject, path: string): Part[] {
  const id = optionalString(item, 'id', path) ?? '';
  const encrypted = optionalString(item, 'encrypted_content', path) ?? '';
  const text = [...textsOf(item, 'summary', path), ...textsOf(item, 'content', path)].join('\n\n');
  if (encrypted === '') return [{ type: 'thinking', text, ...(id !== '' && { signature: sealProof({ provider: '', id, encrypted }) }) }];
  const meaning = readEncrypted(encrypted, { provider: '', id });
  if (meaning.kind === 'redacted') return [{ type: 'redactedThinking', data: meaning.data }];
  return [{ type: 'thinking', text, signature: meaning.signature }];
}

function textsOf(item: JsonObject, key: 'summary' | 'content', path: string): string[] {
  const parts = optionalArray(item, key, path) ?? [];
  return objectsOf(parts, pathOf(path, key)).map((part) => requiredString(part.object, 'text', part.path));
}
