/**
 * Writes messages as items of a response's input. The first system message is `instructions` where it is one plain text.
 *
 * A failed result of a tool starts with `Error: `, as this wire has no other place for it. Reasoning goes only to the provider
 * that wrote it: nobody else could read it.
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { withCompleteCalls } from '../complete-calls.ts';
import { toDataUrl } from '../data-url.ts';
import type { EncodeTarget } from '../dialect.ts';
import { compact, unsupported } from '../fields.ts';
import { imageTypeOf, isPdf, refuseOtherThanWeb } from '../media.ts';
import { refuseUncarried, type FieldPlace } from '../omissions.ts';
import type { FilePart, ImagePart, Message, ModelRequest, Part, TextPart, ThinkingPart, ToolCallPart, ToolResultPart } from '../request.ts';
import { openProof } from './reasoning.ts';

const dialect = 'openai-responses';

interface Context {
  /** Whether the client spoke this dialect too, so that its own fields go back where they were. */
  readonly own: boolean;
  readonly from: string;
  readonly target: EncodeTarget;
}

export function encodeInput(request: ModelRequest, target: EncodeTarget): { instructions: string | undefined; input: JsonObject[] } {
  const context: Context = { own: request.dialect === dialect, from: request.dialect, target };
  const all = context.own ? request.messages : withCompleteCalls(request.messages);
  const instructions = instructionsOf(all[0], context);
  const rest = instructions === undefined ? all : all.slice(1);
  return { instructions, input: rest.flatMap((message) => encodeMessage(message, context)) };
}

/** The text of a system message that says nothing else. */
function instructionsOf(message: Message | undefined, { own }: Context): string | undefined {
  if (message?.role !== 'system' || message.developer || message.name !== undefined || message.extensions) return undefined;
  const [only, another] = message.parts;
  if (only?.type !== 'text' || another || only.extensions || only.citations !== undefined) return undefined;
  return own && only.cacheControl ? undefined : only.text;
}

function encodeMessage(message: Message, context: Context): JsonObject[] {
  if (message.name !== undefined) throw unsupported('messages[].name', 'the name of an author', context.target.provider);
  const extensions = carried(message.extensions, 'message', context);
  if (message.role === 'assistant') return encodeTurn(message.parts, context);
  const items: JsonObject[] = [];
  const content: JsonObject[] = [];
  for (const part of message.parts) {
    if (part.type === 'toolResult') items.push(encodeResult(part, context));
    else if (part.type === 'native') items.push(encodeNative(part.value, part.dialect, context));
    else content.push(encodePart(part, 'input_text', context));
  }
  const role = message.role === 'system' && message.developer ? 'developer' : message.role;
  if (content.length > 0 || items.length === 0) items.push({ type: 'message', role, content, ...extensions });
  return items;
}

function carried(extensions: JsonObject | undefined, place: FieldPlace, context: Context): JsonObject | undefined {
  if (context.own) return extensions;
  const path = place === 'message' ? 'messages[]' : 'messages[].content[]';
  refuseUncarried(extensions, { from: context.from, place, path, target: context.target.provider });
  return undefined;
}

/** A turn of the assistant, item by item in its order; texts that touch are one message. */
function encodeTurn(parts: readonly Part[], context: Context): JsonObject[] {
  const items: JsonObject[] = [];
  let content: JsonObject[] | undefined;
  for (const part of parts) {
    if (part.type === 'text' || part.type === 'refusal') {
      // An empty text beside calls is how other clients write "no text".
      if (part.text === '' && !context.own) continue;
      const { item, ...extensions } = part.type === 'text' && context.own ? (part.extensions ?? {}) : {};
      if (!content || item !== undefined) {
        content = [];
        items.push({ type: 'message', role: 'assistant', content, ...(item as JsonObject | undefined) });
      }
      content.push({ ...encodePart({ ...part, ...(context.own && { extensions }) }, 'output_text', context) });
      continue;
    }
    content = undefined;
    items.push(...encodeTurnItem(part, context));
  }
  return items;
}

function encodeTurnItem(part: Part, context: Context): JsonObject[] {
  if (part.type === 'toolCall') return [encodeCall(part, context)];
  if (part.type === 'thinking') return encodeThinking(part, context);
  // What another provider redacted only that one can read.
  if (part.type === 'redactedThinking') return [];
  if (part.type === 'native') return [encodeNative(part.value, part.dialect, context)];
  return [{ type: 'message', role: 'assistant', content: [encodePart(part, 'output_text', context)] }];
}

function encodeThinking({ text, signature }: ThinkingPart, { own, target }: Context): JsonObject[] {
  const summary: JsonObject[] = text === '' ? [] : [{ type: 'summary_text', text }];
  if (signature === undefined) return own ? [{ type: 'reasoning', summary }] : [];
  const proof = openProof(signature);
  if (!proof || (proof.provider !== '' && proof.provider !== target.provider)) return [];
  if (!own && proof.encrypted === '') return [];
  return [
    {
      type: 'reasoning',
      ...(proof.id !== '' && { id: proof.id }),
      summary,
      ...(proof.encrypted !== '' && { encrypted_content: proof.encrypted }),
    },
  ];
}

