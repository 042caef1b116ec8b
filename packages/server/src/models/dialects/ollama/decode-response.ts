/** Reads an answer of Ollama, streamed or whole: the lines of a stream are answers that hold the next piece, the last one is `done`. */
import type { OpenClawError } from '../../../core/errors.ts';
import { isJsonObject, parseObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { BlockBuilder } from '../blocks.ts';
import { countOf } from '../counts.ts';
import type { ResponseDecoder } from '../dialect.ts';
import type { FinishEvent, FinishReason, ModelEvent } from '../events.ts';
import { emptyAnswer, inStreamError, malformed, truncated } from '../failures.ts';
import { shortToolId } from '../tool-ids.ts';

const nothing: readonly ModelEvent[] = [];

export function decodeResponse(provider: string): ResponseDecoder {
  const reader = new AnswerReader(provider);
  return {
    event(event) {
      if (reader.ended || event.data === undefined) return nothing;
      const body = parseObject(event.data);
      return body ? reader.piece(body) : reader.fail(malformed(provider, 'a line of its stream is not a JSON object'));
    },
    end: () => (reader.ended ? nothing : reader.fail(truncated(provider, 'the stream ended before it was done'))),
    whole(body) {
      const events = reader.piece(body);
      return reader.ended ? events : [...events, ...reader.fail(truncated(provider, 'the answer is not done'))];
    },
  };
}

class AnswerReader {
  readonly #provider: string;
  readonly #blocks = new BlockBuilder();
  #started = false;
  #callCount = 0;
  ended = false;

  constructor(provider: string) {
    this.#provider = provider;
  }

  fail(error: OpenClawError): readonly ModelEvent[] {
    this.ended = true;
    return [...this.#blocks.take(), { type: 'error', error }];
  }

  piece(body: JsonObject): readonly ModelEvent[] {
    const { error, message } = body;
    if (error !== undefined && error !== null) return this.fail(inStreamError(error, this.#provider));
    if (!isJsonObject(message)) return this.fail(malformed(this.#provider, 'a piece of the answer has no message'));
    const events: ModelEvent[] = this.#started ? [] : [startOf(body)];
    this.#started = true;
    const wrong = this.#readMessage(message, body['created_at']);
    if (wrong !== undefined) return [...events, ...this.fail(malformed(this.#provider, wrong))];
    events.push(...this.#blocks.take());
    return body['done'] === true ? [...events, ...this.#finish(body)] : events;
  }

  #readMessage({ content, thinking, tool_calls: calls }: JsonObject, createdAt: JsonValue | undefined): string | undefined {
    if (typeof thinking === 'string') this.#blocks.text('thinking', thinking);
    if (typeof content === 'string') this.#blocks.text('text', content);
    else if (content !== undefined && content !== null) return 'the content of a message is not text';
    if (calls === undefined || calls === null) return undefined;
    if (!Array.isArray(calls)) return 'tool_calls is not a list';
    for (const call of calls) {
      const wrong = this.#readCall(call, String(createdAt));
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  /** Calls come whole. Those of older versions have no id. */
  #readCall(call: JsonValue, createdAt: string): string | undefined {
    const called = isJsonObject(call) ? call['function'] : undefined;
    if (!isJsonObject(call) || !isJsonObject(called) || typeof called['name'] !== 'string') return 'a tool call has no name';
    const { name, arguments: given } = called;
    const argumentsJson = typeof given === 'string' ? given : JSON.stringify(given ?? {});
    const position = this.#callCount++;
    const { id } = call;
    const madeUp = `ollama_${shortToolId(`${createdAt}:${position}:${name}(${argumentsJson})`)}`;
    this.#blocks.toolCall(position, { id: typeof id === 'string' && id !== '' ? id : madeUp, name, argumentsJson });
    return this.#blocks.finish();
  }

  #finish(body: JsonObject): readonly ModelEvent[] {
    const { done_reason: word, prompt_eval_count: input, eval_count: output } = body;
    // Ollama leaves it out where the connection to its own runner was lost.
    if (typeof word !== 'string' || word === '') return this.fail(truncated(this.#provider, 'it is done without a done_reason'));
    if (word === 'stop' && this.#blocks.isEmpty && output === 0) return this.fail(emptyAnswer(this.#provider));
    this.#blocks.finish();
    this.ended = true;
    const usage = { input: countOf(input), cacheRead: 0, cacheWrite: 0, output: countOf(output), reasoning: 0 };
    return [...this.#blocks.take(), { type: 'usage', usage }, decodeFinish(word, this.#blocks.calledTools)];
  }
}

function startOf({ model, created_at: createdAt }: JsonObject): ModelEvent {
  const createdMs = typeof createdAt === 'string' ? Date.parse(createdAt) : Number.NaN;
  return {
    type: 'start',
    id: '',
    model: typeof model === 'string' ? model : '',
    ...(!Number.isNaN(createdMs) && { createdSeconds: Math.floor(createdMs / 1000) }),
  };
}

const reasons: Readonly<Record<string, FinishReason>> = { stop: 'stop', length: 'length' };

function decodeFinish(word: string, calledTools: boolean): FinishEvent {
  const known = Object.hasOwn(reasons, word) ? reasons[word] : undefined;
  return { type: 'finish', reason: known === 'stop' && calledTools ? 'toolCalls' : (known ?? 'other'), providerReason: word };
}
