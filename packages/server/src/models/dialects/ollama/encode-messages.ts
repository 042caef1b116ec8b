/**
 * Writes messages as Ollama has them: one text each, with the bytes of its images beside it. It fetches nothing, so pictures at an
 * address are refused.
 */
import type { JsonObject } from '../../../core/json.ts';
import { inputOfRequest } from '../anthropic-messages/tool-input.ts';
import { withCompleteCalls } from '../complete-calls.ts';
import type { EncodeTarget } from '../dialect.ts';
import { compact, unsupported } from '../fields.ts';
import { refuseUncarried, type FieldPlace } from '../omissions.ts';
import type { FilePart, ImagePart, Message, ModelRequest, Part, ToolCallPart, ToolResultPart } from '../request.ts';

interface Context {
  /** The client's dialect. */
  readonly from: string;
  readonly target: EncodeTarget;
  /** Names of the calls so far by id: results bear the id alone. */
  readonly names: Map<string, string>;
}

/** What a message says, in Ollama's fields. */
interface Said {
  readonly texts: string[];
  readonly images: string[];
  readonly thoughts: string[];
  readonly calls: JsonObject[];
}

export function encodeMessages(request: ModelRequest, target: EncodeTarget): JsonObject[] {
  const context: Context = { from: request.dialect, target, names: new Map() };
  return withCompleteCalls(request.messages).flatMap((message) => encodeMessage(message, context));
}

function encodeMessage(message: Message, context: Context): JsonObject[] {
  if (message.name !== undefined) throw unsupported('messages[].name', 'the name of an author', context.target.provider);
  refuse(message.extensions, 'message', context);
  if (message.role === 'tool') return message.parts.flatMap((part) => (part.type === 'toolResult' ? [encodeResult(part, context)] : []));
  return [{ role: message.role, ...fieldsOf(message.parts, context) }];
}

function fieldsOf(parts: readonly Part[], context: Context): JsonObject {
  const said: Said = { texts: [], images: [], thoughts: [], calls: [] };
  for (const part of parts) addPart(said, part, context);
  const { texts, images, thoughts, calls } = said;
  return compact<JsonObject>({
    content: texts.join('\n'),
    thinking: thoughts.length > 0 ? thoughts.join('\n') : undefined,
    images: images.length > 0 ? images : undefined,
    tool_calls: calls.length > 0 ? calls : undefined,
  });
}

function refuse(extensions: JsonObject | undefined, place: FieldPlace, { from, target }: Context): void {
  const path = place === 'message' ? 'messages[]' : 'messages[].content[]';
  refuseUncarried(extensions, { from, place, path, target: target.provider });
}

function addPart(said: Said, part: Part, context: Context): void {
  const { provider } = context.target;
  if ('extensions' in part) refuse(part.extensions, 'part', context);
  switch (part.type) {
    case 'text':
    case 'refusal':
      if (part.text !== '') said.texts.push(part.text);
      return;
    case 'image':
      said.images.push(bytesOf(part, context));
      return;
    case 'file':
      said.texts.push(textOf(part, context));
      return;
    case 'thinking':
      // Ollama signs nothing: what is signed was thought by a model elsewhere.
      if (!part.signature && part.text !== '') said.thoughts.push(part.text);
      return;
    case 'redactedThinking':
      return;
    case 'toolCall':
      said.calls.push(encodeCall(part, said.calls.length, context));
      return;
    case 'native':
      throw unsupported('messages[].content[].type', `a part of kind ${String(part.value['type'])}`, provider);
    default:
      throw unsupported('messages[].content[]', `a part of kind ${part.type}`, provider);
  }
}

function encodeCall(part: ToolCallPart, index: number, { names }: Context): JsonObject {
  names.set(part.id, part.name);
  return { id: part.id, function: { index, name: part.name, arguments: inputOfRequest(part.argumentsJson) } };
}

function encodeResult(part: ToolResultPart, context: Context): JsonObject {
  refuse(part.extensions, 'part', context);
  const { content, ...others } = fieldsOf(part.parts, context);
  return compact<JsonObject>({
    role: 'tool',
    tool_call_id: part.toolCallId,
    tool_name: context.names.get(part.toolCallId),
    content: part.isError === true ? `Error: ${String(content)}` : content,
    ...others,
  });
}

const path = 'messages[].content[].source';

function bytesOf({ source }: ImagePart, { target }: Context): string {
  if (source.kind === 'base64') return source.data;
  throw unsupported(path, source.kind === 'url' ? 'an image by URL' : 'an image by file id', target.provider);
}

function textOf({ source, filename, context: about, citations }: FilePart, { target }: Context): string {
  if (typeof citations === 'object' && citations !== null && !Array.isArray(citations) && citations['enabled'] === true) {
    throw unsupported('messages[].content[].citations', 'citations of a document', target.provider);
  }
  const isText = source.kind === 'base64' && source.mediaType.startsWith('text/');
  if (source.kind !== 'text' && !isText) throw unsupported(path, 'a document that is not text', target.provider);
  const text = source.kind === 'text' ? source.text : Buffer.from(source.data, 'base64').toString('utf8');
  return [...[filename, about].filter((line) => line !== undefined && line !== ''), text].join('\n\n');
}
