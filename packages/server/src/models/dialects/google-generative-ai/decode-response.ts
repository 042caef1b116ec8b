/**
 * Reads an answer of Gemini, streamed or whole: the events of a stream are whole answers that each hold the next parts. Only
 * the first candidate: requests that ask for more are not translated.
 *
 * The end of a stream is its end: some models say a reason in every event, so a reason alone does not mean that nothing follows.
 */
import { OpenClawError } from '../../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { BlockBuilder } from '../blocks.ts';
import type { ResponseDecoder } from '../dialect.ts';
import type { FinishEvent, ModelEvent } from '../events.ts';
import { emptyAnswer, malformed, truncated } from '../failures.ts';
import { markSignature, signatureFields } from '../thought-signatures.ts';
import { madeUpId } from './call-ids.ts';
import { errorInStream } from './failures.ts';
import { blockedPrompt, decodeFinish, failureOf } from './finish-reasons.ts';
import { decodeUsage } from './usage.ts';

const dialect = 'google-generative-ai';
const nothing: readonly ModelEvent[] = [];

export function decodeResponse(provider: string): ResponseDecoder {
  const reader = new AnswerReader(provider);
  return {
    event(event) {
      if (reader.ended || event.data === undefined) return nothing;
      const body = parse(event.data);
      return body ? reader.piece(body) : reader.fail(malformed(provider, 'an event of its stream is not a JSON object'));
    },
    end: () => (reader.ended ? nothing : reader.complete()),
    whole(body) {
      const events = reader.piece(body);
      return reader.ended ? events : [...events, ...reader.complete()];
    },
  };
}

/** An object, also where it is the only one of a list: a failure comes like this when the request streamed. */
function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const only: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
    return isJsonObject(only) ? only : undefined;
  } catch {
    return undefined;
  }
}

/** Fields of a candidate that say where the answer has its knowledge from. */
const sourceFields = ['groundingMetadata', 'citationMetadata', 'urlContextMetadata'] as const;

class AnswerReader {
  readonly #provider: string;
  readonly #blocks = new BlockBuilder();
  #started = false;
  #answerId = '';
  #callCount = 0;
  #saidSomething = false;
  #reason: string | undefined;
  #blockReason: string | undefined;
  #answerTokens: JsonValue | undefined;
  #sources: JsonObject = {};
  ended = false;

  constructor(provider: string) {
    this.#provider = provider;
  }

