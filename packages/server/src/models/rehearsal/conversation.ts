/**
 * Reads a chat completion request as the rehearsal sees it: which script, which of its turns, how many words came in.
 *
 * It looks at texts only. Images, tools and sampling settings are neither looked at nor claimed to be.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { isScript } from './script.ts';

export interface Conversation {
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly maxOutputTokens: number;
  readonly script: FoundScript | undefined;
  readonly messages: number;
  /** Words of all texts, which stand for tokens. */
  readonly inputTokens: number;
}

export interface FoundScript {
  readonly text: string;
  /** Where it was found, as a path: `messages[2].content`. */
  readonly path: string;
  /** Assistant messages after it: the turn to be given now, counted from 0. */
  readonly position: number;
}

export interface RequestFault {
  readonly param: string | null;
  readonly reason: string;
  readonly status: 400 | 404;
}

const modelNames: ReadonlySet<JsonValue | undefined> = new Set(['rehearsal', 'openclaw/rehearsal']);

export function readConversation(body: Buffer | undefined): Conversation | RequestFault {
  const request = parseObject(body);
  if (!request) return fault(null, 'the body is not a JSON object');
  if (!modelNames.has(request['model'])) return { param: 'model', reason: 'the only model here is openclaw/rehearsal', status: 404 };
  const messages = request['messages'];
  if (!Array.isArray(messages) || messages.length === 0) return fault('messages', 'messages must be a list of at least one message');
  if (!messages.every(isJsonObject)) return fault('messages', 'each message must be an object');
  if (request['n'] !== undefined && request['n'] !== null && request['n'] !== 1) return fault('n', 'the rehearsal gives one choice');
  const limit = request['max_completion_tokens'] ?? request['max_tokens'];
  const streamOptions = request['stream_options'];
  return {
    stream: request['stream'] === true,
    includeUsage: isJsonObject(streamOptions) && streamOptions['include_usage'] === true,
    maxOutputTokens: typeof limit === 'number' ? limit : Infinity,
    script: findScript(messages),
    messages: messages.length,
    inputTokens: messages.reduce((sum, message) => sum + countMessageWords(message), 0),
  };
}

/** Words stand for tokens in all that the rehearsal counts. */
export function countWords(text: string): number {
  let words = 0;
  for (const _word of text.matchAll(/\S+/g)) words += 1;
  return words;
}

/** The last user message that has a script counts, so that tool results, reminders and a «go on» after it do not lose it. */
function findScript(messages: readonly JsonObject[]): FoundScript | undefined {
  let position = 0;
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (message?.['role'] === 'assistant') position += 1;
    if (message?.['role'] !== 'user') continue;
    const text = textsOf(message['content']).find(isScript);
    if (text !== undefined) return { text, path: `messages[${index}].content`, position };
  }
  return undefined;
}

function textsOf(content: JsonValue | undefined): string[] {
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return content.flatMap((part) => (isJsonObject(part) && typeof part['text'] === 'string' ? [part['text']] : []));
}

function countMessageWords(message: JsonObject): number {
  let words = 0;
  for (const text of textsOf(message['content'])) words += countWords(text);
  const calls = message['tool_calls'];
  for (const call of Array.isArray(calls) ? calls : []) {
    const called = isJsonObject(call) ? call['function'] : undefined;
    if (!isJsonObject(called)) continue;
    for (const text of [called['name'], called['arguments']]) if (typeof text === 'string') words += countWords(text);
  }
  return words;
}

function parseObject(body: Buffer | undefined): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body?.toString('utf8') ?? '');
    return isJsonObject(value) ? value : undefined;
  } catch {
    // The caller answers with a 400 that says so; where exactly the text breaks is the gateway's to tell.
    return undefined;
  }
}

function fault(param: string | null, reason: string): RequestFault {
  return { param, reason, status: 400 };
}
