/**
 * Writes an answer as Anthropic has it: events of a stream, or one message. Blocks go out one after the other, as Anthropic
 * itself sends them: what belongs to a block that started while another was open waits until that one has stopped.
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import type { EncodeOptions, ResponseEncoder } from '../dialect.ts';
import { encodeErrorBody } from '../error-bodies.ts';
import type { Block, BlockDelta, FinishEvent, ModelEvent, StartEvent, Usage } from '../events.ts';
import { markSignature, signatureIn, withoutSignature } from '../thought-signatures.ts';
import { collectAnswer, noUsage, type WholeBlock } from '../whole-answer.ts';
import { encodeFinish } from './stop-reasons.ts';
import { inputOfAnswer } from './tool-input.ts';
import { encodeDeltaUsage, encodeUsage } from './usage.ts';

const dialect = 'anthropic-messages';

export function encodeResponse(options: EncodeOptions): ResponseEncoder {
  const writer = new StreamWriter(options);
  return {
    stream: (events) => writer.write(events),
    whole: (events) => encodeWhole(events, options),
  };
}

type BlockEvent = Extract<ModelEvent, { type: 'blockStart' | 'blockDelta' | 'blockStop' }>;

class StreamWriter {
  readonly #options: EncodeOptions;
  /** Held back so that a count that comes right with the start is part of `message_start`. */
  #start: StartEvent | undefined;
  #usage: Usage = noUsage;
  /** Our index of the block that is open on the wire, and Anthropic's. */
  #open: number | undefined;
  #openKind: Block['kind'] = 'text';
  #wireIndex = -1;
  #waiting: BlockEvent[] = [];
  #refused = false;
  #ended = false;

  constructor(options: EncodeOptions) {
    this.#options = options;
  }

  write(events: readonly ModelEvent[]): string {
    let bytes = '';
    for (const event of events) {
      if (this.#ended) break;
      if (event.type === 'start') this.#start = event;
      else if (event.type === 'usage') this.#usage = event.usage;
      else bytes += this.#messageStart() + this.#one(event);
    }
    return this.#ended ? bytes : bytes + this.#messageStart();
  }

  #messageStart(): string {
    if (!this.#start) return '';
    const message = { ...headOf(this.#start, this.#options), content: [], ...unfinished, usage: encodeUsage(this.#usage) };
    this.#start = undefined;
    return write({ type: 'message_start', message });
  }

  #one(event: Exclude<ModelEvent, StartEvent | { type: 'usage' }>): string {
    if (event.type === 'finish') return this.#finish(event);
    if (event.type === 'error') {
      this.#ended = true;
      return `event: error\ndata: ${JSON.stringify(encodeErrorBody(dialect, event.error, this.#options.requestId))}\n\n`;
    }
    if (this.#open !== undefined && event.index !== this.#open) {
      this.#waiting.push(event);
      return '';
    }
    return this.#block(event) + (this.#open === undefined ? this.#release() : '');
  }

  /** Writes what waited, up to the next block that is still open. */
  #release(): string {
    let bytes = '';
    while (this.#open === undefined && this.#waiting.length > 0) {
      const { index } = this.#waiting[0] as BlockEvent;
      const mine = this.#waiting.filter((event) => event.index === index);
      this.#waiting = this.#waiting.filter((event) => event.index !== index);
      for (const event of mine) bytes += this.#block(event);
    }
    return bytes;
  }

  #block(event: BlockEvent): string {
    if (event.type === 'blockStart') {
      const block = encodeBlockStart(event.block);
      if (event.block.kind === 'refusal') this.#refused = true;
      if (!block) return '';
      const before = this.#proof(proofOf(event.block));
      this.#open = event.index;
      this.#openKind = event.block.kind;
      this.#wireIndex++;
      return before + write({ type: 'content_block_start', index: this.#wireIndex, content_block: block });
    }
    if (this.#open !== event.index) return '';
    if (event.type === 'blockDelta') return this.#delta(event.delta);
    this.#open = undefined;
    return write({ type: 'content_block_stop', index: this.#wireIndex });
  }

  /** A thinking block that is nothing but its signature. */
  #proof(signature: string | undefined): string {
    if (signature === undefined) return '';
    const index = ++this.#wireIndex;
    return (
      write({ type: 'content_block_start', index, content_block: { type: 'thinking', thinking: '', signature: '' } }) +
      write({ type: 'content_block_delta', index, delta: { type: 'signature_delta', signature } }) +
      write({ type: 'content_block_stop', index })
    );
  }

  #delta(delta: BlockDelta): string {
    const encoded = encodeDelta(delta, this.#openKind);
    return encoded ? write({ type: 'content_block_delta', index: this.#wireIndex, delta: encoded }) : '';
  }

  #finish(event: FinishEvent): string {
    this.#ended = true;
    const delta = { container: null, stop_details: null, ...encodeFinish(event, this.#refused) };
    const mark = event.continuedBy && { openclaw: { continued_by: [...event.continuedBy] } };
    return write({ type: 'message_delta', delta, usage: encodeDeltaUsage(this.#usage), ...mark }) + write({ type: 'message_stop' });
  }
}

function write(event: JsonObject): string {
  return `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`;
}

const unfinished: JsonObject = { stop_reason: null, stop_sequence: null, stop_details: null, container: null, diagnostics: null };

function headOf(start: StartEvent | undefined, options: EncodeOptions): JsonObject {
  return {
    id: start?.id || `msg_${options.requestId}`,
    type: 'message',
    role: 'assistant',
    model: start?.model || options.requestedModel,
  };
}

/** Gemini's signature of a tool call: clients of this wire send thinking back and nothing that they do not know. */
function proofOf(block: Block): string | undefined {
  const signature = block.kind === 'toolCall' ? signatureIn(block.extensions) : undefined;
  return signature === undefined ? undefined : markSignature('call', signature);
}

/** A block as its start shows it: empty. `undefined` for what only another dialect has. */
function encodeBlockStart(block: Block): JsonObject | undefined {
  switch (block.kind) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: '' };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'redactedThinking':
      return { type: 'redacted_thinking', data: block.data };
    case 'toolCall':
      return {
        type: 'tool_use',
        id: block.id,
        name: block.name,
        input: {},
        caller: { type: 'direct' },
        ...withoutSignature(block.extensions),
      };
    case 'native':
      return block.dialect === dialect ? block.value : undefined;
  }
}

function encodeDelta(delta: BlockDelta, kind: Block['kind']): JsonObject | undefined {
  switch (delta.kind) {
    case 'text':
      return kind === 'thinking' ? { type: 'thinking_delta', thinking: delta.text } : { type: 'text_delta', text: delta.text };
    case 'arguments':
      return { type: 'input_json_delta', partial_json: delta.json };
    case 'signature':
      return { type: 'signature_delta', signature: delta.signature };
    case 'native':
      return delta.dialect === dialect ? delta.value : undefined;
  }
}

function encodeWhole(events: readonly ModelEvent[], options: EncodeOptions): JsonObject {
  const { start, blocks, usage, finish } = collectAnswer(events, options.requestId);
  const refused = blocks.some(({ block }) => block.kind === 'refusal');
  return {
    ...headOf(start, options),
    ...unfinished,
    content: blocks.flatMap(encodeWholeBlock),
    ...encodeFinish(finish, refused),
    usage: encodeUsage(usage),
  };
}

function encodeWholeBlock({ block, text, signature, native }: WholeBlock): JsonObject[] {
  const empty = encodeBlockStart(block);
  if (!empty) return [];
  if (block.kind === 'toolCall') {
    const proof = proofOf(block);
    const call = { ...empty, input: inputOfAnswer(text) };
    return proof === undefined ? [call] : [{ type: 'thinking', thinking: '', signature: proof }, call];
  }
  if (block.kind === 'native') return [text === '' ? empty : { ...empty, input: inputOfAnswer(text) }];
  if (block.kind === 'thinking') return [{ ...empty, thinking: text, signature: signature ?? '' }];
  if (block.kind === 'redactedThinking') return [empty];
  const citations: JsonValue[] = native.flatMap(({ dialect: from, value }) =>
    from === dialect && value['citation'] ? [value['citation']] : [],
  );
  // Absent and not null where there are none: some clients' schemas take nothing else.
  return [{ ...empty, text, ...(citations.length > 0 && { citations }) }];
}
