/**
 * Lets agents ask models over the model path: messages with tool calls and their results go in; words, whole tool calls and what it cost
 * come out.
 *
 * It chooses no model, cuts no conversation to size and carries no call out. What goes wrong comes back as the error that it was.
 */
import type { TokenUse, ToolCallRequest } from '@openclaw/protocol';
import { OpenClawError } from '../core/errors.ts';
import type { Ids } from '../core/ids.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { ModelService, Taken } from '../models/index.ts';
import type { ConversationMessage, ModelCaller, ModelPart, ModelRequest } from '../runs/engine/contract.ts';
import { streamChat, textsOf } from './streamed-chat.ts';

export interface AgentModelCallerOptions {
  readonly service: Pick<ModelService, 'serve'>;
  readonly ids: Pick<Ids, 'request'>;
  /** Under whose name it is written down. @default 'gateway' */
  readonly callerId?: string;
  /** Told how many tokens the provider counted in what was sent, so that the next estimate is a better one. @default nobody is */
  readonly onCounted?: (counted: Counted) => void;
}

export interface Counted extends Pick<ModelRequest, 'model' | 'messages' | 'tools'> {
  readonly inputTokens: number;
}

/** All tool calls of one answer together. No tool takes more, and a model that never ends must not fill the memory. */
const callCharactersLimit = 4 * 2 ** 20;
/** What one answer may want to have sent back, in characters of its thinking; what is longer is not sent back. */
const thinkingCharactersLimit = 512 * 1024;

export function createAgentModelCaller({ service, ids, callerId = 'gateway', onCounted }: AgentModelCallerOptions): ModelCaller {
  return async function* (request) {
    const { model, messages, tools, sessionKey, idempotencyKey, signal } = request;
    let taken: Taken | undefined;
    const answer = new AnswerReader();
    const chat = {
      ...{ requestId: ids.request(), callerId, body: bodyOf(request), sessionKey, idempotencyKey, signal },
      whenOver: (told: Taken) => void (taken = told),
    };
    for await (const chunk of streamChat(service, chat)) for (const text of answer.read(chunk)) yield { kind: 'text', text };
    const { calls, finishReason, inputTokens } = answer.end();
    if (inputTokens > 0) onCounted?.({ model, messages, tools, inputTokens });
    yield* calls.map((call): ModelPart => ({ kind: 'toolCall', call }));
    yield { kind: 'end', finishReason, use: useOf(taken) };
    return undefined;
  };
}

/** All that was paid for, tries in vain included. An answer that was kept costs nothing. */
function useOf(taken: Taken | undefined): TokenUse | null {
  if (!taken) return null;
  const { usage, costNanoUsd } = taken;
  return { inputTokens: usage?.input ?? 0, outputTokens: usage?.output ?? 0, costNanoUsd: costNanoUsd ?? (usage ? null : 0) };
}

function bodyOf({ model, messages, tools }: ModelRequest): object {
  const offered = tools.map(({ name, description, parameters }) => ({ type: 'function', function: { name, description, parameters } }));
  return { model, messages: messages.map(wireMessage), ...(offered.length > 0 && { tools: offered }) };
}

function wireMessage(message: ConversationMessage): object {
  if (message.role === 'tool') return { role: 'tool', tool_call_id: message.callId, content: message.text };
  if (message.role !== 'assistant') return { role: message.role, content: message.text };
  const { text, toolCalls } = message;
  if (toolCalls.length === 0) return { role: 'assistant', content: text };
  const fields = toolCalls.map(({ opaque }) => opaque?.['message']).find(isJsonObject);
  return { role: 'assistant', content: text === '' ? null : text, ...fields, tool_calls: toolCalls.map(wireCall) };
}

function wireCall({ callId, name, argumentsText, opaque }: ToolCallRequest): object {
  const fields = opaque?.['call'];
  return { id: callId, type: 'function', function: { name, arguments: argumentsText }, ...(isJsonObject(fields) && fields) };
}

/** A tool call that is still being written. */
interface OpenCall {
  id: string;
  name: string;
  argumentsText: string;
  fields: JsonObject;
}

