/**
 * Instructions for models whose template takes them at the front, once, and fails for any other order (Qwen, Gemma and Mistral on
 * local servers). All of them come together there, in the order in which they were given.
 */
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import type { Message, Part } from '../request.ts';

/** The name of whoever gave them is left out: no such template shows it. */
export function withSystemFirst(messages: readonly Message[]): readonly Message[] {
  const system = messages.filter(({ role }) => role === 'system');
  if (system.length === 0 || (system.length === 1 && messages[0] === system[0])) return messages;
  const extensions = Object.assign({}, ...system.map((message) => message.extensions)) as JsonObject;
  const merged: Message = {
    role: 'system',
    parts: joined(system.flatMap(({ parts }) => parts)),
    ...(Object.keys(extensions).length > 0 && { extensions }),
  };
  return [merged, ...messages.filter(({ role }) => role !== 'system')];
}

/** One text, which is all that some of these servers take, unless there is more to it. */
function joined(parts: readonly Part[]): readonly Part[] {
  const texts = parts.flatMap((part) => (part.type === 'text' && !part.extensions && !part.cacheControl ? [part.text] : []));
  return texts.length === parts.length ? [{ type: 'text', text: texts.join('\n\n') }] : parts;
}

/** Whether a request has instructions at another place than the front, or more than one. */
export function hasScatteredSystem(body: JsonObject): boolean {
  const { messages } = body;
  return Array.isArray(messages) && messages.some((message, at) => isSystem(message) && (at > 0 || isDeveloper(message)));
}

function isSystem(message: unknown): message is JsonObject {
  return isJsonObject(message) && (message['role'] === 'system' || message['role'] === 'developer');
}

/** Such templates know no other name for the role than `system`. */
function isDeveloper(message: JsonObject): boolean {
  return message['role'] === 'developer';
}
