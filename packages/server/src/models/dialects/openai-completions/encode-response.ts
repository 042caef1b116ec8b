/**
 * Writes an answer as chat completions have it: chunks of a stream, or one body.
 *
 * Thinking goes out as `reasoning_content`; where it is signed, the whole block follows in `thinking_blocks`, so that a client
 * that sends the message back sends what the provider demands.
 */
import type { JsonObject } from '../../../core/json.ts';
import type { EncodeOptions, ResponseEncoder } from '../dialect.ts';
import { encodeErrorBody } from '../error-bodies.ts';
import type { BlockDeltaEvent, BlockStartEvent, FinishEvent, ModelEvent, StartEvent, Usage } from '../events.ts';
import { collectAnswer, noUsage, type WholeBlock } from '../whole-answer.ts';
import { encodeFinish } from './finish-reasons.ts';
import { encodeUsage } from './usage.ts';

export function encodeResponse(options: EncodeOptions): ResponseEncoder {
  const writer = new StreamWriter(options);
  return {
    stream(events) {
      let bytes = '';
      for (const event of events) bytes += writer.write(event);
      return bytes;
    },
    whole: (events) => encodeWhole(events, options),
  };
}

/** What is known of a block that is under way. */
interface OpenBlock {
  readonly kind: string;
  /** OpenAI's index of a tool call: it counts calls only. */
  readonly toolIndex: number;
  text: string;
  signature: string;
}

class StreamWriter {
  readonly #options: EncodeOptions;
  readonly #open = new Map<number, OpenBlock>();
  /** The JSON around each chunk's delta, made once. */
  #before = '';
  #after = '';
  #toolCount = 0;
  #usage: Usage | undefined;
  #ended = false;

  constructor(options: EncodeOptions) {
    this.#options = options;
  }

  write(event: ModelEvent): string {
    if (this.#ended) return '';
    switch (event.type) {
      case 'start':
        return this.#start(event);
      case 'blockStart':
        return this.#blockStart(event);
      case 'blockDelta':
        return this.#blockDelta(event);
      case 'blockStop':
        return this.#blockStop(event.index);
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'finish':
        return this.#finish(event);
      case 'error':
        this.#ended = true;
        return `data: ${JSON.stringify(encodeErrorBody('openai-completions', event.error, this.#options.requestId))}\n\n`;
    }
  }

  #start(event: StartEvent): string {
    const head = JSON.stringify(headOf(event, 'chat.completion.chunk', this.#options)).slice(0, -1);
    this.#before = `data: ${head},"choices":[{"index":0,"delta":`;
    this.#after = `,"logprobs":null,"finish_reason":null}]${this.#options.includeUsage ? ',"usage":null' : ''}}\n\n`;
    return this.#delta({ role: 'assistant', content: '' });
  }

  #blockStart({ index, block }: BlockStartEvent): string {
    if (block.kind === 'native') return '';
    if (block.kind === 'redactedThinking') return this.#delta({ thinking_blocks: [{ type: 'redacted_thinking', data: block.data }] });
    const toolIndex = block.kind === 'toolCall' ? this.#toolCount++ : -1;
    this.#open.set(index, { kind: block.kind, toolIndex, text: '', signature: '' });
    if (block.kind !== 'toolCall') return '';
    const call = { index: toolIndex, id: block.id, type: 'function', function: { name: block.name, arguments: '' }, ...block.extensions };
    return this.#delta({ tool_calls: [call] });
  }

  #blockDelta({ index, delta }: BlockDeltaEvent): string {
    const block = this.#open.get(index);
    if (!block || delta.kind === 'native') return '';
    if (delta.kind === 'signature') {
      block.signature += delta.signature;
      return '';
    }
    if (delta.kind === 'arguments') {
      block.text = 'some';
      return this.#arguments(block.toolIndex, delta.json);
    }
    if (block.kind === 'thinking') {
      block.text += delta.text;
      return this.#delta({ reasoning_content: delta.text });
    }
    return `${this.#before}{"${block.kind === 'refusal' ? 'refusal' : 'content'}":${JSON.stringify(delta.text)}}${this.#after}`;
  }