function encodeNative(value: JsonObject, from: string, { target }: Context): JsonObject {
  if (from === dialect) return value;
  throw unsupported('messages[].content[].type', `a part of kind ${String(value['type'])}`, target.provider);
}

function encodeCall(part: ToolCallPart, context: Context): JsonObject {
  return {
    type: 'function_call',
    call_id: part.id,
    name: part.name,
    arguments: part.argumentsJson || (context.own ? '' : '{}'),
    ...marks(part, context),
  };
}

function encodeResult(part: ToolResultPart, context: Context): JsonObject {
  const parts = part.parts.map((inner) =>
    inner.type === 'native' ? encodeNative(inner.value, inner.dialect, context) : encodePart(inner, 'input_text', context),
  );
  const marked = part.isError === true ? asError(parts) : parts;
  return { type: 'function_call_output', call_id: part.toolCallId, output: encodeOutput(marked), ...marks(part, context) };
}

function asError(parts: readonly JsonObject[]): JsonObject[] {
  const [first, ...rest] = parts;
  if (typeof first?.['text'] === 'string') return [{ ...first, text: `Error: ${first['text']}` }, ...rest];
  return [{ type: 'input_text', text: 'Error: ' }, ...parts];
}

/** One plain text is written as a string: some servers of this dialect take nothing else. */
function encodeOutput(parts: readonly JsonObject[]): JsonValue {
  const [only] = parts;
  if (parts.length === 0) return '';
  if (parts.length === 1 && only && Object.keys(only).length === 2 && typeof only['text'] === 'string') return only['text'];
  return [...parts];
}

function encodePart(part: Part, textType: 'input_text' | 'output_text', context: Context): JsonObject {
  switch (part.type) {
    case 'text':
      return compact<JsonObject>({
        type: textType,
        text: part.text,
        annotations: context.own ? part.citations : undefined,
        ...marks(part, context),
      });
    case 'refusal':
      return { type: 'refusal', refusal: part.text };
    case 'image':
      // Other dialects take a document as an image; here it has a place of its own.
      return isPdf(part.source) && !context.own ? encodeFile({ ...part, type: 'file' }, context) : encodeImage(part, context);
    case 'file':
      return encodeFile(part, context);
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.data, format: part.format } };
    default:
      throw unsupported('messages[].content[]', `a part of kind ${part.type} in this place`, context.target.provider);
  }
}

function marks(part: TextPart | ImagePart | FilePart | ToolCallPart | ToolResultPart, context: Context): JsonObject {
  const extensions = carried(part.extensions, 'part', context);
  const marked = part.cacheControl && (context.target.quirks.cacheControl ?? context.own);
  return { ...(marked && { cache_control: part.cacheControl }), ...extensions };
}

const sourcePath = 'messages[].content[].source';

function encodeImage(part: ImagePart, context: Context): JsonObject {
  const { source, detail } = part;
  const { own, target } = context;
  if (source.kind === 'fileId') {
    if (!own) throw unsupported(sourcePath, 'an image by file id, which belongs to one provider', target.provider);
    return compact<JsonObject>({ type: 'input_image', file_id: source.fileId, detail, ...marks(part, context) });
  }
  if (source.kind === 'url' && !own) refuseOtherThanWeb(source.url, { path: sourcePath, target: target.provider });
  const url =
    source.kind === 'url' ? source.url : toDataUrl(own ? source : { ...source, mediaType: imageTypeOf(source.data) ?? source.mediaType });
  return compact<JsonObject>({ type: 'input_image', image_url: url, detail, ...marks(part, context) });
}

function encodeFile(part: FilePart, context: Context): JsonObject {
  const { source, filename } = part;
  const { own, target } = context;
  const refuse = (feature: string): never => {
    throw unsupported(sourcePath, feature, target.provider);
  };
  if (isOn(part.citations)) throw unsupported('messages[].content[].citations', 'citations of a document', target.provider);
  if (source.kind === 'text') {
    const heading = [filename, part.context].filter((line) => line !== undefined && line !== '').join('\n');
    return { type: 'input_text', text: heading === '' ? source.text : `${heading}\n\n${source.text}`, ...marks(part, context) };
  }
  if (part.context !== undefined) throw unsupported('messages[].content[].context', 'the context of a document', target.provider);
  if (source.kind === 'url') return compact<JsonObject>({ type: 'input_file', file_url: source.url, filename, ...marks(part, context) });
  if (source.kind === 'fileId') {
    if (!own) refuse('a document by file id, which belongs to one provider');
    return compact<JsonObject>({ type: 'input_file', file_id: source.fileId, filename, ...marks(part, context) });
  }
  const name = filename ?? (own ? undefined : 'document.pdf');
  return compact<JsonObject>({ type: 'input_file', filename: name, file_data: toDataUrl(source), ...marks(part, context) });
}

function isOn(citations: JsonValue | undefined): boolean {
  return typeof citations === 'object' && citations !== null && !Array.isArray(citations) && citations['enabled'] === true;
}
