/**
 * Reads an answer of a Responses upstream, streamed or whole. A text is taken from its deltas, and from the events that repeat
 * it whole as far as the deltas did not say it, so that nothing is lost with servers that send only one of them.
 *
 * Items of kinds that only this dialect has are native blocks: the item as it starts, its events and its end, verbatim. Events of
 * kinds that are new here are passed over.
 */
import type { OpenClawError } from '../../../core/errors.ts';
import { isJsonObject, parseObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import type { ResponseDecoder, StreamFrame } from '../dialect.ts';
import type { ModelEvent } from '../events.ts';
import { emptyAnswer, inStreamError, malformed, truncated } from '../failures.ts';
import { decodeFinish } from './endings.ts';
import { ItemReader } from './item-reader.ts';
import { decodeUsage } from './usage.ts';

const nothing: readonly ModelEvent[] = [];

export function decodeResponse(provider: string): ResponseDecoder {
  const reader = new AnswerReader(provider);
  return {
    event: (event) => reader.event(event),
    end: () => (reader.ended ? nothing : reader.fail(truncated(provider, 'the stream ended without response.completed'))),
    whole: (body) => reader.whole(body),
    get answer() {
      return reader.answer;
    },
  };
}

class AnswerReader {
  readonly #provider: string;
  readonly #items: ItemReader;
  #started = false;
  ended = false;
  /** The response object of the last event. */
  answer: JsonObject | undefined;

  constructor(provider: string) {
    this.#provider = provider;
    this.#items = new ItemReader(provider);
  }

  fail(error: OpenClawError): readonly ModelEvent[] {
    this.ended = true;
    return [{ type: 'error', error }];
  }

  event(event: StreamFrame): readonly ModelEvent[] {
    if (this.ended || event.data === undefined || event.data === '[DONE]') return nothing;
    const body = parseObject(event.data);
    if (!body) return this.fail(malformed(this.#provider, 'an event of its stream is not a JSON object'));
    const type = body['type'] ?? event.name;
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return this.#start(body['response']);
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        return this.#end(body['response'], type.slice('response.'.length));
      case 'error':
        return this.fail(inStreamError(body['error'] ?? body, this.#provider));
      default:
        if (isJsonObject(body['error'])) return this.fail(inStreamError(body['error'], this.#provider));
        return typeof type === 'string' && type.startsWith('response.') ? this.#itemEvent(type, body) : nothing;
    }
  }

  whole(body: JsonObject): readonly ModelEvent[] {
    if (!Array.isArray(body['output']) && body['status'] !== 'failed') {
      const { error } = body;
      if (error !== undefined && error !== null) return this.fail(inStreamError(error, this.#provider));
      return this.fail(malformed(this.#provider, 'the answer has no output'));
    }
    const events = this.#end(body, typeof body['status'] === 'string' ? body['status'] : 'completed');
    // A whole answer that failed says nothing before it.
    return events.at(-1)?.type === 'error' ? events.slice(-1) : events;
  }

  #start(response: JsonValue | undefined): readonly ModelEvent[] {
    if (this.#started) return nothing;
    this.#started = true;
    const { id, model, created_at: created } = isJsonObject(response) ? response : {};
    return [
      {
        type: 'start',
        id: typeof id === 'string' ? id : '',
        model: typeof model === 'string' ? model : '',
        ...(typeof created === 'number' && { createdSeconds: Math.trunc(created) }),
      },
    ];
  }

  #itemEvent(type: string, body: JsonObject): readonly ModelEvent[] {
    const wrong = this.#items.read(type, body);
    if (wrong !== undefined) return this.fail(malformed(this.#provider, wrong));
    const events = this.#items.take();
    // Some servers leave out `response.created`.
    return events.length > 0 && !this.#started ? [...this.#start(undefined), ...events] : events;
  }

  /** The last event of a stream, and the whole of an answer that does not stream, are the same object. */
  #end(value: JsonValue | undefined, status: string): readonly ModelEvent[] {
    const response = isJsonObject(value) ? value : {};
    if (status === 'failed' || status === 'cancelled') return this.fail(this.#failureOf(response, status));
    if (status !== 'completed' && status !== 'incomplete') {
      return this.fail(malformed(this.#provider, `the answer is still ${status.slice(0, 40)}`));
    }
    const events: ModelEvent[] = [...this.#start(response)];
    if (Array.isArray(response['output'])) this.#items.readOutput(response['output']);
    const wrong = this.#items.finish(status === 'completed');
    if (wrong !== undefined) return this.fail(malformed(this.#provider, wrong));
    events.push(...this.#items.take());
    const usage = decodeUsage(response['usage']);
    if (usage) events.push({ type: 'usage', usage });
    const finish = decodeFinish({ ...response, status }, this.#items.calledTools);
    if (finish.reason === 'stop' && this.#items.isEmpty && usage?.output === 0) return this.fail(emptyAnswer(this.#provider));
    this.answer = response;
    this.ended = true;
    return [...events, finish];
  }

  #failureOf(response: JsonObject, status: string): OpenClawError {
    const { error } = response;
    if (isJsonObject(error)) return inStreamError(error, this.#provider);
    return inStreamError({ message: status === 'failed' ? 'it failed and gave no reason' : 'it was cancelled there' }, this.#provider);
  }
}