  #blockStop(index: number): string {
    const block = this.#open.get(index);
    this.#open.delete(index);
    if (!block) return '';
    // Clients parse the arguments as JSON: a call without any has none to parse.
    if (block.kind === 'toolCall' && block.text === '') return this.#arguments(block.toolIndex, '{}');
    if (block.kind !== 'thinking' || block.signature === '') return '';
    return this.#delta({ thinking_blocks: [{ type: 'thinking', thinking: block.text, signature: block.signature }] });
  }

  #arguments(toolIndex: number, json: string): string {
    return `${this.#before}{"tool_calls":[{"index":${toolIndex},"function":{"arguments":${JSON.stringify(json)}}}]}${this.#after}`;
  }

  #delta(delta: JsonObject): string {
    return `${this.#before}${JSON.stringify(delta)}${this.#after}`;
  }

  #finish(event: FinishEvent): string {
    this.#ended = true;
    const last = JSON.stringify({ delta: {}, logprobs: null, ...encodeFinish(event) }).slice(1);
    const head = this.#before.slice(0, this.#before.lastIndexOf('"delta":'));
    const usage = this.#options.includeUsage ? ',"usage":null' : '';
    const mark = event.continuedBy ? `,"openclaw":${JSON.stringify({ continued_by: event.continuedBy })}` : '';
    return `${head}${last}]${usage}${mark}}\n\n${this.#options.includeUsage ? this.#usageChunk() : ''}data: [DONE]\n\n`;
  }

  #usageChunk(): string {
    const head = this.#before.slice(0, this.#before.lastIndexOf('"choices":'));
    return `${head}"choices":[],"usage":${JSON.stringify(encodeUsage(this.#usage ?? noUsage))}}\n\n`;
  }
}

function headOf(start: StartEvent | undefined, object: string, options: EncodeOptions): JsonObject {
  return {
    id: start?.id || `chatcmpl-${options.requestId}`,
    object,
    created: start?.createdSeconds ?? Math.floor(options.nowMs / 1000),
    model: start?.model || options.requestedModel,
  };
}

function encodeWhole(events: readonly ModelEvent[], options: EncodeOptions): JsonObject {
  const answer = collectAnswer(events, options.requestId);
  const choice = { index: 0, message: encodeMessage(answer.blocks), logprobs: null, ...encodeFinish(answer.finish) };
  return { ...headOf(answer.start, 'chat.completion', options), choices: [choice], usage: encodeUsage(answer.usage) };
}

function encodeMessage(blocks: readonly WholeBlock[]): JsonObject {
  const textOf = (kind: string): string =>
    blocks
      .filter(({ block }) => block.kind === kind)
      .map(({ text }) => text)
      .join('');
  const reasoning = textOf('thinking');
  const signed = blocks.some(({ block, signature }) => block.kind === 'redactedThinking' || signature !== undefined);
  const thinking = blocks.flatMap(encodeThinking);
  const calls = blocks.flatMap(encodeCall);
  return {
    role: 'assistant',
    content: blocks.some(({ block }) => block.kind === 'text') ? textOf('text') : null,
    refusal: textOf('refusal') || null,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(signed && { thinking_blocks: thinking }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function encodeThinking({ block, text, signature }: WholeBlock): JsonObject[] {
  if (block.kind === 'redactedThinking') return [{ type: 'redacted_thinking', data: block.data }];
  if (block.kind !== 'thinking') return [];
  return [{ type: 'thinking', thinking: text, ...(signature !== undefined && { signature }) }];
}

function encodeCall({ block, text }: WholeBlock): JsonObject[] {
  if (block.kind !== 'toolCall') return [];
  return [{ id: block.id, type: 'function', function: { name: block.name, arguments: text || '{}' }, ...block.extensions }];
}
