/**
 * Writes messages as Anthropic has them: leading system messages in `system`, results of tools at the head of user turns.
 *
 * A system message further down keeps its place. Models that take the role `system` there get it (quirk `systemMessages`); for
 * all others it becomes text of the user's turn between `<system>` and `</system>`, which is how Anthropic's own clients
 * mark text that comes from the program and not from the person.
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { withCompleteCalls } from '../complete-calls.ts';
import type { EncodeTarget } from '../dialect.ts';
import { imageTypeOf, isPdf, refuseOtherThanWeb } from '../media.ts';
import { compact, unsupported } from '../fields.ts';
import { refuseUncarried, type FieldPlace } from '../omissions.ts';
import type { FilePart, ImagePart, MediaSource, Message, ModelRequest, Part, TextPart, ToolCallPart, ToolResultPart } from '../request.ts';
import { isMarked } from '../signatures.ts';
import { shortToolId } from '../tool-ids.ts';
import { inputOfRequest } from './tool-input.ts';

const dialect = 'anthropic-messages';

interface Context {
  /** Whether the client spoke this dialect too, so that its own fields go back where they were. */
  readonly own: boolean;
  readonly from: string;
  readonly target: EncodeTarget;
}

interface Turn {
  readonly role: string;
  readonly content: JsonObject[];
  readonly extensions: JsonObject | undefined;
}

export function encodeMessages(request: ModelRequest, target: EncodeTarget): { system: JsonValue | undefined; messages: JsonObject[] } {
  const context: Context = { own: request.dialect === dialect, from: request.dialect, target };
  const all = context.own ? request.messages : withCompleteCalls(request.messages);
  const firstOther = all.findIndex((message) => message.role !== 'system');
  const leading = firstOther === -1 ? all : all.slice(0, firstOther);
  const system = leading.flatMap((message) => encodeParts(message, context));
  const turns: Turn[] = [];
  for (const message of all.slice(leading.length)) addTurn(turns, message, context);
  const messages = turns.map(({ role, content, extensions }) => ({ role, content: asContent(resultsFirst(content)), ...extensions }));
  return { system: system.length > 0 ? asContent(system) : undefined, messages };
}

/** Neighbouring user messages become one turn, as Anthropic itself reads them: results and what follows them belong together. */
function addTurn(turns: Turn[], message: Message, context: Context): void {
  const last = turns.at(-1);
  const keepsRole = message.role === 'system' && takesSystem(last, context);
  const role = message.role === 'assistant' ? 'assistant' : keepsRole ? 'system' : 'user';
  const content = message.role === 'system' && !keepsRole ? asMarkedText(message, context) : encodeParts(message, context);
  if (content.length === 0 && !context.own) return;
  if (role === 'user' && last?.role === 'user') last.content.push(...content);
  else turns.push({ role, content, extensions: context.own ? message.extensions : undefined });
}

/** Anthropic takes the role only right after a user's turn; a client of its own has seen to that. */
function takesSystem(last: Turn | undefined, { own, target }: Context): boolean {
  return (target.quirks.systemMessages ?? own) && (own || last?.role === 'user');
}

function asMarkedText(message: Message, context: Context): JsonObject[] {
  return encodeParts(message, context).map((block) => ({ ...block, text: `<system>\n${String(block['text'])}\n</system>` }));
}

/** Results of tools must come before anything else in their turn. */
function resultsFirst(content: readonly JsonObject[]): JsonObject[] {
  const isResult = (block: JsonObject): boolean => block['type'] === 'tool_result';
  return [...content.filter(isResult), ...content.filter((block) => !isResult(block))];
}

function asContent(blocks: readonly JsonObject[]): JsonValue {
  const [only] = blocks;
  if (blocks.length === 1 && only && Object.keys(only).length === 2 && typeof only['text'] === 'string') return only['text'];
  return [...blocks];
}

function encodeParts(message: Message, context: Context): JsonObject[] {
  const { provider } = context.target;
  if (message.name !== undefined) throw unsupported('messages[].name', 'the name of an author', provider);
  if (!context.own) refuse(message.extensions, 'message', context);
  return message.parts.flatMap((part) => encodePart(part, context));
}

function refuse(extensions: JsonObject | undefined, place: FieldPlace, { from, target }: Context): void {
  const path = place === 'message' ? 'messages[]' : 'messages[].content[]';
  refuseUncarried(extensions, { from, place, path, target: target.provider });
}

