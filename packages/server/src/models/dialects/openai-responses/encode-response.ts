/**
 * Writes an answer as the Responses API has it: events of a stream, or one response. Both are made by one writer, since the last
 * event of a stream holds the whole response.
 *
 * It does not store anything: see `models/responses`.
 */
import type { JsonObject } from '../../../core/json.ts';
import type { OpenClawError } from '../../../core/errors.ts';
import type { EncodeOptions, ResponseEncoder } from '../dialect.ts';
import { encodeErrorBody } from '../error-bodies.ts';
import type { FinishEvent, ModelEvent, StartEvent, Usage } from '../events.ts';
import { collectAnswer, noUsage } from '../whole-answer.ts';
import { incompleteDetails } from './endings.ts';
import { ItemWriter } from './item-writer.ts';
import { createResponseObject, type ResponseObject } from './response-object.ts';
import { encodeUsage } from './usage.ts';

export function encodeResponse(options: EncodeOptions): ResponseEncoder {
  const writer = new StreamWriter(options);
  return {
    stream(events) {
      let bytes = '';
      for (const event of events) bytes += writer.write(event);
      return bytes;
    },
    whole(events) {
      // Throws the error that the answer ended with, or says that it has not ended.
      collectAnswer(events, options.requestId);
      for (const event of events) writer.write(event);
      return writer.answer ?? {};
    },
    get answer() {
      return writer.answer;
    },
  };
}

class StreamWriter {
  readonly #options: EncodeOptions;
  readonly #items: ItemWriter;
  #response: ResponseObject | undefined;
  #usage: Usage = noUsage;
  #sequence = 0;
  #ended = false;
  /** The response as its last event holds it. */
  answer: JsonObject | undefined;

  constructor(options: EncodeOptions) {
    this.#options = options;
    this.#items = new ItemWriter({ requestId: options.requestId, nextSequence: () => this.#sequence++ });
    const { continues } = options;
    if (!continues) return;
    this.#response = createResponseObject(continues.start, options);
    this.#sequence = continues.eventCount;
  }

  write(event: ModelEvent): string {
    if (this.#ended) return '';
    switch (event.type) {
      case 'start':
        return this.#start(event);
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'finish':
        return this.#finish(event);
      case 'error':
        return this.#fail(event.error);
      default:
        return this.#items.write(event);
    }
  }

  #start(event: StartEvent): string {
    this.#response = createResponseObject(event, this.#options);
    const response = this.#response.json({ status: 'in_progress', output: [] });
    return this.#lifecycle('response.created', response) + this.#lifecycle('response.in_progress', response);
  }

  #finish(event: FinishEvent): string {
    const details = incompleteDetails(event);
    const status = details ? 'incomplete' : 'completed';
    const items = this.#items.finish(status);
    return (
      items +
      this.#last(`response.${status}`, {
        status,
        output: this.#items.output,
        usage: encodeUsage(this.#usage),
        ...(details ? { incomplete_details: details } : { completed_at: Math.floor(this.#options.nowMs / 1000) }),
      })
    );
  }

  #fail(error: OpenClawError): string {
    const { error: said } = encodeErrorBody('openai-responses', error, this.#options.requestId);
    const words = said as JsonObject;
    if (this.#response) {
      const failure = { code: codeOf(error), message: words['message'] ?? '', openclaw: words['openclaw'] ?? null };
      return this.#last('response.failed', { status: 'failed', output: this.#items.output, error: failure });
    }
    this.#ended = true;
    const { message = '', param = null, code = null } = words;
    const event = { type: 'error', error: words, code, message, param, sequence_number: this.#sequence++ };
    return `event: error\ndata: ${JSON.stringify(event)}\n\n`;
  }

  #last(type: string, fields: JsonObject): string {
    this.#ended = true;
    if (!this.#response) return '';
    this.answer = this.#response.object(fields);
    return this.#lifecycle(type, this.#response.json(fields));
  }

  #lifecycle(type: string, responseJson: string): string {
    return `event: ${type}\ndata: {"type":"${type}","response":${responseJson},"sequence_number":${this.#sequence++}}\n\n`;
  }
}

/** The words that programs look for in the error of a response. */
function codeOf(error: OpenClawError): string {
  if (error.status === 429) return 'rate_limit_exceeded';
  return error.status >= 400 && error.status < 500 ? 'invalid_prompt' : 'server_error';
}