/** Reads chunk by chunk: words at once, all else when the answer is whole. */
class AnswerReader {
  readonly #calls = new Map<number, OpenCall>();
  readonly #thinkingBlocks: JsonValue[] = [];
  #reasoning = '';
  #thinkingCharacters = 0;
  #callCharacters = 0;
  #finishReason: string | undefined;
  #inputTokens = 0;

  /** @returns the words in it @throws OpenClawError `answer_too_large` */
  read({ choices, usage }: JsonObject): string[] {
    if (isJsonObject(usage)) this.#inputTokens = Number(usage['prompt_tokens'] ?? 0);
    const [choice] = Array.isArray(choices) ? choices : [];
    if (!isJsonObject(choice)) return [];
    if (typeof choice['finish_reason'] === 'string') this.#finishReason = choice['finish_reason'];
    const { delta } = choice;
    if (!isJsonObject(delta)) return [];
    const { tool_calls: calls } = delta;
    if (Array.isArray(calls)) calls.filter(isJsonObject).forEach((call, position) => this.#readCall(call, position));
    this.#readThinking(delta);
    return textsOf(delta);
  }

  end(): { readonly calls: ToolCallRequest[]; readonly finishReason: string; readonly inputTokens: number } {
    const message = this.#messageFields();
    const seen = new Set<string>();
    const calls = [...this.#calls.values()].map((call, position): ToolCallRequest => {
      const callId = uniqueId(call.id, position, seen);
      const hasFields = Object.keys(call.fields).length > 0;
      const opaque = { ...(hasFields && { call: call.fields }), ...(position === 0 && message && { message }) };
      const { name, argumentsText } = call;
      return { callId, name, argumentsText, ...(Object.keys(opaque).length > 0 && { opaque }) };
    });
    return { calls, finishReason: this.#finishReason ?? (calls.length > 0 ? 'tool_calls' : 'stop'), inputTokens: this.#inputTokens };
  }

  #readCall({ index, id, function: called, extra_content: extra }: JsonObject, position: number): void {
    const open = this.#callAt(typeof index === 'number' ? index : position);
    if (open.id === '' && typeof id === 'string') open.id = id;
    if (extra !== undefined) open.fields = { extra_content: extra };
    if (!isJsonObject(called)) return;
    const { name, arguments: more } = called;
    if (open.name === '' && typeof name === 'string') open.name = name;
    if (typeof more !== 'string') return;
    open.argumentsText += more;
    this.#callCharacters += more.length;
    if (this.#callCharacters <= callCharactersLimit) return;
    throw new OpenClawError('answer_too_large', { details: { provider: 'the provider', limitBytes: callCharactersLimit } });
  }

  #callAt(index: number): OpenCall {
    const known = this.#calls.get(index);
    if (known) return known;
    const call = { id: '', name: '', argumentsText: '', fields: {} };
    this.#calls.set(index, call);
    return call;
  }

  #readThinking({ reasoning_content: reasoning, thinking_blocks: blocks }: JsonObject): void {
    if (typeof reasoning === 'string') {
      this.#thinkingCharacters += reasoning.length;
      if (this.#thinkingCharacters <= thinkingCharactersLimit) this.#reasoning += reasoning;
    }
    if (Array.isArray(blocks)) this.#thinkingBlocks.push(...blocks);
  }

  /** Some providers refuse the results of calls without the thinking that led to these. A part of it would be no proof. */
  #messageFields(): JsonObject | undefined {
    if (this.#thinkingCharacters > thinkingCharactersLimit) return undefined;
    if (this.#thinkingBlocks.length > 0) return { thinking_blocks: this.#thinkingBlocks };
    return this.#reasoning === '' ? undefined : { reasoning_content: this.#reasoning };
  }
}

/** Results find their calls by it: one that a provider left out or gave twice is made up. */
function uniqueId(id: string, position: number, seen: Set<string>): string {
  let unique = id === '' ? `call_${position + 1}` : id;
  while (seen.has(unique)) unique = `${unique}_${position + 1}`;
  seen.add(unique);
  return unique;
}
