/**
 * Writes messages as chat completions have them.
 *
 * Two things have no place on this wire and are put where the model reads them all the same: images and files in the result
 * of a tool follow in a user message that says where they belong, and a failed result starts with `Error: `.
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { withCompleteCalls } from '../complete-calls.ts';
import { toDataUrl } from '../data-url.ts';
import type { EncodeTarget } from '../dialect.ts';
import { imageTypeOf, isPdf, refuseOtherThanWeb } from '../media.ts';
import { compact, unsupported } from '../fields.ts';
import { refuseUncarried, type FieldPlace } from '../omissions.ts';
import type {
  FilePart,
  ImagePart,
  MediaSource,
  Message,
  ModelRequest,
  NativePart,
  Part,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../request.ts';
import { shortToolId } from '../tool-ids.ts';
import { withoutReasoning } from './reasoning-fields.ts';
import { withSystemFirst } from './system-first.ts';

const dialect = 'openai-completions';

interface Context {
  /** Whether the client spoke this dialect too, so that its own fields go back where they were. */
  readonly own: boolean;
  readonly from: string;
  readonly target: EncodeTarget;
}

export function encodeMessages(request: ModelRequest, target: EncodeTarget): JsonObject[] {
  const context: Context = { own: request.dialect === dialect, from: request.dialect, target };
  const complete = context.own ? request.messages : withCompleteCalls(request.messages);
  const all = target.quirks.systemFirst ? withSystemFirst(complete) : complete;
  const messages = all.flatMap((message) => encodeMessage(message, context));
  return target.quirks.assistantAfterTool ? withAssistantAfterTool(messages) : messages;
}

/** Mistral refuses a user's message right after the result of a tool: the model's turn stands between them, and says nothing new. */
function withAssistantAfterTool(messages: readonly JsonObject[]): JsonObject[] {
  return messages.flatMap((message, at) =>
    message['role'] === 'user' && messages[at - 1]?.['role'] === 'tool' ? [{ role: 'assistant', content: 'Noted.' }, message] : [message],
  );
}

function encodeMessage(message: Message, context: Context): JsonObject[] {
  if (message.role === 'tool') return encodeToolResults(message, context);
  const extensions = carried(message.extensions, 'message', context);
  if (message.role === 'assistant') return [{ ...encodeAssistant(message, context), ...extensions }];
  const role = message.developer && context.target.quirks.developerRole ? 'developer' : message.role;
  const content = encodeContent(message.parts.map((part) => encodePart(part, context)));
  return [compact<JsonObject>({ role, content, name: message.name, ...extensions })];
}

/** One plain text is written as a string: some servers of this dialect take nothing else. */
function encodeContent(parts: readonly JsonObject[]): JsonValue {
  const [only] = parts;
  if (parts.length === 1 && only && Object.keys(only).length === 2 && typeof only['text'] === 'string') return only['text'];
  return [...parts];
}

function carried(extensions: JsonObject | undefined, place: FieldPlace, context: Context): JsonObject | undefined {
  if (context.own) return context.target.quirks.reasoningContent === false ? withoutReasoning(extensions) : extensions;
  const path = place === 'message' ? 'messages[]' : 'messages[].content[]';
  refuseUncarried(extensions, { from: context.from, place, path, target: context.target.provider });
  return undefined;
}

function encodePart(part: Part, context: Context): JsonObject {
  switch (part.type) {
    case 'text':
      return compact<JsonObject>({ type: 'text', text: part.text, ...marks(part, context) });
    case 'refusal':
      return { type: 'refusal', refusal: part.text };
    case 'image':
      // Other dialects take a document as an image; here it has a place of its own.
      return isPdf(part.source) && !context.own ? encodeFile({ ...part, type: 'file' }, context) : encodeImage(part, context);
    case 'file':
      return encodeFile(part, context);
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.data, format: part.format } };
    case 'native':
      return encodeNative(part, context);
    default:
      throw unsupported('messages[].content[]', `a part of kind ${part.type} in this place`, context.target.provider);
  }
}

function marks(part: TextPart | ImagePart | FilePart | ToolCallPart | ToolResultPart, context: Context): JsonObject {
  const extensions = carried(part.extensions, 'part', context);
  const marked = part.cacheControl && (context.target.quirks.cacheControl ?? context.own);
  return { ...(marked && { cache_control: part.cacheControl }), ...extensions };
}

function encodeNative(part: NativePart, { target }: Context): JsonObject {
  if (part.dialect === dialect) return part.value;
  throw unsupported('messages[].content[].type', `a part of kind ${String(part.value['type'])}`, target.provider);
}

function encodeImage(part: ImagePart, context: Context): JsonObject {
  const image = compact<JsonObject>({ url: urlOf(part.source, 'an image', context), detail: part.detail });
  return { type: 'image_url', image_url: image, ...marks(part, context) };
}

function urlOf(source: MediaSource, what: string, context: Context): string {
  const path = 'messages[].content[].source';
  if (source.kind === 'url') {
    if (!context.own) refuseOtherThanWeb(source.url, { path, target: context.target.provider });
    return source.url;
  }
  if (source.kind === 'base64') {
    const mediaType = context.own ? source.mediaType : (imageTypeOf(source.data) ?? source.mediaType);
    return toDataUrl({ ...source, mediaType });
  }
  throw unsupported(path, `${what} by file id, which belongs to one provider`, context.target.provider);
}

