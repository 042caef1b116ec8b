/**
 * Writes the conversation: leading system messages as `systemInstruction`, the rest as `contents` of two roles. A system message
 * further down keeps its place as marked text of the user's turn.
 *
 * Signatures go back to the parts that they came on. Thinking that has none of Gemini's is not sent: a model that reads
 * thoughts which are not its own takes them for its own.
 */
import type { JsonObject } from '../../../core/json.ts';
import { inputOfRequest } from '../anthropic-messages/tool-input.ts';
import { withCompleteCalls } from '../complete-calls.ts';
import type { EncodeTarget } from '../dialect.ts';
import { unsupported } from '../fields.ts';
import type { Message, ModelRequest, ToolCallPart } from '../request.ts';
import { readMarkedSignature, signatureIn } from '../thought-signatures.ts';
import { idOnWire } from './call-ids.ts';
import { encodePart, refuse, type Context } from './encode-parts.ts';
import { encodeToolResults } from './encode-results.ts';
import { demandsSignatures } from './models.ts';

/** What Google documents for calls whose signature is lost, as those of another provider's model are. */
const noSignature = 'skip_thought_signature_validator';

export function encodeContents(
  request: ModelRequest,
  target: EncodeTarget,
): { systemInstruction: JsonObject | undefined; contents: JsonObject[] } {
  const context: Context = { from: request.dialect, target, calls: new Map() };
  const all = withCompleteCalls(request.messages);
  const firstOther = all.findIndex((message) => message.role !== 'system');
  const leading = firstOther === -1 ? all : all.slice(0, firstOther);
  const system = leading.flatMap((message) => encodeUserParts(message, context));
  const contents: JsonObject[] = [];
  for (const message of all.slice(leading.length)) {
    const parts = encodeMessage(message, context);
    if (parts.length > 0) contents.push({ role: message.role === 'assistant' ? 'model' : 'user', parts });
  }
  return { systemInstruction: system.length > 0 ? { parts: system } : undefined, contents };
}

function encodeMessage(message: Message, context: Context): JsonObject[] {
  if (message.role === 'tool') return encodeToolResults(message, context);
  if (message.role === 'assistant') return encodeAssistant(message, context);
  const parts = encodeUserParts(message, context);
  if (message.role === 'user') return parts;
  return parts.map((part) => (typeof part['text'] === 'string' ? { text: `<system>\n${part['text']}\n</system>` } : part));
}

function encodeUserParts(message: Message, context: Context): JsonObject[] {
  refuseFields(message, context);
  return message.parts.flatMap((part) => encodePart(part, context));
}

function refuseFields(message: Message, context: Context): void {
  const { provider } = context.target;
  if (message.name !== undefined) throw unsupported('messages[].name', 'the name of an author', provider);
  refuse(message.extensions, 'message', context);
}

/** The model's turn under construction. */
interface Turn {
  readonly parts: JsonObject[];
  /** A signature that came before the part it belongs to. */
  forCall: string | undefined;
  forText: string | undefined;
}

function encodeAssistant(message: Message, context: Context): JsonObject[] {
  refuseFields(message, context);
  const turn: Turn = { parts: [], forCall: undefined, forText: signatureIn(message.extensions) };
  let position = 0;
  for (const part of message.parts) {
    if (part.type === 'thinking') addThinking(turn, part.text, part.signature);
    else if (part.type === 'toolCall') {
      context.calls.set(part.id, { name: part.name, position: position++ });
      turn.parts.push(encodeCall(part, signatureIn(part.extensions) ?? turn.forCall, context));
      turn.forCall = undefined;
    } else if (part.type !== 'redactedThinking') {
      for (const encoded of encodePart(part, context)) addAnswer(turn, encoded);
    }
  }
  return demandsSignatures(context.target.model) ? withSignedCall(turn.parts) : turn.parts;
}

function addAnswer(turn: Turn, part: JsonObject): void {
  const signature = typeof part['text'] === 'string' ? turn.forText : undefined;
  if (signature !== undefined) turn.forText = undefined;
  turn.parts.push(signature === undefined ? part : { ...part, thoughtSignature: signature });
}

function addThinking(turn: Turn, text: string, marked: string | undefined): void {
  const proof = readMarkedSignature(marked);
  if (!proof) return;
  const { place, signature } = proof;
  const last = turn.parts.at(-1);
  if (place === 'call') turn.forCall = signature;
  else if (place === 'thought') turn.parts.push({ text, thought: true, thoughtSignature: signature });
  else if (last && typeof last['text'] === 'string' && last['thoughtSignature'] === undefined) last['thoughtSignature'] = signature;
  else turn.forText = signature;
}

function encodeCall(part: ToolCallPart, signature: string | undefined, context: Context): JsonObject {
  refuse(part.extensions, 'part', context);
  const functionCall = { ...idOnWire(part.id), name: part.name, args: inputOfRequest(part.argumentsJson) };
  return { functionCall, ...(signature !== undefined && { thoughtSignature: signature }) };
}

/** Only the first call of a turn needs a signature: those beside it have none of their own. */
function withSignedCall(parts: JsonObject[]): JsonObject[] {
  const first = parts.findIndex((part) => part['functionCall'] !== undefined);
  const call = parts[first];
  if (call && call['thoughtSignature'] === undefined) parts[first] = { ...call, thoughtSignature: noSignature };
  return parts;
}