  fail(error: OpenClawError): readonly ModelEvent[] {
    this.ended = true;
    return [...this.#blocks.take(), { type: 'error', error }];
  }

  piece(body: JsonObject): readonly ModelEvent[] {
    const { error, candidates, promptFeedback, usageMetadata } = body;
    if (error !== undefined && error !== null) return this.fail(errorInStream(error, this.#provider));
    const events: ModelEvent[] = [];
    const usage = decodeUsage(usageMetadata);
    if (!this.#started && (candidates !== undefined || promptFeedback !== undefined || usage)) events.push(this.#start(body));
    if (isJsonObject(promptFeedback) && typeof promptFeedback['blockReason'] === 'string')
      this.#blockReason = promptFeedback['blockReason'];
    const wrong = this.#readCandidates(candidates ?? []);
    if (wrong) return [...events, ...this.fail(wrong)];
    events.push(...this.#blocks.take());
    if (usage && isJsonObject(usageMetadata)) {
      this.#answerTokens = usageMetadata['candidatesTokenCount'] ?? 0;
      events.push({ type: 'usage', usage });
    }
    return events;
  }

  complete(): readonly ModelEvent[] {
    const end = this.#finish();
    if (end instanceof OpenClawError) return this.fail(end);
    if (Object.keys(this.#sources).length > 0) this.#blocks.native(dialect, this.#sources);
    const wrong = this.#blocks.finish();
    if (wrong !== undefined) return this.fail(malformed(this.#provider, wrong));
    this.ended = true;
    return [...this.#blocks.take(), end];
  }

  #start({ responseId, modelVersion, createTime }: JsonObject): ModelEvent {
    this.#started = true;
    if (typeof responseId === 'string') this.#answerId = responseId;
    const createdMs = typeof createTime === 'string' ? Date.parse(createTime) : Number.NaN;
    return {
      type: 'start',
      id: this.#answerId,
      model: typeof modelVersion === 'string' ? modelVersion : '',
      ...(!Number.isNaN(createdMs) && { createdSeconds: Math.floor(createdMs / 1000) }),
    };
  }

  #finish(): FinishEvent | OpenClawError {
    const word = this.#reason;
    if (!this.#started) return malformed(this.#provider, 'the answer has no candidates');
    if (word === undefined) {
      if (this.#blockReason !== undefined) return blockedPrompt(this.#blockReason);
      return truncated(this.#provider, 'the answer ended without a finishReason');
    }
    const failure = failureOf(word);
    if (failure !== undefined) return new OpenClawError('upstream_failed', { details: { provider: this.#provider, reason: failure } });
    if (word === 'STOP' && !this.#saidSomething && this.#answerTokens === 0) return emptyAnswer(this.#provider);
    return decodeFinish(word, this.#blocks.calledTools);
  }

  #readCandidates(candidates: JsonValue): OpenClawError | undefined {
    if (!Array.isArray(candidates)) return malformed(this.#provider, 'candidates is not a list');
    for (const candidate of candidates) {
      if (!isJsonObject(candidate)) return malformed(this.#provider, 'a candidate is not an object');
      if ((candidate['index'] ?? 0) !== 0) continue;
      const wrong = this.#readCandidate(candidate);
      if (wrong) return wrong;
    }
    return undefined;
  }

  #readCandidate(candidate: JsonObject): OpenClawError | undefined {
    const { content, finishReason } = candidate;
    if (typeof finishReason === 'string' && finishReason !== 'FINISH_REASON_UNSPECIFIED') this.#reason = finishReason;
    for (const field of sourceFields) if (isJsonObject(candidate[field])) this.#sources[field] = candidate[field];
    if (content === undefined || content === null) return undefined;
    const parts = isJsonObject(content) ? (content['parts'] ?? []) : undefined;
    if (!Array.isArray(parts)) return malformed(this.#provider, 'the content of a candidate has no list of parts');
    for (const part of parts) {
      const wrong = isJsonObject(part) ? this.#readPart(part) : malformed(this.#provider, 'a part is not an object');
      if (wrong) return wrong;
    }
    return undefined;
  }

  #readPart(part: JsonObject): OpenClawError | undefined {
    const { text, thought, functionCall, inlineData } = part;
    const signature = typeof part['thoughtSignature'] === 'string' ? part['thoughtSignature'] : '';
    if (functionCall !== undefined) return this.#readCall(functionCall, signature);
    if (isJsonObject(inlineData)) {
      const feature = `an answer that holds ${String(inlineData['mimeType'])}`;
      return new OpenClawError('unsupported_feature', {
        details: { path: 'model', feature, target: 'a client of this endpoint' },
        param: 'model',
      });
    }
    if (text !== undefined && typeof text !== 'string') return malformed(this.#provider, 'the text of a part is not text');
    const others = Object.keys(part).some((key) => !textFields.has(key));
    if (text === undefined && others) this.#blocks.native(dialect, part);
    else this.#blocks.text(thought === true ? 'thinking' : 'text', text ?? '');
    if (text !== '' && (text !== undefined || others)) this.#saidSomething = true;
    if (signature !== '') this.#blocks.signature(markSignature(thought === true ? 'thought' : 'text', signature), '');
    return undefined;
  }

  /** Calls come whole. */
  #readCall(call: JsonValue, signature: string): OpenClawError | undefined {
    if (!isJsonObject(call) || typeof call['name'] !== 'string') return malformed(this.#provider, 'a functionCall has no name');
    const { name, id, args } = call;
    if (args !== undefined && args !== null && !isJsonObject(args))
      return malformed(this.#provider, 'the args of a functionCall are no object');
    const argumentsJson = JSON.stringify(args ?? {});
    const position = this.#callCount++;
    this.#saidSomething = true;
    this.#blocks.toolCall(position, {
      id: typeof id === 'string' && id !== '' ? id : madeUpId(this.#answerId, position, `${name}(${argumentsJson})`),
      name,
      argumentsJson,
      ...(signature !== '' && { extensions: signatureFields(signature) }),
    });
    const wrong = this.#blocks.finish();
    return wrong === undefined ? undefined : malformed(this.#provider, wrong);
  }
}

const textFields: ReadonlySet<string> = new Set(['text', 'thought', 'thoughtSignature', 'partMetadata']);
