/**
 * Writes messages as Converse has them: leading system messages in `system`, turns of user and assistant in strict
 * alternation, results of tools at the head of the user's turn and calls at the end of the assistant's.
 *
 * A system message further down keeps its place as text of the user's turn between `<system>` and `</system>`, as for
 * Anthropic. Blank texts are left out, which Converse refuses, and so are turns that hold nothing else.
 */
import type { JsonObject } from '../../../core/json.ts';
import { inputOfRequest } from '../anthropic-messages/tool-input.ts';
import { withCompleteCalls } from '../complete-calls.ts';
import type { EncodeTarget } from '../dialect.ts';
import { unsupported } from '../fields.ts';
import { refuseUncarried, type FieldPlace } from '../omissions.ts';
import type { FilePart, ImagePart, Message, ModelRequest, Part, TextPart, ToolCallPart, ToolResultPart } from '../request.ts';
import { isMarked } from '../signatures.ts';
import { shortToolId } from '../tool-ids.ts';
import { createCachePoints, type CachePlace } from './cache-points.ts';
import { createDocumentNames } from './document-names.ts';
import { encodeAudio, encodeFile, encodeImage, type MediaContext } from './encode-media.ts';

export interface EncodedMessages {
  readonly system: JsonObject[];
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: JsonObject[] }[];
}

interface Context extends MediaContext {
  readonly from: string;
  readonly cachePoint: ReturnType<typeof createCachePoints>;
}

/** A block, with the cache point that belongs to it wherever it goes. */
type Piece = readonly [block: JsonObject, cachePoint?: JsonObject];

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly pieces: Piece[];
}

export function encodeMessages(request: ModelRequest, target: EncodeTarget): EncodedMessages {
  const context: Context = {
    from: request.dialect,
    target: target.provider,
    documentName: createDocumentNames(),
    cachePoint: createCachePoints(target),
  };
  const all = withCompleteCalls(request.messages);
  const firstOther = all.findIndex((message) => message.role !== 'system');
  const leading = firstOther === -1 ? all : all.slice(0, firstOther);
  const system = leading.flatMap((message) => encodeParts(message, context, 'system'));
  const turns: Turn[] = [];
  for (const message of all.slice(leading.length)) addTurn(turns, message, context);
  return {
    system: system.flatMap(flat),
    messages: turns.map(({ role, pieces }) => ({ role, content: inOrder(role, pieces).flatMap(flat) })),
  };
}

function addTurn(turns: Turn[], message: Message, context: Context): void {
  const pieces = encodeParts(message, context, 'messages').map((piece) => (message.role === 'system' ? marked(piece) : piece));
  if (pieces.length === 0) return;
  const role = message.role === 'assistant' ? 'assistant' : 'user';
  const last = turns.at(-1);
  if (last?.role === role) last.pieces.push(...pieces);
  else turns.push({ role, pieces });
}

function marked([block, cachePoint]: Piece): Piece {
  const text = { text: `<system>\n${String(block['text'])}\n</system>` };
  return cachePoint ? [text, cachePoint] : [text];
}

/** Results come before anything else in their turn, calls after everything else. */
function inOrder(role: Turn['role'], pieces: readonly Piece[]): Piece[] {
  const [early, late] = role === 'user' ? ['toolResult', undefined] : [undefined, 'toolUse'];
  const rank = ([block]: Piece): number => (early && block[early] ? 0 : late && block[late] ? 2 : 1);
  return pieces.toSorted((one, other) => rank(one) - rank(other));
}

function flat([block, cachePoint]: Piece): JsonObject[] {
  return cachePoint ? [block, cachePoint] : [block];
}

function encodeParts(message: Message, context: Context, place: CachePlace): Piece[] {
  if (message.name !== undefined) throw unsupported('messages[].name', 'the name of an author', context.target);
  refuse(message.extensions, 'message', context);
  const pieces: Piece[] = [];
  for (const part of message.parts) {
    const block = encodePart(part, context);
    const point = context.cachePoint(markOf(part, context), place);
    if (block) pieces.push(point ? [block, point] : [block]);
    else if (point) markLast(pieces, point);
  }
  return pieces;
}

/** A part that is left out was still the end of a prefix: what comes before it is. */
function markLast(pieces: Piece[], point: JsonObject): void {
  const last = pieces.pop();
  if (last) pieces.push([last[0], point]);
}

function refuse(extensions: JsonObject | undefined, place: FieldPlace, { from, target }: Context): void {
  const path = place === 'message' ? 'messages[]' : 'messages[].content[]';
  refuseUncarried(extensions, { from, place, path, target });
}

/** The mark on a part, or on the last part within a result: within results Converse has no cache points. */
function markOf(part: Part, context: Context): JsonObject | undefined {
  if (!isMarkable(part)) return undefined;
  refuse(part.extensions, 'part', context);
  if (part.cacheControl || part.type !== 'toolResult') return part.cacheControl;
  return part.parts.findLast((inner): inner is MarkedPart => inner.type !== 'native' && inner.cacheControl !== undefined)?.cacheControl;
}

type MarkedPart = TextPart | ImagePart | FilePart;
type MarkablePart = MarkedPart | ToolCallPart | ToolResultPart;

function isMarkable(part: Part): part is MarkablePart {
  return part.type === 'text' || part.type === 'image' || part.type === 'file' || part.type === 'toolCall' || part.type === 'toolResult';
}

function encodePart(part: Part, context: Context): JsonObject | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text.trim() === '' ? undefined : { text: part.text };
    case 'image':
      return encodeImage(part, context);
    case 'file':
      return encodeFile(part, context);
    case 'audio':
      return encodeAudio(part, context);
    case 'thinking':
      // A block without its signature comes from a stream that broke off, or from a provider that signs none; it is refused.
      return isOurs(part.signature) ? { reasoningContent: { reasoningText: { text: part.text, signature: part.signature } } } : undefined;
    case 'redactedThinking':
      return isOurs(part.data) ? { reasoningContent: { redactedContent: part.data } } : undefined;
    case 'toolCall':
      return { toolUse: encodeCall(part) };
    case 'toolResult':
      return { toolResult: encodeResult(part, context) };
    case 'native':
      throw unsupported('messages[].content[].type', `a part of kind ${String(part.value['type'])}`, context.target);
  }
}

/** A proof that Claude wrote, at Bedrock or at Anthropic, where the same are good. */
function isOurs(proof: string | undefined): proof is string {
  return proof !== undefined && proof !== '' && !isMarked(proof);
}

function encodeCall({ id, name, argumentsJson }: ToolCallPart): JsonObject {
  return { toolUseId: toolUseId(id), name, input: inputOfRequest(argumentsJson) };
}

const longestToolId = 64;

/** Converse takes 64 letters, digits, hyphens and underscores. */
function toolUseId(id: string): string {
  if (id.length <= longestToolId && /^[a-zA-Z0-9_-]+$/.test(id)) return id;
  // The hash keeps apart what the replacement and the cut make alike.
  const hash = shortToolId(id);
  return `${id.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, longestToolId - hash.length - 1)}_${hash}`;
}

function encodeResult(part: ToolResultPart, context: Context): JsonObject {
  const content = part.parts.flatMap((inner) => {
    if (inner.type !== 'native') refuse(inner.extensions, 'part', context);
    return encodePart(inner, context) ?? [];
  });
  return { toolUseId: toolUseId(part.toolCallId), content, ...(part.isError && { status: 'error' }) };
}