function encodePart(part: Part, context: Context): JsonObject[] {
  const { provider } = context.target;
  switch (part.type) {
    case 'text':
      // Anthropic refuses empty texts, which other clients send beside tool calls.
      return part.text === '' && !context.own ? [] : [encodeText(part, context)];
    case 'refusal':
      return [{ type: 'text', text: part.text }];
    case 'image':
      // Clients of other dialects send documents as images where theirs has no other place for them.
      if (isPdf(part.source) && !context.own) return [encodeDocument({ ...part, type: 'file' }, context)];
      return [compact<JsonObject>({ type: 'image', source: encodeImageSource(part, context), ...marks(part, context) })];
    case 'file':
      return [encodeDocument(part, context)];
    case 'audio':
      throw unsupported('messages[].content[].input_audio', 'sound', provider);
    case 'thinking':
      // A block without its signature comes from a stream that broke off, one with Gemini's from another model. Anthropic refuses both.
      return part.signature && !isMarked(part.signature) ? [{ type: 'thinking', thinking: part.text, signature: part.signature }] : [];
    case 'redactedThinking':
      return [{ type: 'redacted_thinking', data: part.data }];
    case 'toolCall':
      return [compact<JsonObject>({ type: 'tool_use', ...encodeCall(part, context), ...marks(part, context) })];
    case 'toolResult':
      return [encodeResult(part, context)];
    case 'native':
      if (part.dialect === dialect) return [part.value];
      throw unsupported('messages[].content[].type', `a part of kind ${String(part.value['type'])}`, provider);
  }
}

function marks(part: TextPart | ImagePart | FilePart | ToolCallPart | ToolResultPart, context: Context): JsonObject {
  if (!context.own) refuse(part.extensions, 'part', context);
  return { ...(part.cacheControl && { cache_control: part.cacheControl }), ...(context.own && part.extensions) };
}

function encodeText(part: TextPart, context: Context): JsonObject {
  return compact<JsonObject>({ type: 'text', text: part.text, citations: part.citations, ...marks(part, context) });
}

const imageTypes: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

function encodeImageSource({ source }: ImagePart, context: Context): JsonObject {
  const { own, target } = context;
  const path = 'messages[].content[].image_url.url';
  if (own) return encodeSource(source, context);
  if (source.kind === 'url') refuseOtherThanWeb(source.url, { path, target: target.provider });
  if (source.kind !== 'base64') return encodeSource(source, context);
  // Anthropic refuses an image that is not of the type that its client declared.
  const mediaType = imageTypeOf(source.data) ?? source.mediaType;
  if (!imageTypes.has(mediaType)) throw unsupported(path, `an image of type ${mediaType}`, target.provider);
  return encodeSource({ ...source, mediaType }, context);
}

function encodeSource(source: MediaSource, { own, target }: Context): JsonObject {
  if (source.kind === 'base64') return { type: 'base64', media_type: source.mediaType, data: source.data };
  if (source.kind === 'url') return { type: 'url', url: source.url };
  if (own) return { type: 'file', file_id: source.fileId };
  throw unsupported('messages[].content[].file.file_id', 'a file by id, which belongs to one provider', target.provider);
}

function encodeDocument(part: FilePart, context: Context): JsonObject {
  return compact<JsonObject>({
    type: 'document',
    source: encodeDocumentSource(part, context),
    title: part.filename,
    context: part.context,
    citations: part.citations,
    ...marks(part, context),
  });
}

function encodeDocumentSource({ source }: FilePart, context: Context): JsonObject {
  if (source.kind === 'text') return { type: 'text', media_type: 'text/plain', data: source.text };
  if (source.kind !== 'base64' || context.own || source.mediaType === 'application/pdf') return encodeSource(source, context);
  if (source.mediaType.startsWith('text/')) {
    return { type: 'text', media_type: 'text/plain', data: Buffer.from(source.data, 'base64').toString('utf8') };
  }
  throw unsupported('messages[].content[].file.file_data', `a file of type ${source.mediaType}`, context.target.provider);
}

function encodeCall(part: ToolCallPart, context: Context): JsonObject {
  return { id: toolId(part.id, context), name: part.name, input: inputOfRequest(part.argumentsJson) };
}

/** Ids of other providers may hold characters that Anthropic refuses (`functions.search:0`). */
function toolId(id: string, { own }: Context): string {
  if (own || /^[a-zA-Z0-9_-]+$/.test(id)) return id;
  // The hash keeps apart what the replacement makes alike.
  return `${id.replace(/[^a-zA-Z0-9_-]/g, '_')}_${shortToolId(id)}`;
}

function encodeResult(part: ToolResultPart, context: Context): JsonObject {
  const content = part.parts.flatMap((inner) => encodePart(inner, context));
  return compact<JsonObject>({
    type: 'tool_result',
    tool_use_id: toolId(part.toolCallId, context),
    content: content.length > 0 ? asContent(content) : undefined,
    is_error: part.isError,
    ...marks(part, context),
  });
}
