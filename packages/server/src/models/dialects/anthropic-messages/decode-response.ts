/**
 * Reads an answer of an Anthropic upstream, streamed or whole. Blocks and deltas of kinds that only Anthropic has are kept
 * verbatim; events of kinds that are new here are passed over, as Anthropic asks of its clients.
 */
import type { OpenClawError } from '../../../core/errors.ts';
import { isJsonObject, parseObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import type { ResponseDecoder, StreamFrame } from '../dialect.ts';
import type { Block, BlockDelta, ModelEvent, Usage } from '../events.ts';
import { emptyAnswer, inStreamError, malformed, truncated } from '../failures.ts';
import { restOf } from '../fields.ts';
import { noUsage } from '../whole-answer.ts';
import { decodeFinish } from './stop-reasons.ts';
import { decodeUsage } from './usage.ts';

const dialect = 'anthropic-messages';
const nothing: readonly ModelEvent[] = [];

export function decodeResponse(provider: string): ResponseDecoder {
  const reader = new AnswerReader(provider);
  return {
    event: (event) => reader.event(event),
    end: () => (reader.ended ? nothing : reader.fail(truncated(provider, 'the stream ended without message_stop'))),
    whole: (body) => reader.whole(body),
  };
}

interface OpenBlock {
  readonly index: number;
  /** The input that came with the start of a tool call, used if none streams after it. */
  initialInput: string;
}

class AnswerReader {
  readonly #provider: string;
  /** By Anthropic's index, which need not be ours. */
  readonly #open = new Map<JsonValue | undefined, OpenBlock>();
  #nextIndex = 0;
  #started = false;
  #calledTools = false;
  #usage: Usage = noUsage;
  #hasCounted = false;
  #stop: { readonly word: string; readonly sequence: JsonValue | undefined } | undefined;
  ended = false;

  constructor(provider: string) {
    this.#provider = provider;
  }

  fail(error: OpenClawError): readonly ModelEvent[] {
    this.ended = true;
    return [{ type: 'error', error }];
  }

  event(event: StreamFrame): readonly ModelEvent[] {
    if (this.ended || event.data === undefined || event.name === 'ping') return nothing;
    const body = parseObject(event.data);
    if (!body) return this.fail(malformed(this.#provider, 'an event of its stream is not a JSON object'));
    switch (body['type'] ?? event.name) {
      case 'message_start':
        return this.#start(body['message']);
      case 'content_block_start':
        return this.#blockStart(body['index'], body['content_block']);
      case 'content_block_delta':
        return this.#blockDelta(body['index'], body['delta']);
      case 'content_block_stop':
        return this.#blockStop(body['index']);
      case 'message_delta':
        return this.#messageDelta(body);
      case 'message_stop':
        return this.#finish();
      case 'error':
        return this.fail(inStreamError(body['error'] ?? null, this.#provider));
      default:
        // Some upstreams of this dialect report failures as bare objects.
        return isJsonObject(body['error']) ? this.fail(inStreamError(body['error'], this.#provider)) : nothing;
    }
  }

  whole(body: JsonObject): readonly ModelEvent[] {
    if (body['type'] === 'error' || isJsonObject(body['error'])) return this.fail(inStreamError(body['error'] ?? null, this.#provider));
    const { content } = body;
    if (!Array.isArray(content)) return this.fail(malformed(this.#provider, 'the answer has no content'));
    const events = [...this.#start(body)];
    for (const [index, block] of content.entries()) {
      events.push(...this.#blockStart(index, block), ...this.#blockStop(index));
      if (this.ended) return events;
    }
    if (typeof body['stop_reason'] !== 'string') return this.fail(malformed(this.#provider, 'the answer has no stop_reason'));
    this.#stop = { word: body['stop_reason'], sequence: body['stop_sequence'] };
    const end = this.#finish();
    return end.at(-1)?.type === 'error' ? end : [...events, ...end];
  }

  #start(message: JsonValue | undefined): readonly ModelEvent[] {
    if (this.#started) return nothing;
    if (!isJsonObject(message)) return this.fail(malformed(this.#provider, 'message_start has no message'));
    this.#started = true;
    const { id, model, usage } = message;
    const start: ModelEvent = { type: 'start', id: typeof id === 'string' ? id : '', model: typeof model === 'string' ? model : '' };
    return [start, ...this.#countUsage(usage)];
  }

  #countUsage(value: JsonValue | undefined): readonly ModelEvent[] {
    const usage = decodeUsage(value, this.#usage);
    if (!usage) return nothing;
    this.#usage = usage;
    this.#hasCounted = true;
    return [{ type: 'usage', usage }];
  }

  #blockStart(key: JsonValue | undefined, block: JsonValue | undefined): readonly ModelEvent[] {
    if (!this.#started) return this.fail(malformed(this.#provider, 'a block starts before message_start'));
    if (!isJsonObject(block)) return this.fail(malformed(this.#provider, 'content_block_start has no content_block'));
    // A block that was never stopped ends where its place is taken.
    const stopped = this.#blockStop(key);
    const index = this.#nextIndex++;
    const open: OpenBlock = { index, initialInput: '' };
    this.#open.set(key, open);
    const decoded = decodeBlock(block);
    if (decoded.kind === 'toolCall') {
      this.#calledTools = true;
      open.initialInput = initialInput(block['input']);
    }
    const events: ModelEvent[] = [...stopped, { type: 'blockStart', index, block: decoded }];
    for (const delta of deltasWithin(block, decoded)) events.push({ type: 'blockDelta', index, delta });
    return events;
  }

  #blockDelta(key: JsonValue | undefined, delta: JsonValue | undefined): readonly ModelEvent[] {
    const open = this.#open.get(key);
    if (!open || !isJsonObject(delta)) return this.fail(malformed(this.#provider, 'a delta belongs to no open block'));
    const decoded = decodeDelta(delta);
    if (!decoded) return nothing;
    if (decoded.kind === 'arguments') open.initialInput = '';
    return [{ type: 'blockDelta', index: open.index, delta: decoded }];
  }

  #blockStop(key: JsonValue | undefined): readonly ModelEvent[] {
    const open = this.#open.get(key);
    if (!open) return nothing;
    this.#open.delete(key);
    const { index, initialInput: json } = open;
    const stop: ModelEvent = { type: 'blockStop', index };
    return json === '' ? [stop] : [{ type: 'blockDelta', index, delta: { kind: 'arguments', json } }, stop];
  }

  #messageDelta(body: JsonObject): readonly ModelEvent[] {
    const { delta } = body;
    if (isJsonObject(delta) && typeof delta['stop_reason'] === 'string') {
      this.#stop = { word: delta['stop_reason'], sequence: delta['stop_sequence'] };
    }
    return this.#started ? this.#countUsage(body['usage']) : nothing;
  }

  #finish(): readonly ModelEvent[] {
    if (!this.#started) return this.fail(malformed(this.#provider, 'the stream has no message_start'));
    if (!this.#stop) return this.fail(truncated(this.#provider, 'the stream ended without a stop_reason'));
    if (this.#open.size > 0) return this.fail(truncated(this.#provider, 'the stream ended within a block'));
    const end = decodeFinish(this.#stop.word, this.#stop.sequence, this.#calledTools);
    const isEmpty = this.#nextIndex === 0 && this.#hasCounted && this.#usage.output === 0;
    if (end.reason === 'stop' && isEmpty) return this.fail(emptyAnswer(this.#provider));
    this.ended = true;
    return [end];
  }
}

const knownToolUseFields: ReadonlySet<string> = new Set(['type', 'id', 'name', 'input']);

function decodeBlock(block: JsonObject): Block {
  const { type, id, name, data } = block;
  if (type === 'text' || type === 'thinking') return { kind: type };
  if (type === 'redacted_thinking' && typeof data === 'string') return { kind: 'redactedThinking', data };
  if (type === 'tool_use' && typeof id === 'string' && typeof name === 'string') {
    const extensions = restOf(block, knownToolUseFields);
    return { kind: 'toolCall', id, name, ...(extensions && { extensions }) };
  }
  return { kind: 'native', dialect, value: block };
}

/** What a block says already when it starts: nothing in a stream as a rule, all of it in a whole answer. */
function deltasWithin(block: JsonObject, decoded: Block): BlockDelta[] {
  const deltas: BlockDelta[] = [];
  const text = decoded.kind === 'text' ? block['text'] : decoded.kind === 'thinking' ? block['thinking'] : undefined;
  if (typeof text === 'string' && text !== '') deltas.push({ kind: 'text', text });
  const { signature, citations } = block;
  if (decoded.kind === 'thinking' && typeof signature === 'string' && signature !== '') deltas.push({ kind: 'signature', signature });
  if (decoded.kind === 'text' && Array.isArray(citations)) {
    for (const citation of citations) deltas.push({ kind: 'native', dialect, value: { type: 'citations_delta', citation } });
  }
  return deltas;
}

function initialInput(input: JsonValue | undefined): string {
  if (input === undefined || input === null || (isJsonObject(input) && Object.keys(input).length === 0)) return '';
  return typeof input === 'string' ? input : JSON.stringify(input);
}

function decodeDelta(delta: JsonObject): BlockDelta | undefined {
  const { type, text, thinking, signature, partial_json: json } = delta;
  if (type === 'text_delta' && typeof text === 'string') return text === '' ? undefined : { kind: 'text', text };
  if (type === 'thinking_delta' && typeof thinking === 'string') return thinking === '' ? undefined : { kind: 'text', text: thinking };
  if (type === 'input_json_delta' && typeof json === 'string') return json === '' ? undefined : { kind: 'arguments', json };
  if (type === 'signature_delta' && typeof signature === 'string') return { kind: 'signature', signature };
  return { kind: 'native', dialect, value: delta };
}