function encodeFile(part: FilePart, context: Context): JsonObject {
  const { source, filename } = part;
  const { provider } = context.target;
  if (isOn(part.citations)) throw unsupported('messages[].content[].citations', 'citations of a document', provider);
  if (source.kind === 'text') {
    const heading = [filename, part.context].filter((line) => line !== undefined && line !== '').join('\n');
    return { type: 'text', text: heading === '' ? source.text : `${heading}\n\n${source.text}`, ...marks(part, context) };
  }
  if (part.context !== undefined) throw unsupported('messages[].content[].context', 'the context of a document', provider);
  if (source.kind === 'url') throw unsupported('messages[].content[].source', 'a document by URL', provider);
  if (source.kind === 'fileId') {
    if (!context.own) throw unsupported('messages[].content[].source', 'a document by file id, which belongs to one provider', provider);
    return { type: 'file', file: compact<JsonObject>({ file_id: source.fileId, filename }), ...marks(part, context) };
  }
  const name = filename ?? (context.own ? undefined : 'document.pdf');
  return { type: 'file', file: compact<JsonObject>({ filename: name, file_data: toDataUrl(source) }), ...marks(part, context) };
}

function isOn(citations: JsonValue | undefined): boolean {
  return typeof citations === 'object' && citations !== null && !Array.isArray(citations) && citations['enabled'] === true;
}

function encodeAssistant(message: Message, context: Context): JsonObject {
  const content: JsonObject[] = [];
  const calls: JsonObject[] = [];
  const thinking: JsonObject[] = [];
  for (const part of message.parts) {
    if (part.type === 'toolCall') calls.push(encodeToolCall(part, context));
    else if (part.type === 'thinking')
      thinking.push(compact<JsonObject>({ type: 'thinking', thinking: part.text, signature: part.signature }));
    else if (part.type === 'redactedThinking') thinking.push({ type: 'redacted_thinking', data: part.data });
    else if (part.type === 'native' && part.dialect === dialect && typeof part.value['id'] === 'string') calls.push(part.value);
    else content.push(encodePart(part, context));
  }
  return compact<JsonObject>({
    role: 'assistant',
    content: content.length > 0 ? encodeContent(content) : calls.length > 0 ? null : '',
    name: message.name,
    ...encodeThinking(thinking, context),
    tool_calls: calls.length > 0 ? calls : undefined,
  });
}

/** Thinking of earlier turns goes only to upstreams that are known to read it; strict ones refuse the fields. */
function encodeThinking(blocks: readonly JsonObject[], context: Context): JsonObject {
  if (blocks.length === 0 || !(context.target.quirks.reasoningContent ?? context.own)) return {};
  const text = blocks.map((block) => block['thinking'] ?? '').join('');
  const signed = blocks.some((block) => block['signature'] !== undefined || block['data'] !== undefined);
  return { ...(text !== '' && { reasoning_content: text }), ...(signed && context.own && { thinking_blocks: [...blocks] }) };
}

function encodeToolCall(part: ToolCallPart, context: Context): JsonObject {
  const call = { name: part.name, arguments: part.argumentsJson || (context.own ? '' : '{}') };
  return { id: toolId(part.id, context), type: 'function', function: call, ...marks(part, context) };
}

function toolId(id: string, context: Context): string {
  return context.target.quirks.toolIdLength9 ? shortToolId(id) : id;
}

function encodeToolResults(message: Message, context: Context): JsonObject[] {
  const messages: JsonObject[] = [];
  const attachments: JsonObject[] = [];
  for (const part of message.parts) {
    if (part.type !== 'toolResult')
      throw unsupported('messages[].content[]', `a part of kind ${part.type} in a tool result`, context.target.provider);
    const id = toolId(part.toolCallId, context);
    const texts: JsonObject[] = [];
    for (const inner of part.parts) {
      const encoded = encodePart(inner, context);
      if (encoded['type'] === 'text' || context.own) texts.push(encoded);
      else {
        texts.push({ type: 'text', text: `[${inner.type} ${attachments.length / 2 + 1}: see the next user message]` });
        attachments.push(
          { type: 'text', text: `[${inner.type} ${attachments.length / 2 + 1}, from the result of tool call ${id}]` },
          encoded,
        );
      }
    }
    const content = texts.length > 0 ? encodeContent(part.isError ? asError(texts) : texts) : part.isError ? 'Error: ' : '';
    messages.push({ role: 'tool', tool_call_id: id, content, ...marks(part, context) });
  }
  if (attachments.length > 0) messages.push({ role: 'user', content: attachments });
  return messages;
}

function asError(texts: readonly JsonObject[]): JsonObject[] {
  const [first, ...rest] = texts;
  return first && typeof first['text'] === 'string'
    ? [{ ...first, text: `Error: ${first['text']}` }, ...rest]
    : [{ type: 'text', text: 'Error: ' }, ...texts];
}
